/** How large pictures stand: as large as leaves all that is asked in sight, by whole multiples of their pixels or smoothly. */
import { part } from './dom.js';
import { session } from './session.js';

/** CSS pixels of a picture's longer side, at least (half as many in a grid); where there is no room for them, pages scroll. */
const LEAST = 120;
/** Then, above a form that scrolls below the picture, and in a grid. */
const ABOVE_FORM = 160;
const IN_GRID = 96;
/** Below the last button, CSS pixels. */
const MARGIN = 12;
/** The border of a picture's place, both sides together. */
const BORDER = 2;
const heights = new Map();

/** CSS pixels for each pixel of a picture, at most so many on its longer side. */
function factorIn({ naturalWidth, naturalHeight }, width, height, most) {
	const factor = Math.min(most / Math.max(naturalWidth, naturalHeight), width / naturalWidth, height / naturalHeight);
	const steps = Math.floor(factor * devicePixelRatio + 1e-6);
	return session.view.scaling === 'whole' && steps > 0 ? steps / devicePixelRatio : factor;
}

function resize(picture, factor) {
	picture.classList.toggle('smooth', session.view.scaling === 'smooth');
	picture.style.width = `${picture.naturalWidth * factor}px`;
	picture.style.height = `${picture.naturalHeight * factor}px`;
}

/** Lay pictures of one size out in rows, none of which holds one alone: as large as the room allows, in as few rows. */
export function layOut(box, pictures, count, { fewest, most, width, height = Infinity, around = BORDER }) {
	let best = { factor: 0 };
	for (let rows = count; rows > 0; rows -= 1) {
		const columns = Math.ceil(count / rows);
		const isOdd = columns < fewest || (columns > 1 && count - (rows - 1) * columns < 2);
		const factor = isOdd ? 0 : factorIn(pictures[0], width / columns - around, height / rows - around, most);
		if (factor >= best.factor) best = { columns, factor };
	}
	box.style.setProperty('--columns', best.columns);
	for (const picture of pictures) resize(picture, best.factor);
	return best.factor;
}

/** Fit the pictures of a trial, all of one size, into the window: `layout` holds their `stage` and the controls. */
export function fit(layout, stage, controls, pictures, grid) {
	layout.classList.remove('tall');
	const [whole, above, asked] = [layout, stage, controls].map((node) => node.getBoundingClientRect());
	const isStacked = asked.top >= above.bottom;
	const reached = isStacked ? whole.bottom - above.height : whole.top;
	// Without what the head says while there is no connection: pictures do not change their size for it.
	const status = part('status');
	const news = status.dataset.kind === 'failing' ? status.offsetHeight : 0;
	const width = layout.clientWidth * (isStacked ? 1 : 0.5);
	const { size, task } = session.view;
	const { naturalWidth, naturalHeight } = pictures[0];
	// The smallest room of all trials so far: a longer name below the picture changes no picture's size later.
	const key = [task, innerWidth, innerHeight, devicePixelRatio, naturalWidth, naturalHeight].join();
	const height = Math.min(innerHeight - reached + news - scrollY - MARGIN, heights.get(key) ?? Infinity);
	heights.set(key, height);
	const isTall = isStacked && height < Math.min(LEAST, size);
	layout.classList.toggle('tall', isTall);
	const room = { width, height: isTall ? Math.min(ABOVE_FORM, innerHeight / 4) : Math.max(height, LEAST) };
	if (!grid) layOut(stage, pictures, 1, { fewest: 1, most: size, ...room });
	else {
		const cells = { fewest: 3, most: size / 2, ...room, ...grid };
		const factor = layOut(stage, pictures, pictures.length, cells);
		const isTiny = factor * Math.max(naturalWidth, naturalHeight) < Math.min(LEAST / 2, cells.most);
		if (isTiny) layOut(stage, pictures, pictures.length, { ...cells, most: Math.min(IN_GRID, size / 2), height: Infinity });
	}
}
