/** One tab at a time: a second tab is told so and can take over. */
import { LISTEN } from './timing.js';

let channel = null;
let isMine = false;
let heard = () => {};
let whenTaken = null;

/** Start listening; calls `taken()` when another tab takes over. */
export function openTabs(study, taken) {
	whenTaken = taken;
	try {
		channel = new BroadcastChannel(`hmix.${study}`);
		channel.onmessage = (event) => hear(event.data);
	} catch {
		// Without storage, tabs cannot hear each other, and each has its own session.
		channel = null;
	}
}

/** Return whether another tab is active; if none is, this one becomes active. */
export async function isElsewhere() {
	const answer = new Promise((resolve) => {
		heard = resolve;
		setTimeout(() => resolve(false), channel ? LISTEN : 0);
	});
	channel?.postMessage('anybody?');
	isMine = !(await answer);
	return !isMine;
}

export function takeOver() {
	isMine = true;
	channel?.postMessage('mine');
}

function hear(message) {
	if (message === 'here') heard(true);
	if (!isMine) return;
	if (message === 'anybody?') channel.postMessage('here');
	if (message !== 'mine') return;
	isMine = false;
	whenTaken();
}
