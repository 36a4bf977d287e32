/** The consent form. */
import { button, buttons, faultLine, make, paragraphs } from './dom.js';
import { show } from './screen.js';
import { word } from './words.js';

/** Show the form; `agree()` may give a sentence that says why that was not possible now. */
export function showConsent(study, { agree, decline, note }) {
  const fault = faultLine('consent-fault');
  const yes = button(word('agree'), onAgree);
  const no = button(word('decline'), decline, 'second');
  if (note) fault.textContent = note;
  show(word('consent_heading'), [
    make('div', { class: 'reading', id: 'consent-text' }, paragraphs(study.consent.text)),
    make('p', { class: 'small' }, word('consent_version', { version: study.consent.version })),
    fault,
    buttons(yes, no),
  ]);

  async function onAgree() {
    yes.disabled = true;
    no.disabled = true;
    fault.textContent = '';
    const problem = await agree();
    yes.disabled = false;
    no.disabled = false;
    if (!problem) return;
    fault.textContent = problem;
    yes.focus();
  }
}

/** Say that nothing was stored; the form can be read again. */
export function showDeclined(again) {
  show(word('declined_heading'), [
    make('p', { class: 'text' }, word('declined_text')),
    buttons(button(word('declined_again'), again, 'second')),
  ]);
}
