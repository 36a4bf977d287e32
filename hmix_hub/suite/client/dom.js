/** Make and find elements. Text always becomes a text node and is never parsed as markup. */

/** Make an element. Properties named `on…` are listeners; all others are attributes, omitted if false or null. */
export function make(tag, properties = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(properties)) {
		if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
		else if (value !== false && value != null) node.setAttribute(name, value === true ? '' : value);
	}
	return add(node, children);
}

/** Return the element with this id. */
export const part = (id) => document.getElementById(id);

/** Append children to a node; null, undefined and false are skipped, since `append` would print them as words. */
export function add(node, ...children) {
	node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
	return node;
}

/** Replace the children of a node. */
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

/** Show an error (a text or nodes) beside a field; an empty text clears it. */
export function setFault(line, field, text) {
	if (line.textContent !== make('p', {}, text).textContent) fill(line, text);
	if (text) field.setAttribute('aria-invalid', 'true');
	else field.removeAttribute('aria-invalid');
}

/** Make a text that browsers must not translate because it is part of the measurement, such as the name of a class. */
export function fixed(text) {
	return make('span', { dir: 'auto', translate: 'no' }, text);
}

/** Wait for the next frame; changes made right after it are painted in that frame. */
export function frame() {
	return new Promise(requestAnimationFrame);
}
