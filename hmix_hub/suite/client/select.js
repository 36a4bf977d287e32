/** Select: eleven pictures in a grid, one is chosen. */
import { faultLine, make, setFault } from './dom.js';
import { word } from './words.js';

export function makeSelect(page, clock, isMine) {
  const of = page.pictures.length;
  const fault = faultLine('select-fault');
  const inputs = page.pictures.map((_, place) =>
    make('input', { type: 'radio', name: 'place', value: place, class: 'unseen' }),
  );
  const cells = inputs.map((input) => make('label', { class: 'cell' }, input, make('span', { class: 'place' })));
  const stage = make(
    'fieldset',
    {
      class: 'stage grid',
      role: 'radiogroup',
      disabled: true,
      'aria-label': word('grid'),
      'aria-describedby': fault.id,
      onkeydown: onKey,
      onchange: () => setFault(fault, stage, ''),
    },
    cells,
  );

  /** Up and down move by a row of the grid as it is laid out; left and right are the browser's own. */
  function onKey(event) {
    const turn = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const place = inputs.indexOf(event.target);
    if (!turn || place < 0) return;
    event.preventDefault();
    const columns = getComputedStyle(stage).gridTemplateColumns.split(' ').length;
    const next = inputs[place + turn * columns];
    if (!next) return;
    next.focus();
    next.click();
  }

  return {
    stage,
    isWide: true,
    controls: [fault],
    alts: page.pictures.map((_, place) => word('grid_picture', { number: place + 1, of })),
    place(pictures) {
      cells.forEach((cell, place) => cell.lastChild.replaceChildren(pictures[place]));
      stage.disabled = false;
      return pictures;
    },
    read() {
      const place = inputs.findIndex((input) => input.checked);
      if (place >= 0) return { pictures: page.pictures, answer: { place } };
      setFault(fault, stage, word('select_open'));
      inputs[0].focus();
      return null;
    },
  };
}
