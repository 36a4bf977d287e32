/** One tab at a time: a second one is told, and may take over. */
import { set } from './storage.js';
import { LISTEN } from './timing.js';

const NAME = 'tab';
let channel = null;
let isMine = false;
let heard = null;
let whenTaken = () => {};

/** Begin to listen; `taken()` is called when another tab takes over. */
export function openTabs(study, taken) {
  whenTaken = taken;
  if ('BroadcastChannel' in window) {
    channel = new BroadcastChannel(`hmix.${study}`);
    channel.addEventListener('message', (event) => hear(event.data));
  } else {
    window.addEventListener('storage', (event) => {
      if (event.key?.endsWith(`.${NAME}`) && event.newValue) hear(event.newValue.split(' ')[0]);
    });
  }
}

/** Ask whether another tab is at work; this one is, from now on, if there is none. */
export async function isElsewhere() {
  const answer = new Promise((resolve) => {
    heard = resolve;
    setTimeout(() => resolve(false), LISTEN);
  });
  say('anybody?');
  const is = await answer;
  heard = null;
  isMine = !is;
  return is;
}

/** Take over: all other tabs stop. */
export function takeOver() {
  isMine = true;
  say('mine');
}

function say(message) {
  if (channel) channel.postMessage(message);
  else set(NAME, `${message} ${Math.random()}`);
}

function hear(message) {
  if (message === 'anybody?' && isMine) say('here');
  if (message === 'here') heard?.(true);
  if (message === 'mine' && isMine) {
    isMine = false;
    whenTaken();
  }
}
