/** Numbers as participants type them. */

/** Read a number: digits of any script, with a decimal point or comma; return NaN for anything else. */
export function readNumber(text) {
	const plain = text
		.replace(/\p{Cf}/gu, '')
		.trim()
		.replace(/\p{Nd}/gu, valueOf)
		.replace(/[,\u066b\uff0c\uff0e]/, '.')
		.replace(/^\u2212/, '-');
	return /^-?\d{1,15}(?:\.\d{1,6})?$/.test(plain) ? Number(plain) : NaN;
}

/** Return the value of a digit: each script encodes 0 to 9 consecutively (Unicode, 4.6). */
function valueOf(digit) {
	const code = digit.codePointAt(0);
	let first = code;
	while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
	return (code - first) % 10;
}
