/** One tab at a time: a second one is told, and may take over. */
import { set } from './storage.js';
import { LISTEN } from './timing.js';

const NAME = 'tab';
let channel = null;
let isMine = false;
let heard = () => {};
let whenTaken = null;

/** Begin to listen; `taken()` when another tab takes over. */
export function openTabs(study, taken) {
	whenTaken = taken;
	if ('BroadcastChannel' in window) {
		channel = new BroadcastChannel(`hmix.${study}`);
		channel.onmessage = (event) => hear(event.data);
	} else {
		window.addEventListener('storage', ({ key, newValue }) => key?.endsWith(`.${NAME}`) && hear(newValue?.split(' ')[0]));
	}
}

/** Ask whether another tab is at work; from now on this one is, if there is none. */
export async function isElsewhere() {
	const answer = new Promise((resolve) => {
		heard = resolve;
		setTimeout(() => resolve(false), LISTEN);
	});
	say('anybody?');
	isMine = !(await answer);
	return !isMine;
}

export function takeOver() {
	isMine = true;
	say('mine');
}

function say(message) {
	if (channel) channel.postMessage(message);
	else set(NAME, `${message} ${Math.random()}`);
}

function hear(message) {
	if (message === 'here') heard(true);
	if (!isMine) return;
	if (message === 'anybody?') say('here');
	if (message !== 'mine') return;
	isMine = false;
	whenTaken();
}
