/** One tab at a time: a second one is told, and may take over. */
import { LISTEN } from './timing.js';

let channel = null;
let isMine = false;
let heard = () => {};
let whenTaken = null;

/** Begin to listen; `taken()` when another tab takes over. */
export function openTabs(study, taken) {
	whenTaken = taken;
	try {
		channel = new BroadcastChannel(`hmix.${study}`);
		channel.onmessage = (event) => hear(event.data);
	} catch {
		// Where a browser keeps nothing for a page, its tabs cannot hear each other: each has a session of its own.
		channel = null;
	}
}

/** Ask whether another tab is at work; from now on this one is, if there is none. */
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
