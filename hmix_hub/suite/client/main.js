/** Entry point: load the study, allow one tab at a time, resume a session or ask for consent to a new one. */
import { STUDY, call, onNews } from './api.js';
import { showConsent } from './consent.js';
import { setRedirect } from './code.js';
import { setContact } from './contact.js';
import { showFault, showLoadFault } from './fault.js';
import { setMessage, setNotices, setTitle } from './screen.js';
import { findToken, forgetPages, forgetPerson, forgetSession, join, linkText, recruitingId, resume, session, takeRecruiting, wantedTask } from './session.js';
import * as storage from './storage.js';
import { isElsewhere, openTabs, takeOver } from './tabs.js';
import { PAUSED } from './timing.js';
import { go, setPaused, stop } from './way.js';
import { setWords, word } from './words.js';

/** Reasons for refusal; each has words of the same name. */
const REFUSED = ['closed', 'id_taken', 'not_allowed', 'bad_link', 'link_missing'];

let study = null;
let later = null;

async function begin() {
	try {
		await ask();
	} catch {
		showLoadFault(begin);
		return;
	}
	setTitle(study.title);
	setContact(study.contact);
	setRedirect(study.redirect);
	const place = studyPlace();
	storage.openStorage(place);
	setNotices([study.trial_run && word('trial_run'), !storage.isLasting && word('no_storage')].filter(Boolean));
	takeRecruiting(study.recruiting);
	openTabs(place, () => showElsewhere('taken'));
	if (await isElsewhere()) showElsewhere('elsewhere');
	else enter();
}

/** Return a name that separates this study from others on the same host: trial runs, and studies below other paths. */
function studyPlace() {
	const path = location.pathname === '/' ? '' : location.pathname;
	return study.place + (study.trial_run ? '-trial-run' : '') + path;
}

async function ask() {
	const { status, body } = await call('GET', STUDY);
	if (status !== 200) throw new Error(`no study: ${status}`);
	study = body;
	setWords(study);
	setMessage(study.message);
	setPaused(study.is_paused);
	clearTimeout(later);
	if (study.is_paused) later = setTimeout(askAgain, PAUSED);
}

/** Load the study again; try later if there is no response. */
function askAgain() {
	ask().catch(() => {
		later = setTimeout(askAgain, PAUSED);
	});
}

function showElsewhere(name) {
	stop();
	const onclick = () => {
		takeOver();
		enter();
	};
	showFault(name, { name: 'use_this_tab', onclick });
}

async function enter() {
	if (!findToken()) {
		askConsent();
		return;
	}
	const { status } = await resume().catch(() => ({}));
	const isOther = status === 200 && study.trial_run && wantedTask() && !session.view.sitting.tasks.includes(wantedTask());
	if (isOther) startAgain();
	else if (status === 200) go(gone, withdrawn, another);
	else if (status === 401 || status === 410) gone(status);
	else showFault('unreachable', { name: 'try_again', onclick: enter });
}

function askConsent(note = '') {
	stop();
	if (study.state === 'paused') showFault('paused', { name: 'try_again', onclick: lookAgain });
	else if (study.state === 'closed') showFault('closed');
	else if (study.state === 'full' && !linkText()) showFull();
	else if (study.recruiting.links === 'required' && !linkText()) showFault('link_missing');
	else if (study.recruiting.required && !recruitingId() && !linkText()) showFault('id_missing');
	else showConsent(study, agree, decline, note);
}

/** Reload the study and ask for consent if it is possible now. */
async function lookAgain() {
	await ask().catch(() => {});
	askConsent();
}

function decline() {
	showFault('declined', { name: 'read_again', onclick: () => askConsent() }, study.outcomes.declined);
}

function showFull() {
	showFault('full', null, study.outcomes.full);
}

/** Join; return a sentence to show if this failed but can be retried. */
async function agree(how) {
	const { status, body } = await join(study.consent, how).catch(() => ({}));
	const error = body?.error;
	if (status === 200) go(gone, withdrawn, another);
	else if (status === 410) gone(status);
	else if (error === 'paused') await lookAgain();
	else if (error === 'full') showFull();
	else if (REFUSED.includes(error)) showFault(error);
	else if (error === 'link_opened' || error === 'moved') showMoved(error);
	else if (error === 'crowded') showFault('crowded', { name: 'try_again', onclick: () => askConsent() });
	else if (['recruiting_id_missing', 'bad_recruiting_id', 'no_such_task'].includes(error)) showFault('id_missing');
	else if (error === 'consent_changed') {
		await ask();
		askConsent(word('consent_changed'));
	} else return word('unreachable_text');
	return null;
}

/** Begin one more task; return a sentence to show if this failed. */
async function another() {
	const { status, body } = await join(study.consent, { another: true }).catch(() => ({}));
	const error = body?.error;
	if (status !== 200) return word(`${['full', 'closed', 'paused'].includes(error) ? error : 'unreachable'}_text`);
	forgetPages();
	go(gone, withdrawn, another);
	return null;
}

/** Show that a personal link is open in another browser, or was opened there after this one. */
function showMoved(name) {
	const onclick = async () => {
		forgetSession();
		if (await agree({ takes_over: true })) showFault('unreachable', { name: 'try_again', onclick });
	};
	showFault(name, linkText() && { name: 'go_on_here', onclick });
}

/** Handle a session that is unknown or continues elsewhere (401), or was withdrawn (410). */
async function gone(status) {
	stop();
	const { body } = status === 401 ? await resume().catch(() => ({})) : {};
	if (body?.error === 'moved') {
		showMoved('moved');
		return;
	}
	const hasAnswers = session.view || storage.names(`answer.${session.token}.`).length;
	if (status === 401 && !hasAnswers) startAgain();
	else showFault(status === 410 ? 'withdrawn' : 'unknown', { name: 'start_again', onclick: startAgain });
}

function startAgain() {
	forgetPerson();
	askConsent();
}

function withdrawn() {
	stop();
	showFault('withdrawn');
}

/** Show that the client itself failed; answers are kept, and a reload continues. */
function showBroken() {
	if (study) showFault('broken', { name: 'reload', onclick: () => location.reload() });
}

const { dataset } = document.documentElement;
onNews(askAgain);
window.addEventListener('unhandledrejection', showBroken);
window.addEventListener('error', showBroken);
// See old.js: participants whose browser is too old are told so, and nothing else starts.
if (dataset.browser !== 'old') {
	dataset.browser = 'good';
	begin();
}
