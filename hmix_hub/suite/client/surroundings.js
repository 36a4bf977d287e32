/** A participant's screen and attention, recorded only if the study asks for it and its consent form says so. */

/** Measure the named properties while a picture is on the page. */
export function measure(names) {
	const { width, height } = document.querySelector('.picture').getBoundingClientRect();
	const kind = ['fine', 'coarse'].find((name) => matchMedia(`(pointer: ${name})`).matches);
	const found = {
		window: [innerWidth, innerHeight],
		picture: [width, height],
		pixel_ratio: devicePixelRatio,
		pointer: kind ?? 'none',
	};
	return Object.fromEntries(names.map((name) => [name, found[name]]));
}

/** Watch the page's focus until `signal`; return a function that returns [times lost, total ms away]. */
export function watchFocus(signal) {
	let losses = 0;
	let lost = 0;
	let since = null;
	const look = ({ type } = {}) => {
		const now = performance.now();
		const isAway = document.hidden || type === 'blur' || (type !== 'focus' && !document.hasFocus());
		if (since !== null) lost += now - since;
		else if (isAway) losses += 1;
		since = isAway ? now : null;
	};
	for (const name of ['blur', 'focus']) window.addEventListener(name, look, { signal });
	document.addEventListener('visibilitychange', look, { signal });
	look();
	return () => {
		look();
		return [losses, Math.round(lost * 10) / 10];
	};
}
