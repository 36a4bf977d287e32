/** The frame around all pages: title, progress, the line about saving, notices, the page itself, whom to ask. */
import { fill, make, part } from './dom.js';
import { WAKE } from './timing.js';
import { word } from './words.js';

let leaving = new AbortController();

export function setTitle(text) {
	part('title').textContent = text;
}

/** Show a page: its heading, which gets the focus, and its nodes. The signal that it gives is aborted at its end. */
export function show(heading, nodes, kind = '') {
	leaving.abort();
	leaving = new AbortController();
	const main = part('main');
	const head = make('h1', { tabindex: -1 }, heading);
	main.className = `page ${kind}`;
	fill(main, head, nodes);
	document.title = [heading, part('title').textContent].filter(Boolean).join(' – ');
	window.scrollTo(0, 0);
	head.focus({ preventScroll: true });
	for (const button of main.querySelectorAll('button.main')) {
		button.disabled = true;
		setTimeout(() => {
			button.disabled = false;
		}, WAKE);
	}
	return leaving.signal;
}

/** Show how far the person is; without a text nothing. */
export function setAdvance(text = '', value = 0, max = 1) {
	part('advance').hidden = !text;
	part('advance-text').textContent = text;
	Object.assign(part('advance-bar'), { max, value });
}

const notices = { standing: [], message: null };

export function setNotices(standing) {
	setNotice({ standing });
}

/** Show what those who run the study tell everybody, if anything. */
export function setMessage(message) {
	setNotice({ message });
}

function setNotice(changed) {
	Object.assign(notices, changed);
	const texts = [...notices.standing, notices.message].filter(Boolean);
	part('notices').hidden = texts.length === 0;
	fill(part('notices'), texts.map((text) => make('p', { class: 'page' }, text)));
}

/** Offer to withdraw on every page; null takes the offer away. */
export function setWithdraw(onclick) {
	const button = part('withdraw');
	button.hidden = !onclick;
	button.textContent = word('withdraw');
	button.onclick = onclick;
}

/** Show the line about saving. An answer on its way is not read out, nor what was read out last. */
export function setStatus(kind, text) {
	const line = part('status');
	const said = part('status-said');
	line.hidden = !text;
	line.dataset.kind = kind;
	line.textContent = text;
	if (kind !== 'saving' && said.textContent !== text) said.textContent = text;
}

export function openDialog(heading, nodes) {
	const dialog = part('dialog');
	fill(dialog, make('h2', { id: 'dialog-heading' }, heading), nodes);
	dialog.showModal();
	return dialog;
}

// What sticks below the head, and what the focus scrolls to, knows how high it is.
new ResizeObserver(([{ target }]) => {
	document.documentElement.style.setProperty('--head', `${target.offsetHeight}px`);
}).observe(document.querySelector('.top'));

// A key that is held down since the page before presses nothing on this one.
window.addEventListener(
	'keydown',
	(event) => {
		if (event.repeat && (event.key === 'Enter' || event.key === ' ')) event.preventDefault();
	},
	true,
);
