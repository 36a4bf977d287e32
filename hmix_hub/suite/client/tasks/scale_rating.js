/** scale_rating: one picture, rated on one or more scales, each a row of steps or a slider. */
import { makeSteps } from '../group.js';
import { KEYS, named } from '../keys.js';
import { makeSlider } from '../slider.js';
import { LONGEST_PATH } from '../timing.js';
import { phrase, word } from '../words.js';

export default function makeTask(page, now) {
	const scales = page.scales.map((scale, number) => (scale.is_slider ? makeRange : makeRow)(scale, `scale-${number}`, now));
	const open = () => scales.filter((scale) => scale.mustTouch(page.must_touch) && !scale.isTouched());

	return {
		controls: scales.map((scale) => scale.node),
		entered: true,
		/** A digit sets the focused scale, or the first open one; Enter moves to the next open one. */
		onkey(event) {
			const [next] = open();
			if (event.key === 'Enter') {
				next?.focus();
				return Boolean(next);
			}
			const asked = scales.find((scale) => scale.node.contains(event.target)) ?? next;
			return Boolean(asked?.press?.(KEYS.indexOf(named(event))));
		},
		read() {
			const left = open();
			for (const scale of left) scale.askFor();
			left[0]?.focus();
			if (left.length) return null;
			const ratings = scales.map((scale) => ({
				rating: scale.value(),
				touched: scale.isTouched(),
				rating_path: scale.path,
			}));
			return { answer: { ratings } };
		},
	};
}

function makeRange({ question, low, high, most }, id, now) {
	const say = (value) => phrase('scale_value', { value, most, low, high });
	return { ...makeSlider(id, question, [low, high], say, now, { max: most, show: String }), mustTouch: (isAsked) => isAsked };
}

function makeRow({ question, low, high, most }, id, now) {
	const group = makeSteps(id, question, [low, high], most + 1);
	const path = [];
	const value = () => group.values()[0] ?? null;
	group.node.firstChild.translate = false;
	group.list.addEventListener('change', () => {
		if (path.length >= LONGEST_PATH) path.pop();
		path.push([now(), value()]);
		group.setFault('');
	});

	return {
		node: group.node,
		path,
		value,
		mustTouch: () => true,
		isTouched: () => path.length > 0,
		askFor: () => group.setFault(word('quiz_open')),
		focus: group.focus,
		/** Choose the step at an index, if there is one. */
		press(place) {
			const input = group.inputs[place];
			input?.focus();
			input?.click();
			return input;
		},
	};
}
