/** The end: the completion code comes once the server holds every answer, a fallback code if it stays away. */
import { call } from './api.js';
import { button, buttons, make, paragraphs } from './dom.js';
import { onChange, state, waiting } from './queue.js';
import { show } from './screen.js';
import { session } from './session.js';
import { AWAY, FIRST_WAIT, LONGEST_WAIT } from './timing.js';
import { word } from './words.js';

/** Show the end; `missing()` if the server lacks an answer that this browser no longer has, `gone(status)` on 401, 410. */
export async function showEnd({ missing, gone }) {
  if (session.view.state === 'finished') {
    showCompletion();
    return;
  }
  let signal = show(word('finishing_heading'), [make('p', { class: 'text' }, word('finishing_text'))]);
  const timer = setTimeout(() => {
    if (!signal.aborted) signal = showFallback();
  }, AWAY);
  for (let wait = FIRST_WAIT; !signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    await emptied(signal);
    if (state().waiting > 0) continue;
    const result = await finish();
    if (signal.aborted) break;
    if (result?.status === 200) {
      session.view.state = 'finished';
      session.view.completion = result.body;
      showCompletion();
    } else if (result?.status === 409 && result.body.missing) {
      session.view.held = session.view.held.filter((index) => !result.body.missing.includes(index));
      missing();
    } else if (result?.status === 401 || result?.status === 410) gone(result.status);
    else await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
  }
  clearTimeout(timer);
}

/** Ask for completion; null if the server is away. */
async function finish() {
  try {
    return await call('POST', '/api/session/finish', { token: session.token, body: {} });
  } catch {
    return null;
  }
}

/** Wait until no answer waits, or the page is left. */
function emptied(signal) {
  return new Promise((resolve) => {
    const look = () => {
      if (waiting().length > 0 && !signal.aborted) return;
      silence();
      resolve();
    };
    const silence = onChange(look);
    signal.addEventListener('abort', look);
    look();
  });
}

function showFallback() {
  return show(word('fallback_heading'), [
    make('p', { class: 'text' }, word('fallback_text')),
    ...codeOf(session.view.fallback_code),
    make('p', { class: 'text' }, word('fallback_later')),
  ]);
}

function showCompletion() {
  const { code, url, text } = session.view.completion;
  const isSafe = /^https?:\/\//.test(url ?? '');
  show(word('end_heading'), [
    make('div', { class: 'reading', id: 'completion-text' }, paragraphs(text)),
    ...(code ? codeOf(code) : []),
    isSafe ? buttons(make('a', { class: 'main', href: url, rel: 'noreferrer' }, word('end_link'))) : '',
  ]);
}

/** Make a code that is easily copied. */
function codeOf(code) {
  const text = make('output', { class: 'code', 'aria-label': word('code') }, code);
  const copied = make('span', { class: 'small', role: 'status' });
  const copy = button(word('copy'), onCopy, 'second');
  return [make('p', { class: 'small' }, word('code')), make('div', { class: 'coded' }, text, copy, copied)];

  async function onCopy() {
    try {
      await navigator.clipboard.writeText(code);
      copied.textContent = word('copied');
    } catch {
      getSelection().selectAllChildren(text);
      copied.textContent = word('copy_yourself');
    }
  }
}
