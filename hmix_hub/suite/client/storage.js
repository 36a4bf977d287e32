/**
 * Small texts that survive a reload: in localStorage, or where the browser forbids that, with the tab's own history
 * entry, which a reload keeps and closing the tab does not.
 */

let place = null;
try {
  place = window.localStorage;
  place.setItem('hmix.probe', '1');
  place.removeItem('hmix.probe');
} catch {
  place = null;
}
const memory = new Map(Object.entries(history.state?.kept ?? {}));
let prefix = 'hmix.';

/** Whether texts survive the closing of the tab. */
export const isLasting = place !== null;

/** Part one study's texts from another's at the same address. */
export function openStorage(name) {
  prefix = `hmix.${name}.`;
}

export function get(name) {
  const key = prefix + name;
  return memory.has(key) ? memory.get(key) : (place?.getItem(key) ?? null);
}

/** Keep a text. */
export function set(name, text) {
  const key = prefix + name;
  try {
    if (place) {
      place.setItem(key, text);
      if (memory.delete(key)) keepMemory();
      return;
    }
  } catch {
    // It is full: the history entry has to do.
  }
  memory.set(key, text);
  keepMemory();
}

export function remove(name) {
  place?.removeItem(prefix + name);
  if (memory.delete(prefix + name)) keepMemory();
}

/** Names of all texts that begin so. */
export function names(start) {
  const keys = new Set(memory.keys());
  for (let number = 0; place && number < place.length; number += 1) keys.add(place.key(number));
  return [...keys].filter((key) => key.startsWith(prefix + start)).map((key) => key.slice(prefix.length));
}

/** Whether a text would be lost with the tab. */
export function isLostWithTab(name) {
  return memory.has(prefix + name);
}

/** Change the address; what is kept with the history entry stays. */
export function setAddress(address) {
  history.replaceState(history.state, '', address);
}

function keepMemory() {
  history.replaceState({ kept: Object.fromEntries(memory) }, '');
}
