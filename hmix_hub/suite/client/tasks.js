/** The task's part of a trial: a module in `tasks/`, loaded by the task's name. */

/**
 * `makeTask(page, now)` makes it; `now()` is the time since its pictures were drawn.
 *
 * It is {controls, read()}: what is asked below the picture, and what gives {answer}, or null after saying what is still
 * to be done. Perhaps {stage, alts, place(decoded), grid, onkey(event), entered}, too: the pictures' place, their
 * alternative texts, what puts them there within a frame and gives those that show, where all stand in a grid what stands
 * around each, what takes a key and gives whether it did something, and whether Enter submits; `read` may name {pictures}.
 */
export let makeTask = null;
let loaded = null;
let attempts = 0;

/** Load a task, or throw. Browsers remember a failure: each attempt has an address of its own. */
export async function loadTask(name) {
	if (name === loaded) return;
	attempts += 1;
	({ default: makeTask } = await import(`./tasks/${name}.js?${attempts}`));
	loaded = name;
}
