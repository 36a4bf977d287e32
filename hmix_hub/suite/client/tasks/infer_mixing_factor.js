/** infer_mixing_factor: one picture, a slider for the share of the class on the right and one for confidence. */
import { makeSlider } from '../slider.js';
import { phrase, word } from '../words.js';

export default function makeTask({ left, right, must_touch: mustTouch }, now) {
	const sayShare = (value) => phrase('share_value', { left, right, left_percent: 100 - value, right_percent: value });
	const sayConfidence = (percent) => word('confidence_value', { percent });
	const sure = [word('confidence_low'), word('confidence_high')];
	const share = makeSlider('share', word('share'), [left, right], sayShare, now, { origin: 50 });
	const confidence = makeSlider('confidence', word('confidence'), sure, sayConfidence, now);
	const sliders = [share, confidence];

	return {
		controls: sliders.map((slider) => slider.node),
		read() {
			const open = sliders.filter((slider) => mustTouch && !slider.isTouched());
			for (const slider of open) slider.askFor();
			open[0]?.focus();
			if (open.length) return null;
			const answer = {
				share: share.value(),
				confidence: confidence.value(),
				touched: sliders.map((slider) => slider.isTouched()),
				share_path: share.path,
				confidence_path: confidence.path,
			};
			return { answer };
		},
	};
}
