/** Elements made from data, or found. Text only ever becomes a text node: nothing in it is read as markup. */

/** Make an element; `on…` properties are listeners, all others attributes, absent where false or null. */
export function make(tag, properties = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(properties)) {
		if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
		else if (value !== false && value != null) node.setAttribute(name, value === true ? '' : value);
	}
	return add(node, children);
}

/** Find a part of the page by its id. */
export const part = (id) => document.getElementById(id);

/** Put children behind what a node holds. Nothing (null, undefined, false) is no child; left in, it would be a word. */
export function add(node, ...children) {
	node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
	return node;
}

/** Put children in place of what a node holds. */
export function fill(node, ...children) {
	node.replaceChildren();
	return add(node, children);
}

export function paragraphs(text) {
	return text.split(/\n(?:[ \t]*\n)+/).map((one) => make('p', { class: 'text' }, one));
}

export function button(text, onclick, kind = 'main') {
	return make('button', { type: 'button', class: kind, onclick }, text);
}

export function buttons(...nodes) {
	return make('div', { class: 'buttons' }, ...nodes);
}

export function faultLine(id) {
	return make('p', { class: 'fault', id, 'aria-live': 'polite' });
}

/** Show a fault, a text or the nodes of one, beside a field; an empty text takes it back. */
export function setFault(line, field, text) {
	if (line.textContent !== make('p', {}, text).textContent) fill(line, text);
	if (text) field.setAttribute('aria-invalid', 'true');
	else field.removeAttribute('aria-invalid');
}

/** Make a text that is part of what is measured, such as the name of a class, or a code: no browser translates it. */
export function fixed(text) {
	return make('span', { dir: 'auto', translate: 'no' }, text);
}

/** Wait for the next frame; what is then put on the page is painted in it. */
export function frame() {
	return new Promise(requestAnimationFrame);
}
