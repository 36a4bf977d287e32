/** Elements made from data. Text only ever becomes a text node: nothing in it is read as markup. */

/**
 * Make an element.
 * Properties: `class`; `on<event>` a listener; true, false and null as an attribute's presence; else an attribute.
 */
export function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null));
  return node;
}

/** Make a text's paragraphs, which blank lines part. */
export function paragraphs(text) {
  return text.split(/\n(?:[ \t]*\n)+/).map((part) => make('p', { class: 'text' }, part));
}

export function button(text, onclick, kind = 'main') {
  return make('button', { type: 'button', class: kind, onclick }, text);
}

/** Make the row of a page's buttons. */
export function buttons(...nodes) {
  return make('div', { class: 'buttons' }, ...nodes);
}

/** Make an empty line for a fault, read out when text is put into it. */
export function faultLine(id) {
  return make('p', { class: 'fault', id, 'aria-live': 'polite' });
}

/** Say a fault beside a field, or take it back with an empty text. */
export function setFault(line, field, text) {
  if (line.textContent !== text) line.textContent = text;
  if (text) field.setAttribute('aria-invalid', 'true');
  else field.removeAttribute('aria-invalid');
}

/** Make a choice of one (radio) or several (checkbox); the whole box is the label. */
export function choice(type, name, value, text, properties = {}) {
  return make('label', { class: 'choice' }, make('input', { type, name, value, ...properties }), make('span', {}, text));
}

/** Wait for the next frame: what is put on the page before this function's caller waits again is drawn in it. */
export function frame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}
