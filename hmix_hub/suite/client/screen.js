/** The frame around all pages: title, progress, notices, the page itself, the line about saving. */
import { make } from './dom.js';
import { WAKE } from './timing.js';
import { word } from './words.js';

const part = (id) => document.getElementById(id);
let leaving = new AbortController();
let title = '';

export function setTitle(text) {
  title = text;
  part('title').textContent = text;
}

/**
 * Show a page: its heading, which gets the focus, and its nodes.
 * Gives a signal that is aborted when the page is left.
 */
export function show(heading, nodes, { isWide = false, isStudyText = false } = {}) {
  leaving.abort();
  leaving = new AbortController();
  const main = part('main');
  const head = make('h1', { tabindex: '-1', class: isStudyText ? 'question' : null }, heading);
  main.classList.toggle('wide', isWide);
  main.replaceChildren(head, ...nodes);
  document.title = title ? `${heading} – ${title}` : heading;
  window.scrollTo(0, 0);
  head.focus({ preventScroll: true });
  for (const button of main.querySelectorAll('button.main')) sleep(button);
  return leaving.signal;
}

/** Let a button sleep for a moment: it looks the same, but does nothing yet. */
function sleep(button) {
  button.disabled = true;
  setTimeout(() => {
    button.disabled = false;
  }, WAKE);
}

/** Show how far the person is; null hides it. */
export function setAdvance(text, value = 0, of = 1) {
  part('advance').hidden = text === null;
  if (text === null) return;
  part('advance-text').textContent = text;
  part('advance-bar').max = of;
  part('advance-bar').value = value;
}

/** Show lasting notices above every page. */
export function setNotices(texts) {
  part('notices').hidden = texts.length === 0;
  part('notices').replaceChildren(...texts.map((text) => make('p', {}, text)));
}

/** Offer to withdraw on every page; null takes the offer away. */
export function setWithdraw(onclick) {
  const button = part('withdraw');
  button.hidden = !onclick;
  button.textContent = word('withdraw');
  button.onclick = onclick;
}

let said = null;
let sayLater = null;

/** Show the line about saving; it is read out when its kind changes for more than a moment. */
export function setStatus(kind, text) {
  const line = part('status');
  line.hidden = text === null;
  line.dataset.kind = kind;
  line.textContent = text ?? '';
  clearTimeout(sayLater);
  sayLater = setTimeout(() => {
    if (kind !== 'saving' && kind !== said) part('status-said').textContent = text ?? '';
    if (kind !== 'saving') said = kind;
  }, 1000);
}

/** Open the dialog with nodes; its first button gets the focus. */
export function openDialog(heading, nodes) {
  const dialog = part('dialog');
  dialog.replaceChildren(make('h2', { id: 'dialog-heading' }, heading), ...nodes);
  dialog.showModal();
  return dialog;
}

// A key that is held down from the page before presses nothing on this one.
window.addEventListener(
  'keydown',
  (event) => {
    if (event.repeat && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      event.stopPropagation();
    }
  },
  true,
);
