/** A page of questions before or after the trials. */
import { call } from './api.js';
import { button, buttons, faultLine, make, paragraphs, setFault } from './dom.js';
import { makeGroup, makeSteps, numbered } from './group.js';
import { readNumber } from './numbers.js';
import { show } from './screen.js';
import { isRenewed, session } from './session.js';
import * as storage from './storage.js';
import { word } from './words.js';

const MAKERS = { choice: makeChoice, several: makeSeveral, number: makeNumber, text: makeText, scale: makeScale };

/** Show a page; `done(answers)` receives them by name, and returns a sentence to show if they could not be sent. */
export function showQuestions({ title, text, questions }, done) {
	const kept = JSON.parse(storage.get('asked') ?? '{}');
	const asked = questions.map((question, number) => makeQuestion(question, `asked-${number}`, kept[question.name]));
	const fault = faultLine('questions-fault');
	const forth = button(word('next'), onNext);
	const list = make('div', { onchange: keep }, asked.map(({ node }) => node));
	show(title ?? word('questions'), [text && make('div', {}, paragraphs(text)), list, fault, buttons(forth)]);

	function keep() {
		storage.set('asked', JSON.stringify(Object.fromEntries(asked.map(({ name, kept: given }) => [name, given()]))));
	}

	async function onNext() {
		const open = asked.filter((one) => !one.isGood());
		open[0]?.focus();
		if (open.length) return;
		keep();
		forth.disabled = true;
		fault.textContent = (await done(Object.fromEntries(asked.map(({ name, value }) => [name, value()])))) ?? '';
		forth.disabled = false;
	}
}

/** Send the answers of a page before the trials, which may end the session; return whether this succeeded. */
export async function sendAnswers({ number }, answers) {
	const { token } = session;
	const { status, body } = await call('PUT', `api/session/questions/${number}`, { token, body: { answers } });
	// 409: answers to this page have already been stored, and the reply that said so was lost.
	return (status === 200 || (status === 409 && Boolean(body.outcome))) && isRenewed();
}

/** Make a question: its node, the value to send, the value kept for a reload, and whether it is answered validly. */
function makeQuestion(question, id, kept) {
	const { name, required } = question;
	const legend = [question.question, required ? '' : ` (${word('optional')})`];
	const made = MAKERS[question.kind](question, id, legend.join(''), kept);
	const faultOf = () => made.fault?.() ?? (required && made.value() === null ? word(made.open ?? 'question_open') : '');
	// Not on `change`: clearing the error when the field loses focus would move the button being clicked below it.
	made.node.addEventListener('input', () => made.setFault(''));
	const isGood = () => {
		made.setFault(faultOf());
		return !faultOf();
	};
	return { kept: made.value, ...made, name, isGood };
}

function makeChoice({ choices }, id, legend, kept) {
	return ofGroup(makeGroup('radio', id, legend, numbered(choices), 'choices rows'), kept);
}

function makeScale({ low, high, steps }, id, legend, kept) {
	return ofGroup(makeSteps(id, legend, [low, high], steps, 1), kept);
}

function ofGroup(group, kept) {
	for (const input of group.inputs) input.checked = Number(input.value) === kept;
	return { ...group, open: 'quiz_open', value: () => group.values()[0] ?? null };
}

function makeSeveral({ choices }, id, legend, kept) {
	const frame = (list) => [make('p', { class: 'small' }, word('several_hint')), list];
	const group = makeGroup('checkbox', id, legend, numbered(choices), 'choices rows', frame);
	for (const input of group.inputs) input.checked = Boolean(kept?.includes(Number(input.value)));
	return { ...group, value: () => (group.values().length ? group.values() : null) };
}

function makeNumber({ least, most, whole }, id, label, kept) {
	const field = makeField('input', { type: 'text', inputmode: whole && !(least < 0) ? 'numeric' : 'text' }, id, label, kept);
	const read = () => readNumber(field.kept());
	const fault = () => {
		const value = read();
		if (!field.kept()) return null;
		if (Number.isNaN(value)) return word('number_wrong');
		if (whole && !Number.isInteger(value)) return word('number_whole');
		if ((least === null || value >= least) && (most === null || value <= most)) return null;
		if (least === null || most === null) return least === null ? word('number_most', { most }) : word('number_least', { least });
		return word('number_range', { least, most });
	};
	return { ...field, fault, value: () => (field.kept() ? read() : null) };
}

function makeText({ longest }, id, label, kept) {
	const field = makeField('textarea', { rows: 4, maxlength: longest }, id, label, kept);
	return { ...field, value: () => field.kept() || null };
}

function makeField(tag, properties, id, label, kept) {
	const line = faultLine(`${id}-fault`);
	const input = make(tag, { id, autocomplete: 'off', 'aria-describedby': line.id, ...properties });
	input.value = kept ?? '';
	const field = make('div', { class: tag === 'input' ? 'number' : '' }, input);
	return {
		node: make('div', { class: 'asked question' }, make('label', { for: id }, label), field, line),
		kept: () => input.value.trim(),
		focus: () => input.focus(),
		setFault: (text) => setFault(line, input, text),
	};
}
