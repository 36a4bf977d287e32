"use strict";
// Answers of one stimulus or participant as dots on a line, each with who gave it and its flags.

(() => {
  const { h } = hmix;

  /** Return the names of the flags that a judgment has. */
  hmix.flagsOf = (data, flags, row) => {
    if (!data.judgments.has("flags")) return [];
    const mask = data.judgments.column("flags").values[row];
    return flags.filter((_, bit) => mask & (1 << bit));
  };

  /** Return the rows of a task's judgments about some stimuli. */
  hmix.rowsAbout = (data, stimuli) => {
    const wanted = new Uint8Array(data.stimuli.n);
    for (const s of stimuli) wanted[s] = 1;
    return hmix.rowsWhere(data, (row) => wanted[data.stimulus[row]]);
  };

  /** Return the rows of a task's judgments for which something holds. */
  hmix.rowsWhere = (data, holds) => {
    const rows = [];
    for (let row = 0; row < data.judgments.n; row++) if (holds(row)) rows.push(row);
    return rows;
  };

  /** Write the answer of a judgment. */
  hmix.answerText = (data, classes, row) => {
    const { values, width } = data.judgments.column(data.task.answer);
    if (data.task.kind === "class") return classes[values[row]] ?? "–";
    if (!width) return hmix.fixed(values[row]);
    const shares = Array.from(values.subarray(row * width, (row + 1) * width), (share, c) => [classes[c], share]);
    return shares.filter(([, share]) => share > 0.005).sort((a, b) => b[1] - a[1]).slice(0, 3).map(([name, share]) => `${name} ${hmix.fixed(share)}`).join(", ");
  };

  const tell = (data, classes, flags, row) => {
    const who = data.participant ? data.people[data.participant[row]] : "all";
    const flagged = hmix.flagsOf(data, flags, row);
    return `${who}: ${hmix.answerText(data, classes, row)}${flagged.length ? ` (${flagged.map(hmix.words).join(", ")})` : ""}`;
  };

  /** Draw numeric answers as dots over 0 to 1, stacked where they are equal; a mark for what was shown, a band for a prediction. */
  hmix.dots = (data, classes, flags, rows, { shown = NaN, prediction = null, mean = NaN } = {}) => {
    const values = data.judgments.column(data.task.answer).values;
    const height = new Map();
    const dots = rows.filter((row) => values[row] === values[row]).map((row) => {
      const column = Math.round(values[row] * 50);
      const up = height.get(column) ?? 0;
      height.set(column, up + 1);
      const dot = h("i.dot", { title: tell(data, classes, flags, row), "data-row": String(row) });
      dot.classList.toggle("flagged", hmix.flagsOf(data, flags, row).some((flag) => flag !== "synthetic"));
      dot.style.insetInlineStart = `${column * 2}%`;
      dot.style.bottom = `${up * 9}px`;
      return dot;
    });
    const strip = h("div.strip", { "aria-hidden": "true" });
    strip.style.height = `${Math.max(...height.values(), 1) * 9 + 6}px`;
    const mark = (name, x, title) => {
      if (!Number.isFinite(x)) return;
      const node = h(`i.${name}`, { title });
      node.style.insetInlineStart = `${100 * x}%`;
      strip.append(node);
    };
    if (prediction) {
      const band = h("i.band", { title: `model: ${hmix.fixed(prediction[0])} (${hmix.fixed(prediction[1])} to ${hmix.fixed(prediction[2])})` });
      band.style.insetInlineStart = `${100 * prediction[1]}%`;
      band.style.width = `${100 * (prediction[2] - prediction[1])}%`;
      strip.append(band);
      mark("predicted", prediction[0], `model: ${hmix.fixed(prediction[0])}`);
    }
    mark("shown", shown, `shown: ${hmix.plain(shown)}`);
    mark("mean", mean, `mean: ${hmix.fixed(mean)}`);
    strip.append(...dots);
    return h("div.dots", {}, strip, h("div.ends", { "aria-hidden": "true" }, h("span", {}, "0"), h("span", {}, "0.25"), h("span", {}, "0.5"), h("span", {}, "0.75"), h("span", {}, "1")));
  };

  /** Make a table of judgments: who or which stimulus, the answer, confidence, time, flags. */
  hmix.judgmentTable = (view, rows, caption, first) => {
    const { data, classes, flags } = view;
    const has = (name) => name && data.judgments.has(name);
    const value = (name, row) => data.judgments.column(name).values[row];
    const headings = [first.heading, "answer"];
    if (has(data.task.confidence)) headings.push("confidence");
    if (has("response_time_ms")) headings.push("time");
    headings.push("flags");
    const cells = (row) => [
      first.cell(row),
      hmix.answerText(data, classes, row),
      ...(has(data.task.confidence) ? [hmix.fixed(value(data.task.confidence, row))] : []),
      ...(has("response_time_ms") ? [hmix.seconds(value("response_time_ms", row))] : []),
      [has("is_repeat") && value("is_repeat", row) ? "repeat" : "", ...hmix.flagsOf(data, flags, row).filter((flag) => flag !== "synthetic").map(hmix.words)].filter(Boolean).join(", "),
    ];
    return h("div.scroll", { tabindex: "0", role: "region", "aria-label": caption }, hmix.table(caption, headings, rows.map(cells)));
  };
})();
