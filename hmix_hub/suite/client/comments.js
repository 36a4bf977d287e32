/** The optional comments page. */
import { button, buttons, make } from './dom.js';
import { show } from './screen.js';
import * as storage from './storage.js';
import { word } from './words.js';

/** Ask for comments; `done(text)` receives them, possibly empty. */
export function showComments({ question }, done) {
	const hint = make('p', { class: 'small', id: 'hint' }, word('comments_hint'));
	const onchange = () => storage.set('draft', text.value);
	const text = make('textarea', { id: 'comments', rows: 7, maxlength: 5000, 'aria-describedby': 'hint', onchange });
	text.value = storage.get('draft') ?? '';
	show(word('comments_heading'), [
		make('label', { for: 'comments' }, question),
		hint,
		text,
		buttons(button(word('comments_done'), () => done(text.value.trim()))),
	]);
}
