/** The session: its token, what the server says of it, and what is kept of it in the browser. */
import { call } from './api.js';
import * as storage from './storage.js';

const HASH = '#session=';
const OWN = ['token', 'page', 'wrong', 'draft', 'commented', 'person'];

/** {token, view}: the view is the server's, see `GET /api/session`. */
export const session = { token: null, view: null };

/** Find the token of an earlier visit. */
export function findToken() {
  session.token = storage.get('token');
  if (!session.token && !storage.isLasting && location.hash.startsWith(HASH)) {
    session.token = location.hash.slice(HASH.length);
  }
  return session.token;
}

/** Make a token, kept before it is used: a joining whose answer is lost is found again. */
function makeToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const text = btoa(String.fromCharCode(...bytes));
  session.token = text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  storage.set('token', session.token);
  if (!storage.isLasting) storage.setAddress(location.pathname + location.search + HASH + session.token);
}

/** Forget who is here, but not the answers that wait: they are still sent. */
function forgetPerson() {
  for (const name of OWN) storage.remove(name);
  if (location.hash.startsWith(HASH)) storage.setAddress(location.pathname + location.search);
  session.token = null;
  session.view = null;
}

/** Forget the session and everything that was kept of it. */
export function forget() {
  for (const name of storage.names(`answer.${session.token}.`)) storage.remove(name);
  storage.remove('recruiting');
  forgetPerson();
}

/**
 * Take the recruiting id out of the address; it is kept until the session is joined.
 * An id other than the kept session's is another person's.
 */
export function takeRecruiting({ parameter }) {
  const address = new URL(location.href);
  const id = address.searchParams.get(parameter);
  if (!id) return;
  if (storage.get('person') && storage.get('person') !== mark(id)) forgetPerson();
  storage.set('recruiting', id);
  address.searchParams.delete(parameter);
  storage.setAddress(address);
}

export const recruitingId = () => storage.get('recruiting');
export const wantedTask = () => new URL(location.href).searchParams.get('task');

/** A short mark of an id (FNV-1a), to tell one person from another; the id itself is not kept. */
function mark(id) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(id)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16);
}

/** Join the study; gives {status, body}. */
export async function join(consent) {
  if (!session.token) makeToken();
  const id = recruitingId();
  const body = { recruiting_id: id, task: wantedTask(), consent_sha256: consent.sha256 };
  const result = await call('POST', '/api/sessions', { token: session.token, body });
  if (result.status === 200) {
    session.view = result.body;
    storage.remove('recruiting');
    if (id) storage.set('person', mark(id));
  }
  return result;
}

/** Ask the server for the session; gives the status. */
export async function resume() {
  const { status, body } = await call('GET', '/api/session', { token: session.token });
  if (status === 200) session.view = body;
  return status;
}

/** Delete the session on the server and here; gives whether that was done. */
export async function withdraw() {
  const { status } = await call('DELETE', '/api/session', { token: session.token });
  const isDone = status === 200 || status === 410;
  if (isDone) forget();
  return isDone;
}
