/** The comprehension quiz, and the page that lists wrong answers. */
import { call } from './api.js';
import { button, buttons, faultLine, make } from './dom.js';
import { makeGroup, numbered } from './group.js';
import { show } from './screen.js';
import { isRenewed, session } from './session.js';
import * as storage from './storage.js';
import { word } from './words.js';

/** Show the quiz; calls `next()` if it was passed or the session ends, `failed()` to show the instructions again. */
export function showQuiz(page, { back, next, failed }) {
	const questions = page.questions.map(makeQuestion);
	const fault = faultLine('quiz-fault');
	const check = button(word('quiz_check'), onCheck);
	show(word('quiz_heading'), [
		make('p', { class: 'text' }, word('quiz_text')),
		...questions.map((question) => question.node),
		fault,
		buttons(check, button(word('back'), back, 'second')),
	]);

	async function onCheck() {
		const open = questions.filter((question) => !question.values().length);
		for (const question of open) question.setFault(word('quiz_open'));
		open[0]?.focus();
		if (open.length) return;
		check.disabled = true;
		fault.textContent = '';
		await send().catch(() => {
			fault.textContent = word('unreachable_text');
		});
		check.disabled = false;
		check.focus();
	}

	/** Send the answers; the attempt's number makes sending them twice harmless. */
	async function send() {
		const { view, token } = session;
		const attempt = view.quiz.attempts_made + 1;
		const answers = questions.flatMap((question) => question.values());
		const { status, body } = await call('PUT', `api/session/quiz/${attempt}`, { token, body: { answers } });
		// 409: answers to this attempt have already been stored, and the reply that said so was lost.
		if (status !== 200 && !(status === 409 && (await isRenewed()))) throw new Error(`the quiz was refused: ${status}`);
		if (status === 200) {
			view.quiz = { attempts_made: attempt, passed: body.passed };
			// The trials change if the batch filled up in the meantime.
			if (body.view) session.view = body.view;
			if (body.ended && !(await isRenewed())) view.state = 'failed_quiz';
		}
		if (session.view.quiz.passed || session.view.state !== 'live') next();
		else {
			storage.set('wrong', JSON.stringify(body.wrong ?? []));
			failed();
		}
	}
}

function makeQuestion({ question, choices }, number) {
	const legend = [`${number + 1}. `, question].map((text) => make('span', {}, text));
	const group = makeGroup('radio', `question-${number}`, legend, numbered(choices), 'choices rows');
	group.node.addEventListener('change', () => group.setFault(''));
	return group;
}

export function showWrong(page, again) {
	const wrong = JSON.parse(storage.get('wrong'));
	const lines = wrong.map((number) => make('li', { value: number }, page.questions[number - 1].question));
	show(word('wrong_heading'), [
		make('p', { class: 'text' }, word('wrong_text')),
		make('ol', { class: 'wrong' }, lines),
		buttons(button(word('wrong_again'), again)),
	]);
}
