/** The beginning: the study, one tab at a time, an earlier session or consent to a new one. */
import { call, Unreachable } from './api.js';
import { showConsent, showDeclined } from './consent.js';
import { showFault, showLoadFault } from './fault.js';
import { setNotices, setTitle } from './screen.js';
import { findToken, forget, join, recruitingId, resume, session, takeRecruiting, wantedTask } from './session.js';
import * as storage from './storage.js';
import { isElsewhere, openTabs, takeOver } from './tabs.js';
import { go, stop } from './way.js';
import { setWords, word } from './words.js';

let study = null;

async function begin() {
  try {
    await ask();
  } catch {
    showLoadFault(begin);
    return;
  }
  setTitle(study.title);
  storage.openStorage(study.consent.sha256.slice(0, 16) + (study.trial_run ? '-trial-run' : ''));
  const notices = [study.trial_run && word('trial_run'), !storage.isLasting && word('no_storage')];
  setNotices(notices.filter(Boolean));
  takeRecruiting(study.recruiting);
  openTabs(study.consent.sha256, () => showElsewhere(word('elsewhere_taken')));
  if (await isElsewhere()) showElsewhere(word('elsewhere_text'));
  else await enter();
}

async function ask() {
  const { status, body } = await call('GET', '/api/study');
  if (status !== 200) throw new Unreachable(String(status));
  study = body;
  setWords(study);
}

/** Another tab is at work; this one may take over. */
function showElsewhere(text) {
  stop();
  const onclick = () => {
    takeOver();
    enter();
  };
  showFault(word('elsewhere_heading'), text, { text: word('elsewhere_button'), onclick });
}

/** Go on with an earlier session, or ask for consent. */
async function enter() {
  if (!findToken()) {
    askConsent();
    return;
  }
  const status = await resume().catch(() => 0);
  const isOther = status === 200 && study.trial_run && wantedTask() && wantedTask() !== session.view.task;
  if (isOther) startAgain();
  else if (status === 200) go(gone, withdrawn);
  else if (status === 401 || status === 410) gone(status);
  else showFault(word('unreachable_heading'), word('unreachable_text'), { text: word('try_again'), onclick: enter });
}

function askConsent(note = null) {
  stop();
  if (study.state !== 'open') showState(study.state);
  else if (study.recruiting.required && !recruitingId()) showState('id_missing');
  else showConsent(study, { agree, decline: () => showDeclined(() => askConsent()), note });
}

/** Say why nobody can join: full, closed, id_missing. */
function showState(state) {
  showFault(word(`${state}_heading`), word(`${state}_text`));
}

/** Join; gives a sentence to show on the page if that was not possible, but may be later. */
async function agree() {
  const { status, body } = await join(study.consent).catch(() => ({ status: 0 }));
  if (status === 200) go(gone, withdrawn);
  else if (body?.error === 'full' || body?.error === 'closed') showState(body.error);
  else if (body?.error === 'recruiting_id_missing') showState('id_missing');
  else if (status === 410) gone(status);
  else if (body?.error !== 'consent_changed') return word('unreachable_text');
  else {
    await ask();
    askConsent(word('consent_changed'));
  }
  return null;
}

/** The server does not know the session (401), or it was withdrawn (410). */
function gone(status) {
  stop();
  const hasAnswers = storage.names(`answer.${session.token}.`).length > 0;
  const action = { text: word('start_again'), onclick: startAgain };
  if (status === 410) showFault(word('withdrawn_heading'), word('withdrawn_text'), action);
  else if (hasAnswers || session.view) showFault(word('unknown_heading'), word('unknown_text'), action);
  else startAgain();
}

function startAgain() {
  forget();
  askConsent();
}

function withdrawn() {
  stop();
  showFault(word('withdrawn_heading'), word('withdrawn_text'));
}

window.addEventListener('unhandledrejection', (event) => showBroken(event.reason));
window.addEventListener('error', (event) => showBroken(event.error));

/** A mistake of the client itself: answers are kept, and a reload goes on. */
function showBroken(error) {
  if (!error || !study) return;
  showFault(word('broken_heading'), word('broken_text'), { text: word('reload'), onclick: () => location.reload() });
}

begin();
