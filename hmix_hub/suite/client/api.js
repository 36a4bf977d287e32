/** Requests to the server. */
import { REQUEST } from './timing.js';

/** The server gave no answer that could be read: away, too slow, or something stands between. */
export class Unreachable extends Error {}

/** Ask the server; gives {status, body, retryAfter in seconds or null}, throws Unreachable. */
export async function call(method, path, { token = null, body } = {}) {
  const headers = { Accept: 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), REQUEST);
  try {
    const response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: control.signal,
      cache: 'no-store',
      credentials: 'omit',
    });
    const retryAfter = Number(response.headers.get('Retry-After')) || null;
    return { status: response.status, body: await response.json(), retryAfter };
  } catch (error) {
    throw new Unreachable(String(error));
  } finally {
    clearTimeout(timer);
  }
}
