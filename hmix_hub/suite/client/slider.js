/** A slider from 0 to 100 that knows whether it was touched: untouched it has no thumb and no value. */
import { faultLine, make, setFault } from './dom.js';
import { LONGEST_PATH, THIN } from './timing.js';
import { word } from './words.js';

/**
 * Make a slider.
 * `name` parts it from others, `label` is asked, `ends` are the words at 0 and 100, `describe(value)` gives a value's text.
 */
export function makeSlider({ name, label, ends, describe }, clock) {
  const path = [];
  const fault = faultLine(`${name}-fault`);
  const value = make('output', { class: 'value', for: name, 'aria-live': 'off' });
  const input = make('input', {
    type: 'range',
    id: name,
    min: 0,
    max: 100,
    step: 1,
    value: 50,
    class: 'untouched',
    'aria-describedby': fault.id,
    oninput: touch,
    onclick: touch,
    onpointerup: touch,
    onkeydown: (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      touch();
    },
  });
  const node = make(
    'div',
    { class: 'slider' },
    make('div', { class: 'row' }, make('label', { for: name }, label), value),
    make('div', { class: 'track', dir: 'ltr' }, input, make('div', { class: 'ends' }, ...ends.map(makeEnd))),
    fault,
  );
  const isTouched = () => path.length > 0;
  tell();

  function touch() {
    const now = input.valueAsNumber;
    if (path.at(-1)?.[1] !== now) keepMovement(path, [clock.now(), now]);
    input.classList.remove('untouched');
    setFault(fault, input, '');
    tell();
  }

  function tell() {
    const text = isTouched() ? describe(input.valueAsNumber) : word('not_set');
    input.setAttribute('aria-valuetext', text);
    input.style.setProperty('--share', `${input.value}%`);
    value.textContent = text;
  }

  return {
    node,
    path,
    isTouched,
    value: () => (isTouched() ? input.valueAsNumber : null),
    askFor: () => setFault(fault, input, word('slider_open')),
    focus: () => input.focus(),
  };
}

function makeEnd(text) {
  return make('span', { dir: 'auto' }, text);
}

/** Keep a movement [ms, value], at most one in `THIN` besides the first and the last; a full path loses every other. */
export function keepMovement(path, entry) {
  if (path.length > 1 && path.at(-1)[0] - path.at(-2)[0] < THIN) path.pop();
  if (path.length >= LONGEST_PATH) {
    const half = path.filter((_, number) => number % 2 === 0);
    path.splice(0, path.length, ...half);
  }
  path.push(entry);
}
