"use strict";
// Elements and words of the page. Texts of studies become text nodes, never markup.

(() => {
  /** Make an element: attributes, `on…` listeners, then children (elements or texts; null is nothing). */
  hmix.h = (name, attributes = {}, ...children) => {
    const [tag, ...classes] = name.split(".");
    const node = document.createElement(tag || "div");
    if (classes.length) node.className = classes.join(" ");
    for (const [key, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (key in node && typeof value !== "string") node[key] = value;
      else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  };

  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

  /** Write a count: 12,345. */
  hmix.count = (n) => whole.format(n);

  /** Write a count with its noun: 1 judgment, 12 judgments; stimulus has a plural of its own. */
  hmix.counted = (n, noun) => `${hmix.count(n)} ${n === 1 ? noun : noun === "stimulus" ? "stimuli" : noun.endsWith("s") ? `${noun}es` : `${noun}s`}`;

  /** Write a number with so many decimals; a dash where there is none. */
  hmix.fixed = (x, digits = 2) => (Number.isFinite(x) ? x.toFixed(digits).replace("-", "−") : "–");

  /** Write a difference with its sign. */
  hmix.signed = (x, digits = 2) => (x > 0 ? "+" : "") + hmix.fixed(x, digits);

  /** Write milliseconds as seconds. */
  hmix.seconds = (ms) => (Number.isFinite(ms) ? `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s` : "–");

  /** Write a coefficient, or another number that stands for itself: 0.30000000000000004 is 0.3. */
  hmix.plain = (x) => String(Number(x.toFixed(9)));

  /** Return what a function gives for each value, as small whole numbers: `from` of typed arrays takes ten times as long. */
  hmix.mapBytes = (values, compute) => {
    const bytes = new Uint8Array(values.length);
    for (let i = 0; i < values.length; i++) bytes[i] = compute(values[i], i);
    return bytes;
  };

  /** Return the place of each value among the levels that occur, -1 of NaN, and the levels in order; null if they are more than `most`. */
  hmix.levelsOf = (values, most = Infinity) => {
    const codes = new Map();
    for (let i = 0; i < values.length; i++) {
      if (codes.has(values[i])) continue;
      codes.set(values[i], 0);
      if (codes.size > 4 * most) return null;
    }
    // Numbers that are equal to nine decimals are one level.
    const levels = [...new Set([...codes.keys()].filter((x) => !Number.isNaN(x)).map(hmix.plain))].map(Number).sort((a, b) => a - b);
    if (levels.length > most) return null;
    for (const x of codes.keys()) codes.set(x, levels.indexOf(Number(hmix.plain(x))));
    const places = new Int32Array(values.length);
    for (let i = 0; i < values.length; i++) places[i] = codes.get(values[i]);
    return { levels, places };
  };

  /** Write the name of a column or flag in words. */
  hmix.words = (name) => name.replaceAll("_", " ").replace(/ ms$/, "");

  hmix.sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  /** Make a table from a heading and rows of cells; numbers to the right. */
  hmix.table = (caption, headings, rows) =>
    hmix.h(
      "table",
      {},
      hmix.h("caption.unseen", {}, caption),
      hmix.h("thead", {}, hmix.h("tr", {}, headings.map((text) => hmix.h("th", { scope: "col" }, text)))),
      hmix.h(
        "tbody",
        {},
        rows.map(([head, ...cells]) =>
          hmix.h("tr", {}, hmix.h("th", { scope: "row" }, head), cells.map((cell) => hmix.h("td", {}, cell))),
        ),
      ),
    );

  /** Say something to those who cannot see what changed. */
  hmix.announce = (text) => {
    document.getElementById("said").textContent = text;
  };
})();
