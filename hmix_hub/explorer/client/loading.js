"use strict";
// Files of the folder: fetched over http, and from a disk read by the scripts beside them.

var hmix = {};

(() => {
  const FROM_DISK = location.protocol === "file:";
  const waiting = new Map();
  const begun = new Map();

  /** Take what a script of the data folder brings; called by these scripts alone. */
  hmix.receive = (name, payload) => {
    const waiter = waiting.get(name);
    waiting.delete(name);
    if (waiter) waiter.resolve(payload);
  };

  const byScript = (name, path) =>
    new Promise((resolve, reject) => {
      waiting.set(name, { resolve });
      const script = document.createElement("script");
      script.src = path;
      script.onerror = () => reject(new Error(`${path} is missing`));
      document.head.append(script);
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

  /** Load what the data are about; a script everywhere, so that it comes before all else. */
  hmix.loadMetadata = () => byScript("explorer", "data/explorer.js");

  /** Load the bytes of a file; each file once. */
  hmix.loadBytes = (name) => {
    if (!begun.has(name)) {
      const path = name.includes("/") ? name : `data/${name}`;
      begun.set(name, FROM_DISK ? byScript(name, `${path}.js`).then(bytesOf) : fetched(path));
    }
    return begun.get(name);
  };
})();
