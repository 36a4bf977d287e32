/** Pictures: fetched and decoded before they are shown, so that what is put on the page is drawn in that frame. */
import { make } from './dom.js';

const ahead = new Map();

/** Fetch and decode a picture; rejects if that fails, and the next call tries again. */
export async function load(name, alt = '') {
  const picture = make('img', { alt, class: 'picture', draggable: 'false' });
  picture.decoding = 'sync';
  picture.src = `/pictures/${name}.png`;
  await picture.decode();
  if (!picture.naturalWidth) throw new Error('a picture without pixels');
  return picture;
}

/** Fetch pictures that come soon; each is given out once by `take`. */
export function loadAhead(names) {
  for (const name of names) {
    if (ahead.has(name)) continue;
    const coming = load(name);
    ahead.set(name, coming);
    coming.catch(() => ahead.delete(name));
  }
}

/** Give the pictures of a page, all decoded, in order. */
export async function take(names, alts) {
  const coming = names.map((name, number) => {
    const ready = ahead.get(name) ?? load(name);
    ahead.delete(name);
    return ready.then((picture) => {
      picture.alt = alts[number];
      return picture;
    });
  });
  return Promise.all(coming);
}

/** Whether a picture stands on the page with all its pixels. */
export function isDrawn(picture) {
  return picture.isConnected && picture.complete && picture.naturalWidth > 0 && picture.getClientRects().length > 0;
}
