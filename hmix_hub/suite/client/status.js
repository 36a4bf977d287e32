/** The line about saving. */
import { onChange, state } from './queue.js';
import { setStatus } from './screen.js';
import { word } from './words.js';

const PATIENCE = 400;
let isShown = false;
let later = null;

/** Show the line from now on. */
export function showStatus() {
  isShown = true;
  tell();
}

export function hideStatus() {
  isShown = false;
  clearTimeout(later);
  setStatus('none', null);
}

function tell() {
  if (!isShown) return;
  clearTimeout(later);
  const { waiting, isFailing } = state();
  const count = { count: waiting };
  const many = (name) => word(waiting === 1 ? `${name}_one` : `${name}_many`, count);
  if (waiting === 0) setStatus('saved', word('all_saved'));
  else if (isFailing) setStatus('failing', many('failing'));
  else {
    setStatus('saving', word('saving'));
    later = setTimeout(() => setStatus('waiting', many('waiting')), PATIENCE);
  }
}

onChange(tell);
