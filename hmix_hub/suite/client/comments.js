/** The optional comments. */
import { button, buttons, make } from './dom.js';
import { show } from './screen.js';
import * as storage from './storage.js';
import { word } from './words.js';

const LONGEST = 5000;

/** Ask for comments; `done(text)` gets them, perhaps empty. */
export function showComments(page, done) {
  const text = make('textarea', {
    id: 'comments',
    rows: 7,
    maxlength: LONGEST,
    'aria-describedby': 'comments-hint',
    onchange: () => storage.set('draft', text.value),
  });
  text.value = storage.get('draft') ?? '';
  show(word('comments_heading'), [
    make('label', { class: 'question', for: 'comments' }, page.question),
    make('p', { class: 'small', id: 'comments-hint' }, word('comments_hint')),
    text,
    buttons(button(word('comments_done'), () => done(text.value.trim()))),
  ]);
}
