/** The way through a session that was joined: which page is next. */
import { showComments } from './comments.js';
import { showEnd, showFallback } from './end.js';
import { showFault } from './fault.js';
import { showInstructions } from './instructions.js';
import { loadAhead } from './pictures.js';
import * as queue from './queue.js';
import { showQuiz, showWrong } from './quiz.js';
import { setAdvance, setWithdraw } from './screen.js';
import { session } from './session.js';
import { showStatus } from './status.js';
import * as storage from './storage.js';
import { TRIALS_AHEAD } from './timing.js';
import { showTrial } from './trial.js';
import { askWithdrawal } from './withdrawal.js';
import { word } from './words.js';

let whenGone = null;

/** Go on where the session is; `gone(status)` when the server says 401 or 410, `withdrawn()` when the person withdrew. */
export function go(gone, withdrawn) {
	whenGone = gone;
	queue.openQueue(session.token, gone);
	setWithdraw(() => askWithdrawal(withdrawn));
	showStatus(true);
	next();
}

export function stop() {
	queue.stopQueue();
	showStatus(false);
	setWithdraw(null);
	setAdvance();
}

const pagesOf = (...kinds) => session.view.pages.filter((page) => kinds.includes(page.kind));
const keptPage = () => Number(storage.get('page'));

function next() {
	const { view } = session;
	const taken = new Set([...view.held, ...queue.waiting().map(Number)]);
	const trials = pagesOf('trial').filter(({ index }) => !taken.has(index));
	setAdvance();
	if (view.state === 'finished') showEnd();
	else if (view.state === 'failed_quiz') showFault('failed_quiz');
	else if (trials.length && view.expired) showFallback('expired', view);
	else if (isBefore(view, taken)) showBefore();
	else showAfter(view, trials);
}

/** Whether the trials are still to begin: with the quiz passed, or where there is none, the instructions read. */
function isBefore(view, taken) {
	if (pagesOf('quiz').length) return !view.quiz.passed;
	return taken.size === 0 && keptPage() < pagesOf('trial')[0].index;
}

function showBefore() {
	const pages = pagesOf('instructions', 'quiz');
	const [firstTrial] = pagesOf('trial');
	const place = Math.max(0, pages.findLastIndex((page) => page.index <= keptPage()));
	const page = pages[place];
	const of = pagesOf('instructions').length;
	const turn = (to) => () => {
		storage.set('page', to.index);
		next();
	};
	loadAhead(firstTrial.pictures);
	if (page.kind === 'quiz') {
		setAdvance(word('quiz_heading'), place, pages.length);
		showQuiz(page, { back: turn(pages[place - 1]), next, failed: turn(pages[0]) });
	} else if (storage.get('wrong')) {
		showWrong(pages.at(-1), () => {
			storage.remove('wrong');
			next();
		});
	} else {
		setAdvance(word('instructions_number', { number: place + 1, of }), place, pages.length);
		const back = place > 0 ? turn(pages[place - 1]) : null;
		showInstructions(page, { back, forth: turn(pages[place + 1] ?? firstTrial), isLast: page === pages.at(-1) });
	}
}

function showAfter(view, [page, ...later]) {
	const [comments] = pagesOf('comments');
	if (page) {
		const { number, of, index } = page;
		setAdvance(word('trial_number', { number, of }), number - 1, of);
		const drawn = () => loadAhead(later.slice(0, TRIALS_AHEAD).flatMap(({ pictures }) => pictures));
		showTrial(page, drawn, (answer) => {
			queue.put(index, answer);
			view.held.push(index);
			next();
		});
	} else if (comments && !view.comments_held && !storage.get('commented')) {
		showComments(comments, (text) => {
			if (text) queue.put('comments', { text });
			storage.set('commented', '1');
			storage.remove('draft');
			next();
		});
	} else showEnd(next, whenGone);
}
