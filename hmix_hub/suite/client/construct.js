/** Construct: one picture, moved step by step between the two ends. */
import { frame, make } from './dom.js';
import { LONGEST_PATH } from './timing.js';
import { word } from './words.js';

const KEYS = { g: -1, arrowleft: -1, KeyG: -1, h: 1, arrowright: 1, KeyH: 1 };

export function makeConstruct(page, clock, isMine) {
  const last = page.pictures.length - 1;
  const path = [];
  const stage = make('div', { class: 'stage single' });
  const left = makeMover(page.left, 'g', () => move(-1), 'to-left');
  const right = makeMover(page.right, 'h', () => move(1), 'to-right');
  let pictures = null;
  let shown = page.start;
  const steps = [];
  let running = null;

  /** Ask for a step; it counts once its picture is on the screen. */
  function move(step) {
    const next = steps.reduce((sum, one) => sum + one, shown) + step;
    if (!pictures || next < 0 || next > last || path.length + steps.length >= LONGEST_PATH) return;
    steps.push(step);
    running ??= run();
  }

  /** Show every step in a frame of its own, and note it in that frame. */
  async function run() {
    while (steps.length) {
      await frame();
      if (isMine.signal.aborted) return;
      shown += steps.shift();
      stage.replaceChildren(pictures[shown]);
      path.push([clock.now(), shown]);
      sayEnds();
    }
    running = null;
  }

  function sayEnds() {
    const isFull = path.length >= LONGEST_PATH;
    left.setEnd(shown === 0 || isFull);
    right.setEnd(shown === last || isFull);
  }

  function onKey(event) {
    const step = KEYS[event.key.toLowerCase()] ?? KEYS[event.code];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    move(step);
  }

  return {
    stage,
    controls: [make('div', { class: 'movers', dir: 'ltr' }, left.node, right.node)],
    alts: page.pictures.map(() => word('picture')),
    place(decoded) {
      pictures = decoded;
      stage.replaceChildren(pictures[shown]);
      path.push([0, shown]);
      sayEnds();
      document.getElementById('main').addEventListener('keydown', onKey, { signal: isMine.signal });
      return [pictures[shown]];
    },
    async read() {
      await running;
      await frame();
      const position = shown;
      return { pictures: [page.pictures[position]], answer: { position, path } };
    },
  };
}

/** Make a button that moves towards an end, and says when it is there. */
function makeMover(name, key, onclick, kind) {
  const end = make('span', { class: 'end' });
  const node = make(
    'button',
    { type: 'button', class: `mover ${kind}`, onclick, 'aria-keyshortcuts': key },
    make('span', { class: 'towards', dir: 'auto' }, word('towards', { class: name })),
    make('kbd', { 'aria-hidden': 'true' }, key),
    end,
  );
  return {
    node,
    setEnd(isAtEnd) {
      node.setAttribute('aria-disabled', String(isAtEnd));
      end.textContent = isAtEnd ? word('at_end') : '';
    },
  };
}
