/** Sizes of pictures: as large as possible while all controls stay in view, in whole multiples of a pixel or smoothly. */
import { part } from './dom.js';
import { session } from './session.js';

/** Minimum CSS pixels of a picture's longer side (half of it in a grid); pages with less room scroll. */
const LEAST = 120;
/** CSS pixels if the page scrolls: above a form that scrolls below the picture, and in a grid. */
const ABOVE_FORM = 160;
const IN_GRID = 96;
/** CSS pixels below the last button. */
const MARGIN = 12;
/** CSS pixels of both borders of a picture together. */
const BORDER = 2;
const heights = new Map();

/** Return the CSS pixels for each pixel of a picture whose longer side takes at most `most` CSS pixels. */
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

/** Arrange pictures of equal size in rows of two or more: as large as possible, in as few rows as possible. */
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

/** Fit the pictures of a trial, all of equal size, into the window; `layout` contains their `stage` and the controls. */
export function fit(layout, stage, controls, pictures, grid) {
	layout.classList.remove('tall');
	const [whole, above, asked] = [layout, stage, controls].map((node) => node.getBoundingClientRect());
	const isStacked = asked.top >= above.bottom;
	const reached = isStacked ? whole.bottom - above.height : whole.top;
	// Leave out the "no connection" line of the header, so that pictures keep their size when it appears.
	const status = part('status');
	const news = status.dataset.kind === 'failing' ? status.offsetHeight : 0;
	const width = layout.clientWidth * (isStacked ? 1 : 0.5);
	const { size, task } = session.view;
	const { naturalWidth, naturalHeight } = pictures[0];
	// Use the smallest height of all trials so far, so that a longer name below a picture does not change later sizes.
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
