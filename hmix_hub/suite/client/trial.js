/** What all trials share: pictures are drawn before anything can be answered, time runs from then on, one answer goes out. */
import { makeCategorical } from './categorical.js';
import { makeConstruct } from './construct.js';
import { button, buttons, faultLine, frame, make } from './dom.js';
import { makeInfer } from './infer.js';
import { isDrawn, take } from './pictures.js';
import { makeSelect } from './select.js';
import { show } from './screen.js';
import { session } from './session.js';
import { word } from './words.js';

const TASKS = {
  construct_midpoint: makeConstruct,
  select_shuffled_midpoint: makeSelect,
  infer_mixing_factor: makeInfer,
  categorical_soft_labels: makeCategorical,
};

/**
 * Show a trial; `drawn()` is called once its pictures are, `answered(answer)` with what is to be stored.
 *
 * A task is {stage, controls, alts, isWide, place(pictures), read()}: its place for pictures, its controls, the pictures'
 * alternative texts; `place` puts the decoded pictures on the page within one frame and gives those that now show,
 * `read` gives {pictures, answer}, or null after saying what is still to be done.
 */
export async function showTrial(page, { drawn, answered }) {
  const clock = { start: 0, now: () => Math.round((performance.now() - clock.start) * 10) / 10 };
  const isMine = { signal: null };
  const task = TASKS[session.view.task](page, clock, isMine);
  const controls = make('fieldset', { class: 'controls', disabled: true }, ...task.controls);
  const fault = faultLine('picture-fault');
  const again = buttons(button(word('picture_again'), draw, 'second'));
  const submit = button(word('submit'), onSubmit);
  let isSent = false;
  controls.append(buttons(submit));
  again.hidden = true;
  task.stage.style.setProperty('--size', `${session.view.size}px`);
  const layout = make('div', { class: task.isWide ? 'trial wide' : 'trial' }, task.stage, fault, again, controls);
  const signal = show(session.view.question, [layout], { isWide: task.isWide, isStudyText: true });
  isMine.signal = signal;
  window.addEventListener('online', () => !again.hidden && draw(), { signal });
  await draw();

  async function draw() {
    again.hidden = true;
    fault.textContent = '';
    layout.setAttribute('aria-busy', 'true');
    let pictures;
    try {
      pictures = await take(page.pictures, task.alts);
    } catch {
      if (signal.aborted) return;
      fault.textContent = word('picture_failed');
      again.hidden = false;
      return;
    }
    await frame();
    if (signal.aborted) return;
    const shown = task.place(pictures);
    clock.start = performance.now();
    await frame();
    if (signal.aborted) return;
    if (!shown.every(isDrawn)) {
      fault.textContent = word('picture_failed');
      again.hidden = false;
      return;
    }
    layout.removeAttribute('aria-busy');
    controls.disabled = false;
    if (document.activeElement === document.body) document.querySelector('h1').focus();
    drawn();
  }

  async function onSubmit() {
    if (isSent || controls.disabled) return;
    isSent = true;
    const read = await task.read();
    if (signal.aborted) return;
    isSent = read !== null;
    if (isSent) answered({ response_time_ms: clock.now(), ...read });
  }
}
