/** Pages that say why the study does not go on. */
import { button, buttons, make } from './dom.js';
import { show } from './screen.js';

/** Show what is the matter, perhaps with a button {text, onclick} and more nodes. */
export function showFault(heading, text, action = null, ...more) {
  const nodes = [make('p', { class: 'text' }, text), ...more];
  if (action) nodes.push(buttons(button(action.text, action.onclick)));
  show(heading, nodes);
}

/** Before the study's words are there: the only English in the client. */
export function showLoadFault(again) {
  const text = 'The server of this study cannot be reached. Please check your connection and try again.';
  showFault('No connection', text, { text: 'Try again', onclick: again });
}
