/** The task-specific part of a trial: a module in `tasks/`, loaded by the task's name. */

/**
 * `makeTask(page, now)` returns the task's part; `now()` is the time in ms since its pictures were drawn.
 *
 * Required: `controls`, the nodes below the picture, and `read()`, which returns {answer}, optionally with the {pictures}
 * answered about, or null after showing what is still missing.
 * Optional: `stage`, the element for the pictures; `alts`, their alternative texts; `place(decoded)`, which inserts them
 * within a frame and returns the visible ones; `grid`, layout options if all are shown in a grid; `onkey(event)`, which
 * returns whether it handled a key; `entered`, whether Enter submits.
 */
export let makeTask = null;
let loaded = null;
let attempts = 0;

/** Load a task, or throw. Browsers cache a failed import, so each attempt has its own address. */
export async function loadTask(name) {
	if (name === loaded) return;
	attempts += 1;
	({ default: makeTask } = await import(`./tasks/${name}.js?${attempts}`));
	loaded = name;
}
