/** Elements made from data. Text only ever becomes a text node: nothing in it is read as markup. */

/** Make an element; `on…` properties are listeners, all others attributes, absent where false or null. */
export function make(tag, properties = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(properties)) {
		if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
		else if (value !== false && value != null) node.setAttribute(name, value === true ? '' : value);
	}
	node.append(...children.flat().filter((child) => child != null));
	return node;
}

export function paragraphs(text) {
	return text.split(/\n(?:[ \t]*\n)+/).map((part) => make('p', { class: 'text' }, part));
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

/** Say a fault beside a field; an empty text takes it back. */
export function setFault(line, field, text) {
	if (line.textContent !== text) line.textContent = text;
	if (text) field.setAttribute('aria-invalid', 'true');
	else field.removeAttribute('aria-invalid');
}

/** Make a text that is part of what is measured, such as the name of a class: a browser that translates leaves it alone. */
export function fixed(text) {
	return make('span', { dir: 'auto', translate: 'no' }, text);
}

/** Make a group of choices [value, text], of one (radio) or several (checkbox). */
export function makeGroup(type, name, legend, choices, kind = 'choices') {
	const fault = faultLine(`${name}-fault`);
	const inputs = choices.map(([value]) => make('input', { type, name, value }));
	const labels = choices.map(([, text], place) => make('label', { class: 'choice' }, inputs[place], make('span', {}, text)));
	const list = make('div', { class: kind }, labels);
	const node = make(
		'fieldset',
		{ class: 'asked', role: type === 'radio' ? 'radiogroup' : 'group', 'aria-describedby': fault.id },
		make('legend', {}, legend),
		list,
		fault,
	);
	return {
		node,
		list,
		inputs,
		labels,
		values: () => inputs.filter((input) => input.checked).map(({ value }) => Number(value)),
		focus: () => (inputs.find((input) => input.checked) ?? inputs[0]).focus(),
		setFault: (text) => setFault(fault, node, text),
	};
}

/** Wait for the next frame; what is then put on the page is painted in it. */
export function frame() {
	return new Promise(requestAnimationFrame);
}
