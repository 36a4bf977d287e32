/** Infer: one picture, a slider for the share of the second class and one for confidence. */
import { make } from './dom.js';
import { makeSlider } from './slider.js';
import { word } from './words.js';

export function makeInfer(page, clock) {
  const stage = make('div', { class: 'stage single' });
  const names = { left: page.left, right: page.right };
  const share = makeSlider(
    {
      name: 'share',
      label: word('share', names),
      ends: [page.left, page.right],
      describe: (value) => word('share_value', { ...names, left_percent: 100 - value, right_percent: value }),
    },
    clock,
  );
  const confidence = makeSlider(
    {
      name: 'confidence',
      label: word('confidence'),
      ends: [word('confidence_low'), word('confidence_high')],
      describe: (value) => word('confidence_value', { percent: value }),
    },
    clock,
  );
  const sliders = [share, confidence];

  return {
    stage,
    controls: sliders.map((slider) => slider.node),
    alts: [word('picture')],
    place(pictures) {
      stage.replaceChildren(pictures[0]);
      return pictures;
    },
    read() {
      const open = page.must_touch ? sliders.filter((slider) => !slider.isTouched()) : [];
      for (const slider of open) slider.askFor();
      if (open.length) {
        open[0].focus();
        return null;
      }
      const answer = {
        share: share.value(),
        confidence: confidence.value(),
        touched: sliders.map((slider) => slider.isTouched()),
        share_path: share.path,
        confidence_path: confidence.path,
      };
      return { pictures: page.pictures, answer };
    },
  };
}
