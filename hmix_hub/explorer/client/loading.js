"use strict";
// Files of the folder: fetched over http, and from a disk read by the scripts beside them.

var hmix = {};

(() => {
  const FROM_DISK = location.protocol === "file:";
  const FIRST_SHEETS = 8;
  hmix.FORMAT = 1;
  hmix.sheetName = (number) => `pictures-${String(number).padStart(3, "0")}.png`;
  const waiting = new Map();
  const begun = new Map();

  /** Take what a script of the data folder brings; called by these scripts alone. */
  hmix.receive = (name, payload) => {
    if (name === "explorer") begin(payload);
    waiting.get(name)?.(payload);
    waiting.delete(name);
  };

  /** Load a script of the folder. */
  hmix.loadScript = (path) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = path;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${path} is missing`));
      document.head.append(script);
    });

  const byScript = (name, path) =>
    new Promise((resolve, reject) => {
      waiting.set(name, resolve);
      hmix.loadScript(path).then(() => reject(new Error(`${path} does not bring what it should`)), reject);
    });

  const bytesOf = (base64) => {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  };

  const fetched = async (path) => {
    const response = await fetch(path);
    if (!response.ok) throw new Error(`${path} cannot be loaded: status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };

  /** Return the task of a name; without one, the task that infers coefficients, or the first. */
  hmix.taskNamed = (tasks, name) => tasks.find((task) => task.name === name) ?? tasks.find(({ kind }) => kind === "inferred") ?? tasks[0];

  /** Begin to load what the first view needs, while the scripts that read it are still coming. */
  const begin = (metadata) => {
    hmix.metadata = metadata;
    if (metadata.format !== hmix.FORMAT) return;
    const [, asked] = /[#&]task=([^&]*)/.exec(location.hash) ?? [];
    const { name } = hmix.taskNamed(metadata.tasks, asked);
    const { count, sheets } = metadata.pictures;
    const names = [`${name}.arrow`, `${name}.stimuli.arrow`, "participants.arrow"];
    if (count) names.push("pictures.arrow", ...Array.from({ length: Math.min(sheets, FIRST_SHEETS) }, (_, i) => hmix.sheetName(i)));
    // What fails is told when it is needed.
    for (const file of names) hmix.loadBytes(file).catch(() => {});
  };

  /** Load something once; what fails is loaded again when it is next asked for. */
  hmix.once = (map, key, load) => {
    if (!map.has(key)) {
      map.set(key, load());
      map.get(key).catch(() => map.delete(key));
    }
    return map.get(key);
  };

  /** Load what draws the figures, once: half a megabyte that the stimuli do not wait for. */
  hmix.loadFigures = () => hmix.once(begun, "figures", () => hmix.loadScript("vendor/d3.js").then(() => hmix.loadScript("vendor/plot.js")));

  /** Load the bytes of a file; each file once. */
  hmix.loadBytes = (name) => {
    const path = name.includes("/") ? name : `data/${name}`;
    return hmix.once(begun, name, () => (FROM_DISK ? byScript(name, `${path}.js`).then(bytesOf) : fetched(path)));
  };
})();
