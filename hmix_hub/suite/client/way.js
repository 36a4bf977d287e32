/** The way through a session that was joined: which page is next. */
import { showComments } from './comments.js';
import { showEnd } from './end.js';
import { showFault } from './fault.js';
import { showInstructions } from './instructions.js';
import { loadAhead } from './pictures.js';
import * as queue from './queue.js';
import { showQuiz, showWrong } from './quiz.js';
import { setAdvance, setWithdraw } from './screen.js';
import { session } from './session.js';
import { hideStatus, showStatus } from './status.js';
import * as storage from './storage.js';
import { TRIALS_AHEAD } from './timing.js';
import { showTrial } from './trial.js';
import { askWithdrawal } from './withdrawal.js';
import { word } from './words.js';

/** Go on where the session is; `gone(status)` when the server says 401 or 410, `withdrawn()` when the person withdrew. */
export function go(gone, withdrawn) {
  end = { missing: next, gone };
  queue.openQueue(session.token, gone);
  setWithdraw(() => askWithdrawal(withdrawn));
  showStatus();
  next();
}

/** Stop: another page has taken over. */
export function stop() {
  queue.stopQueue();
  hideStatus();
  setWithdraw(null);
  setAdvance(null);
}

let end = null;
const keepPage = (page) => storage.set('page', String(page.index));
const pagesOf = (kind) => session.view.pages.filter((page) => page.kind === kind);

function taken() {
  return new Set([...session.view.held, ...queue.waiting().filter((what) => what !== 'comments').map(Number)]);
}

function next() {
  const { view } = session;
  setAdvance(null);
  if (view.state === 'finished') showEnd(end);
  else if (view.state === 'failed_quiz') showFault(word('failed_quiz_heading'), word('failed_quiz_text'));
  else if (view.expired) showFault(word('expired_heading'), word('expired_text'));
  else if (!hasStarted(view)) showBefore();
  else showAfter(view);
}

/** Whether the trials have begun: after the quiz, or where there is none, after the last instructions. */
function hasStarted(view) {
  if (pagesOf('quiz').length) return view.quiz.passed;
  return taken().size > 0 || Number(storage.get('page')) >= pagesOf('trial')[0].index;
}

function showBefore() {
  const instructions = pagesOf('instructions');
  const pages = [...instructions, ...pagesOf('quiz')];
  const place = Math.max(0, pages.findLastIndex((page) => page.index <= Number(storage.get('page'))));
  const page = pages[place];
  const turn = (to) => () => {
    keepPage(to);
    next();
  };
  loadAhead(pagesOf('trial')[0].pictures);
  if (page.kind === 'quiz') {
    setAdvance(word('quiz_heading'), instructions.length, pages.length);
    showQuiz(page, { back: turn(pages[place - 1]), passed: next, failed: turn(pages[0]) });
  } else if (place === 0 && storage.get('wrong')) {
    const quiz = pages.at(-1);
    showWrong(quiz, () => {
      storage.remove('wrong');
      next();
    });
  } else {
    setAdvance(word('instructions_number', { number: place + 1, of: instructions.length }), place, pages.length);
    showInstructions(page, {
      back: place > 0 ? turn(pages[place - 1]) : null,
      forth: turn(pages[place + 1] ?? pagesOf('trial')[0]),
      isLast: place === pages.length - 1,
    });
  }
}

function showAfter(view) {
  const has = taken();
  const trials = pagesOf('trial').filter((page) => !has.has(page.index));
  const [comments] = pagesOf('comments');
  const isAsked = comments && !view.comments_held && !storage.get('commented');
  if (trials.length) {
    const [page, ...later] = trials;
    setAdvance(word('trial_number', { number: page.number, of: page.of }), page.number - 1, page.of);
    showTrial(page, {
      drawn: () => loadAhead(later.slice(0, TRIALS_AHEAD).flatMap((trial) => trial.pictures)),
      answered: (answer) => {
        queue.put(page.index, answer);
        view.held.push(page.index);
        next();
      },
    });
  } else if (isAsked) {
    showComments(comments, (text) => {
      if (text) queue.put('comments', { text });
      storage.set('commented', '1');
      storage.remove('draft');
      next();
    });
  } else showEnd(end);
}
