/** estimate_share: one picture, and a slider. */
import { makeSlider } from '../slider.js';
import { word } from '../words.js';

export default function makeTask(page, now) {
	const say = (percent) => word('confidence_value', { percent });
	const slider = makeSlider('share', word('share'), ['0 %', '100 %'], say, now);

	return {
		controls: [slider.node],
		read() {
			if (slider.isTouched()) return { answer: { percent: slider.value() } };
			slider.askFor();
			slider.focus();
			return null;
		},
	};
}
