/** A page of instructions, with worked examples. */
import { button, buttons, make, paragraphs } from './dom.js';
import { load } from './pictures.js';
import { show } from './screen.js';
import { session } from './session.js';
import { word } from './words.js';

export function showInstructions(page, { back, forth, isLast }) {
  const forthButton = button(word(isLast ? 'start' : 'next'), forth);
  show(word('instructions_heading'), [
    make('div', { class: 'reading', id: 'instructions-text' }, paragraphs(page.text)),
    ...page.examples.map(makeExample),
    buttons(forthButton, back && button(word('back'), back, 'second')),
  ]);
}

function makeExample(example, number) {
  const row = make('div', { class: 'strip' });
  example.pictures.forEach((name, place) => {
    const alt = word('example_picture', { number: place + 1, of: example.pictures.length });
    row.append(makePicture(name, alt));
  });
  const caption = make('figcaption', { class: 'reading' }, paragraphs(example.text));
  return make('figure', { class: 'example', 'aria-label': word('example', { number: number + 1 }) }, row, caption);
}

/** Make a place that a picture fills once it is decoded, or a button to try again. */
function makePicture(name, alt) {
  const place = make('span', { class: 'place' });
  const fill = async () => {
    place.replaceChildren();
    try {
      place.replaceChildren(await load(name, alt));
    } catch {
      place.replaceChildren(button(word('picture_again'), fill, 'second'));
    }
  };
  place.style.setProperty('--size', `${session.view.size}px`);
  fill();
  return place;
}
