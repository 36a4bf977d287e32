/** Categorical: the most probable class, perhaps a second, their percentages, and the classes that are ruled out. */
import { choice, faultLine, make, setFault } from './dom.js';
import { session } from './session.js';
import { word } from './words.js';

const NONE = 'none';

export function makeCategorical(page) {
  const names = session.view.classes;
  const stage = make('div', { class: 'stage single' });
  const top = makeGroup('radio', 'top', word('top_class'), page.class_order, names);
  const topPercent = makePercent('top-percent', word('top_percent'));
  const second = makeGroup('radio', 'second', word('second_class'), page.class_order, names, word('no_alternative'));
  const secondPercent = makePercent('second-percent', word('second_percent'));
  const ruledOut = makeGroup('checkbox', 'ruled-out', word('ruled_out'), page.class_order, names);
  const fields = [top, topPercent, second, secondPercent, ruledOut];
  const parts = fields.map((field) => field.node);
  const form = make('div', { class: 'form', onchange: () => check(false), oninput: () => check(false) }, ...parts);
  secondPercent.node.hidden = true;

  const hasSecond = () => second.values().length > 0 && second.values()[0] !== NONE;

  /** Say what contradicts itself, and if all is to be there, what is missing; gives the fields at fault. */
  function check(isAll) {
    secondPercent.node.hidden = !hasSecond();
    const [topClass] = top.values();
    const [secondClass] = second.values();
    const clashing = ruledOut.values().filter((code) => code === topClass || code === secondClass);
    const sum = topPercent.value() + secondPercent.value();
    const faults = [
      isAll && topClass === undefined ? word('class_open') : '',
      percentFault(topPercent, isAll),
      secondFault(topClass, secondClass, isAll),
      hasSecond() ? percentFault(secondPercent, isAll) || (sum > 100 ? word('sum_above', { sum }) : '') : '',
      clashing.length ? word('ruled_out_chosen', { classes: clashing.map((code) => names[code]).join(', ') }) : '',
    ];
    fields.forEach((field, number) => field.setFault(faults[number], clashing));
    return fields.filter((_, number) => faults[number]);
  }

  return {
    stage,
    isWide: true,
    controls: [form],
    alts: [word('picture')],
    place(pictures) {
      stage.replaceChildren(pictures[0]);
      return pictures;
    },
    read() {
      const wrong = check(true);
      if (wrong.length) {
        wrong[0].focus();
        return null;
      }
      const answer = {
        top: top.values()[0],
        top_percent: topPercent.value(),
        second: hasSecond() ? second.values()[0] : null,
        second_percent: hasSecond() ? secondPercent.value() : null,
        ruled_out: ruledOut.values(),
      };
      return { pictures: page.pictures, answer };
    },
  };
}

function secondFault(topClass, secondClass, isAll) {
  if (isAll && secondClass === undefined) return word('second_open');
  return secondClass !== undefined && secondClass === topClass ? word('same_class') : '';
}

function percentFault(percent, isAll) {
  if (percent.text() === '') return isAll ? word('percent_open') : '';
  return Number.isNaN(percent.value()) ? word('percent_wrong') : '';
}

/** Make a group of classes to choose one (radio) or several (checkbox) of. */
function makeGroup(type, name, legend, order, names, none = null) {
  const fault = faultLine(`${name}-fault`);
  const of = (value, text) => choice(type, name, value, text, { 'aria-describedby': fault.id });
  const choices = order.map((code) => of(code, names[code]));
  if (none) choices.push(of(NONE, none));
  const node = make(
    'fieldset',
    { class: 'asked', role: type === 'radio' ? 'radiogroup' : null },
    make('legend', {}, legend),
    make('div', { class: 'choices' }, choices),
    fault,
  );
  const inputs = [...node.querySelectorAll('input')];
  return {
    node,
    values: () => inputs.filter((input) => input.checked).map(({ value }) => (value === NONE ? NONE : Number(value))),
    focus: () => (inputs.find((input) => input.checked) ?? inputs[0]).focus(),
    setFault(text, clashing) {
      if (type === 'radio') setFault(fault, node, text);
      else {
        for (const input of inputs) setFault(fault, input, clashing.includes(Number(input.value)) ? text : '');
        fault.textContent = text;
      }
    },
  };
}

/** Make a field for a percentage, 0 to 100; a comma or a point parts decimals, a percent sign may follow. */
function makePercent(name, label) {
  const fault = faultLine(`${name}-fault`);
  const input = make('input', {
    type: 'text',
    id: name,
    inputmode: 'decimal',
    autocomplete: 'off',
    maxlength: 12,
    'aria-describedby': fault.id,
  });
  const node = make(
    'div',
    { class: 'percent' },
    make('label', { for: name }, label),
    make('span', { class: 'number' }, input, make('span', { 'aria-hidden': 'true' }, '%')),
    fault,
  );
  const text = () => input.value.trim();
  return {
    node,
    text,
    value: () => readPercent(text()),
    focus: () => input.focus(),
    setFault: (fault_) => setFault(fault, input, fault_),
  };
}

/** Read a percentage; NaN if it is none. */
export function readPercent(text) {
  const match = /^(\d{1,3}(?:[.,]\d{1,6})?)\s*%?$/.exec(text);
  const value = match ? Number(match[1].replace(',', '.')) : NaN;
  return value <= 100 ? value : NaN;
}
