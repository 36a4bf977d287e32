/** categorical_soft_labels: the most probable class, optionally a second one, their percentages, and classes ruled out. */
import { faultLine, make, setFault } from '../dom.js';
import { makeGroup } from '../group.js';
import { readNumber } from '../numbers.js';
import { session } from '../session.js';
import { phrase, word } from '../words.js';

const NONE = -1;

export default function makeTask(page) {
	const names = session.view.classes;
	const classes = page.class_order.map((code) => [code, names[code]]);
	const top = makeGroup('radio', 'top', word('top_class'), classes);
	const topPercent = makePercent('top-percent', word('top_percent'));
	const second = makeGroup('radio', 'second', word('second_class'), [...classes, [NONE, word('no_alternative')]]);
	const secondPercent = makePercent('second-percent', word('second_percent'));
	const ruledOut = makeGroup('checkbox', 'ruled-out', word('ruled_out'), classes);
	for (const group of [top, second, ruledOut]) group.list.translate = false;
	const fields = [top, topPercent, second, secondPercent, ruledOut];
	const onchange = () => check(false);
	const form = make('div', { onchange, oninput: onchange }, ...fields.map((field) => field.node));
	secondPercent.node.hidden = true;

	/** Check for contradictions and, if `isAll`, for missing answers; return the fields with errors. */
	function check(isAll) {
		const [topClass] = top.values();
		const [secondClass] = second.values();
		const hasSecond = secondClass >= 0;
		const clashing = ruledOut.values().filter((code) => code === topClass || code === secondClass);
		const sum = topPercent.value() + secondPercent.value();
		const open = (name) => (isAll ? word(name) : '');
		const faultOf = (field) => (field.text() ? Number.isNaN(field.value()) && word('percent_wrong') : open('percent_open'));
		const faults = [
			topClass === undefined && open('class_open'),
			faultOf(topPercent),
			secondClass === undefined ? open('second_open') : secondClass === topClass && word('same_class'),
			hasSecond && (faultOf(secondPercent) || (sum > 100 + 1e-6 && word('sum_above', { sum }))),
			clashing.length && phrase('ruled_out_chosen', { classes: clashing.map((code) => names[code]).join(', ') }),
		];
		secondPercent.node.hidden = !hasSecond;
		fields.forEach((field, number) => field.setFault(faults[number] || ''));
		return fields.filter((_, number) => faults[number]);
	}

	return {
		controls: [form],
		read() {
			const wrong = check(true);
			wrong[0]?.focus();
			if (wrong.length) return null;
			const hasSecond = second.values()[0] !== NONE;
			const answer = {
				top: top.values()[0],
				top_percent: topPercent.value(),
				second: hasSecond ? second.values()[0] : null,
				second_percent: hasSecond ? secondPercent.value() : null,
				ruled_out: ruledOut.values(),
			};
			return { answer };
		},
	};
}

function makePercent(id, label) {
	const fault = faultLine(`${id}-fault`);
	const properties = { type: 'text', inputmode: 'decimal', autocomplete: 'off', maxlength: 12 };
	const input = make('input', { id, ...properties, 'aria-describedby': fault.id });
	const field = make('span', { class: 'number' }, input, make('span', { 'aria-hidden': 'true' }, '%'));
	const text = () => input.value.trim();
	return {
		node: make('div', { class: 'asked' }, make('label', { for: id }, label), field, fault),
		text,
		value: () => readPercent(text()),
		focus: () => input.focus(),
		setFault: (said) => setFault(fault, input, said),
	};
}

/** Read a percentage from 0 to 100, with or without a percent sign; return NaN for anything else. */
function readPercent(text) {
	const value = readNumber(text.replace(/[%\u066a\uff05]\p{Cf}*$/u, ''));
	return value >= 0 && value <= 100 ? value : NaN;
}
