/**
 * Answers on their way: each is kept until the server says that it holds it, whatever happens in between.
 * Sending an answer twice is harmless, so whatever is in doubt is sent again.
 */
import { call } from './api.js';
import { get, isLostWithTab, names, remove, set } from './storage.js';
import { FIRST_WAIT, LONGEST_WAIT } from './timing.js';

const START = 'answer.';
const listeners = new Set();
const unknownTokens = new Set();
let current = null;
let isStopped = false;
let isSending = false;
let failures = 0;
let timer = null;
let whenGone = () => {};

const nameOf = (token, what) => `${START}${token}.${what}`;
const isHeld = ({ status, body }) => status === 200 || status === 202 || (status === 409 && Boolean(body?.outcome));

/** Begin to send for a session; `gone(status)` is called when the server no longer knows it (401) or it was withdrawn (410). */
export function openQueue(token, gone) {
  current = token;
  whenGone = gone;
  unknownTokens.clear();
  startQueue();
}

export function startQueue() {
  isStopped = false;
  tell();
  sendNow();
}

export function stopQueue() {
  isStopped = true;
  clearTimeout(timer);
}

/** Keep an answer and send it: `what` is a trial's index or "comments". */
export function put(what, body) {
  set(nameOf(current, what), JSON.stringify(body));
  tell();
  if (!timer) send();
}

/** Say what waits: of the session's own, trial indices and perhaps "comments". */
export function waiting() {
  if (!current) return [];
  const start = nameOf(current, '');
  return names(start).map((name) => name.slice(start.length));
}

/** Give {waiting: how many, isFailing}. */
export function state() {
  return { waiting: waiting().length, isFailing: failures > 0 };
}

export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Try at once, whatever wait was due. */
export function sendNow() {
  clearTimeout(timer);
  timer = null;
  send();
}

/** Forget a session's answers. */
export function dropQueue(token) {
  for (const name of names(nameOf(token, ''))) remove(name);
  tell();
}

function tell() {
  for (const listener of listeners) listener();
}

function entries() {
  return names(START)
    .map((name) => {
      const [token, what] = name.slice(START.length).split('.');
      return { name, token, what };
    })
    .filter((entry) => !unknownTokens.has(entry.token))
    .sort((one, other) => (one.what === 'comments') - (other.what === 'comments') || one.what - other.what);
}

async function send() {
  if (isSending || isStopped) return;
  isSending = true;
  clearTimeout(timer);
  timer = null;
  let failed = false;
  let wait = 0;
  const tried = new Set();
  for (let entry = next(tried); entry && !isStopped; entry = next(tried)) {
    tried.add(entry.name);
    try {
      const refused = await sendOne(entry);
      if (refused) {
        failed = true;
        wait = refused.retryAfter ?? 0;
        if (refused.status >= 500 || refused.status === 429) break;
      } else failures = 0;
    } catch {
      failed = true;
      break;
    }
    tell();
  }
  isSending = false;
  if (isStopped) return;
  if (failed) {
    failures += 1;
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1));
    timer = setTimeout(sendNow, Math.max(longest * (0.5 + Math.random() / 2), Math.min(wait, 60) * 1000));
  } else failures = 0;
  tell();
}

/** An answer that came in while others were sent is sent too; one that failed waits for the next round. */
function next(tried) {
  return entries().find((entry) => !tried.has(entry.name));
}

/** Send one; gives null once nothing is left to do about it, else the server's refusal. */
async function sendOne({ name, token, what }) {
  const text = get(name);
  if (text === null) return null;
  const path = what === 'comments' ? '/api/session/comments' : `/api/session/trials/${what}`;
  const result = await call('PUT', path, { token, body: JSON.parse(text) });
  if (isHeld(result)) {
    remove(name);
    return null;
  }
  if (result.status === 401 || result.status === 410) {
    if (result.status === 410) dropQueue(token);
    unknownTokens.add(token);
    if (token === current) {
      stopQueue();
      whenGone(result.status);
    }
    return null;
  }
  return result;
}

window.addEventListener('online', sendNow);
window.addEventListener('beforeunload', (event) => {
  if (names(START).some(isLostWithTab)) event.preventDefault();
});
