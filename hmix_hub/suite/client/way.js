/** Navigation through a session: the pages in the server's order, and which of them is next. */
import { showComments } from './comments.js';
import { showEnd, showFallback } from './end.js';
import { showFault } from './fault.js';
import { showInstructions } from './instructions.js';
import { loadAhead } from './pictures.js';
import * as queue from './queue.js';
import { sendAnswers, showQuestions } from './questions.js';
import { showQuiz, showWrong } from './quiz.js';
import { showBreak, showFeedback, showPartBegin } from './pauses.js';
import { setAdvance, setWithdraw } from './screen.js';
import { session } from './session.js';
import { showStatus } from './status.js';
import * as storage from './storage.js';
import { measure } from './surroundings.js';
import { TRIALS_AHEAD } from './timing.js';
import { showTrial } from './trial.js';
import { askWithdrawal } from './withdrawal.js';
import { word } from './words.js';

/**
 * Kinds of pages by the server's name: `show(page)`, and `isHeld(page)` for pages with an answer, which is held by the
 * server or the queue. A page without `isHeld` counts as seen once the participant has turned to a later page, or a later
 * page is held and no answer before it is missing.
 */
const KINDS = {
	part: { show: showPart },
	instructions: { show: showReading },
	quiz: { isHeld: () => session.view.quiz.passed, show: showAsking },
	questions: { isHeld: ({ number }) => session.view.replied.includes(number) || isWaiting(number), show: showAsked },
	practice: { show: showPractice },
	break: { show: showPause },
	trial: { isHeld: ({ index }) => isTaken(index), show: showOne },
	comments: { isHeld: () => session.view.comments_held || storage.get('commented') === '1', show: showLast },
};

let whenGone = null;
let another = null;
let isPaused = false;
/** The page of the view that is being shown. */
let current = null;

/**
 * Continue where the session stopped; calls `gone(status)` if the server replies 401 or 410, `withdrawn()` when the
 * participant withdraws, and `beginAnother()` when they begin one more task.
 */
export function go(gone, withdrawn, beginAnother) {
	whenGone = gone;
	another = beginAnother;
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
	current = null;
}

const pagesOf = (...kinds) => session.view.pages.filter((page) => kinds.includes(page.kind));
const isHeld = (page) => KINDS[page.kind].isHeld?.(page);
const isTaken = (index) => session.view.held.includes(index) || queue.waiting().includes(String(index));
const isWaiting = (number) => queue.waiting().includes(`questions-${number}`);

/** Show the first unfinished page. */
function next() {
	const { pages, state, expired } = session.view;
	const open = pages.find((one) => KINDS[one.kind].isHeld && !isHeld(one)) ?? { index: Infinity };
	const held = pages.findLast((one) => one.index < open.index && isHeld(one)) ?? { index: 0 };
	const seen = Math.max(Number(storage.get('page')), held.index);
	const page = pages.find((one) => one.index === open.index || (!KINDS[one.kind].isHeld && one.index >= seen));
	setAdvance();
	current = null;
	if (state === 'finished') showOver();
	else if (state !== 'live') showFault(state, null, session.view.outcome);
	else if (expired && !pagesOf('trial').every(isHeld)) showFallback('expired', session.view);
	else if (page) showPage(page);
	else showOver();
}

function showOver() {
	const { part, of, pages } = session.view.sitting;
	setAdvance(part === of ? word('all_done') : '', pages, pages);
	showEnd(next, whenGone, another);
}

/** Show the progress through all pages of the sitting: the part, and the page's own text if it has one. */
function sayPlace(page, said = '') {
	const { part: number, of, pages_before: before, pages } = session.view.sitting;
	const place = session.view.pages.indexOf(page);
	const whole = word(said ? 'part_place' : 'part_heading', { number, of, place: said });
	setAdvance(of > 1 ? whole : said, before + place, pages);
}

function showPage(page) {
	current = page;
	if (isPaused) showFault('paused');
	else KINDS[page.kind].show(page);
}

/** Hide the page while the study is paused; it starts over afterwards. */
export function setPaused(is) {
	const isOther = isPaused !== is;
	isPaused = is;
	if (isOther && current) next();
}

/** Turn to a page; the pages before it count as seen. */
function turn({ index }) {
	storage.set('page', index);
	next();
}

function after({ index }) {
	return session.view.pages.find((page) => page.index > index);
}

function showReading(page) {
	const reading = pagesOf('instructions', 'quiz');
	const of = pagesOf('instructions').length;
	const place = reading.indexOf(page);
	prepareTrials(page);
	if (storage.get('wrong')) {
		showWrong(reading.at(-1), () => {
			storage.remove('wrong');
			next();
		});
		return;
	}
	sayPlace(page, word('instructions_number', { number: place + 1, of }));
	const back = place > 0 ? () => turn(reading[place - 1]) : null;
	showInstructions(page, { back, forth: () => turn(after(page)), isLast: page === reading.at(-1) });
}

function showAsking(page) {
	const reading = pagesOf('instructions', 'quiz');
	const place = reading.indexOf(page);
	prepareTrials(page);
	sayPlace(page, word('quiz_heading'));
	showQuiz(page, { back: () => turn(reading[place - 1]), next, failed: () => turn(reading[0]) });
}

/** Fetch the pictures of up to `most` trials after a page. */
function prepareTrials({ index }, most = 1) {
	const coming = pagesOf('trial').filter((page) => page.index > index && !isHeld(page));
	loadAhead(coming.slice(0, most).flatMap(({ pictures }) => pictures));
}

/** Show a page of questions; pages before the trials may end the session, so they wait for the server. */
function showAsked(page) {
	const { number, is_before: isBefore } = page;
	sayPlace(page, word('questions'));
	showQuestions(page, async (answers) => {
		if (!isBefore) {
			queue.put(`questions-${number}`, { answers });
			session.view.replied.push(number);
		} else if (!(await sendAnswers(page, answers).catch(() => false))) return word('unreachable_text');
		storage.remove('asked');
		next();
		return null;
	});
}

function showOne(page) {
	const { number, of, index } = page;
	const drawn = () => {
		const { surroundings } = session.view;
		prepareTrials(page, TRIALS_AHEAD);
		if (surroundings.length) queue.put('surroundings', { surroundings: measure(surroundings.splice(0)) });
	};
	sayPlace(page, word('trial_number', { number, of }));
	showTrial(page, drawn, (answer) => {
		queue.put(index, answer);
		session.view.held.push(index);
		next();
	});
}

/** Show a practice trial; its answer is neither sent nor kept. */
function showPractice(page) {
	const { number, of } = page;
	sayPlace(page, word('practice_number', { number, of }));
	showTrial(page, () => prepareTrials(page), ({ pictures }) => {
		const isLast = number === of;
		showFeedback({ ...page, isLast }, pictures, () => turn(after(page)));
	});
}

function showPause(page) {
	sayPlace(page, word('break_heading'));
	prepareTrials(page);
	showBreak(page, () => turn(after(page)));
}

function showPart(page) {
	const { part: number, of } = session.view.sitting;
	sayPlace(page);
	prepareTrials(page);
	showPartBegin(number, of, () => turn(after(page)));
}

function showLast(page) {
	sayPlace(page, word('comments_heading'));
	showComments(page, (text) => {
		if (text) queue.put('comments', { text });
		storage.set('commented', '1');
		storage.remove('draft');
		next();
	});
}

