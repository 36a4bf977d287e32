/** The dashboard: checks every two seconds, and updates what has changed. */
import { make, part } from '../dom.js';
import { forget, look, Refused } from './api.js';
import { controlsOf } from './controls.js';
import { figures, overviewOf } from './overview.js';
import { counted, minutes, plain, showIn } from './parts.js';
import { peopleView, setFilter } from './people.js';
import { trialsView } from './trials.js';

const EVERY = 2000;
const VIEWS = {
	overview: { name: 'Overview' },
	people: { name: 'Participants', ...peopleView(refresh) },
	trials: { name: 'Trials and answers', ...trialsView(refresh) },
};
let told = null;
let shown = null;
let timer = null;
let isLooking = false;
let isAgain = false;

const wanted = () => (location.hash.slice(1) in VIEWS ? location.hash.slice(1) : 'overview');

/** Update now, and then every two seconds while the page is visible. */
async function refresh() {
	clearTimeout(timer);
	isAgain = isLooking;
	if (isLooking) return;
	isLooking = true;
	try {
		await update();
		trouble('');
	} catch (error) {
		trouble(error instanceof Refused && error.status === 401 ? error.message : `${error.message} The page may be out of date.`);
	}
	isLooking = false;
	if (isAgain) refresh();
	else if (!document.hidden) timer = setTimeout(refresh, EVERY);
}

async function update() {
	const view = wanted();
	const overview = await look('overview', 'api/overview');
	if (overview) {
		told = overview;
		showHead();
	}
	const content = await VIEWS[view].fetch?.();
	const isOther = view !== shown;
	if (!overview && !content && !isOther) return;
	if (view === 'overview') {
		showIn(part('main'), figures(told), overviewOf(told, showPeople));
	} else if (content || isOther) {
		if (content) VIEWS[view].content = content;
		if (VIEWS[view].content) VIEWS[view].show(part('main'), VIEWS[view].content, told);
	}
	shown = view;
}

function showHead() {
	const { study } = told;
	const state = told.is_closed ? 'closed' : told.is_paused ? 'paused' : told.is_full ? 'full' : 'open';
	const marks = [study.id, `served for ${minutes(Math.max(told.served_minutes, 1))}`];
	if (told.amendments) marks.push(`amended ${counted(told.amendments, 'time')}`);
	document.title = `${told.finished} of ${told.wanted} – ${study.title}`;
	part('title').textContent = study.title;
	showIn(
		part('state'),
		make('span', { class: `chip ${state}` }, plain(state)),
		study.is_synthetic ? make('span', { class: 'chip synthetic' }, 'trial run or simulation: not real data') : null,
		make('span', { class: 'soft' }, marks.join(' · ')),
		told.message ? make('span', {}, `Message to all participants: “${told.message}”`) : null,
	);
	showIn(part('controls'), controlsOf(told, refresh));
}

function showViews() {
	const links = Object.entries(VIEWS).map(([name, view]) =>
		make('a', { href: `#${name}`, 'data-key': name, 'aria-current': name === wanted() ? 'page' : null }, view.name),
	);
	showIn(part('views'), links);
}

function showPeople(filter) {
	setFilter(filter);
	if (wanted() === 'people') refresh();
	else location.hash = 'people';
}

function trouble(text) {
	part('trouble').hidden = !text;
	if (part('trouble').textContent !== text) part('trouble').textContent = text;
}

window.addEventListener('hashchange', () => {
	if (!(location.hash.slice(1) in VIEWS)) return;
	forget(wanted());
	showViews();
	refresh();
	part('main').focus({ preventScroll: true });
	window.scrollTo(0, 0);
});
document.addEventListener('visibilitychange', () => !document.hidden && refresh());
showViews();
refresh();
