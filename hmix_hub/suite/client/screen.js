/** The frame around every page: title, progress, saving status, notices, and the page itself. */
import { fill, make, part } from './dom.js';
import { WAKE } from './timing.js';
import { word } from './words.js';

let leaving = new AbortController();

export function setTitle(text) {
	part('title').textContent = text;
}

/** Show a page: its heading, which receives the focus, and its nodes. Return a signal that is aborted when it is left. */
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

/** Show the progress; hide it if there is no text. */
export function setAdvance(text = '', value = 0, max = 1) {
	part('advance').hidden = !text;
	part('advance-text').textContent = text;
	Object.assign(part('advance-bar'), { max, value });
}

const notices = { standing: [], message: null };

export function setNotices(standing) {
	setNotice({ standing });
}

/** Show the operators' announcement, if there is one. */
export function setMessage(message) {
	setNotice({ message });
}

function setNotice(changed) {
	Object.assign(notices, changed);
	const texts = [...notices.standing, notices.message].filter(Boolean);
	part('notices').hidden = texts.length === 0;
	fill(part('notices'), texts.map((text) => make('p', { class: 'page' }, text)));
}

/** Show the button to withdraw on every page; null removes it. */
export function setWithdraw(onclick) {
	const button = part('withdraw');
	button.hidden = !onclick;
	button.textContent = word('withdraw');
	button.onclick = onclick;
}

/** Show the saving status. Screen readers hear neither "saving" nor the same status twice in a row. */
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

// Publish the header's height for sticky elements and for scrolling to the focus.
new ResizeObserver(([{ target }]) => {
	document.documentElement.style.setProperty('--head', `${target.offsetHeight}px`);
}).observe(document.querySelector('.top'));

// A key still held down from the previous page must not press anything on this one.
window.addEventListener(
	'keydown',
	(event) => {
		if (event.repeat && (event.key === 'Enter' || event.key === ' ')) event.preventDefault();
	},
	true,
);
