"use strict";
// The page of one participant: their judgments in order, how they answer on average, how long they take, their flags.

(() => {
  const { h } = hmix;

  const median = (numbers) => {
    const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  };

  const meanOf = (numbers) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

  const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

  const factsOf = (view, data, rows) => {
    const value = (name, row) => data.judgments.column(name).values[row];
    const facts = [fact("judgments", hmix.count(rows.length))];
    const shown = data.task.kind === "rating" || hmix.isOverClasses(data.task) ? null : hmix.shownOf(data);
    if (shown) {
      const off = rows.map((row) => value(data.task.answer, row) - shown(data.stimulus[row])).filter(Number.isFinite);
      facts.push(fact("mean bias", hmix.signed(meanOf(off), 3)), fact("mean absolute error", hmix.fixed(meanOf(off.map(Math.abs)), 3)));
    }
    if (data.task.confidence && data.judgments.has(data.task.confidence)) {
      const sure = rows.map((row) => value(data.task.confidence, row)).filter(Number.isFinite);
      if (sure.length) facts.push(fact("mean confidence", hmix.fixed(meanOf(sure))));
    }
    if (data.judgments.has("response_time_ms")) facts.push(fact("median response time", hmix.seconds(median(rows.map((row) => value("response_time_ms", row))))));
    const flagged = new Map();
    for (const row of rows) for (const flag of hmix.flagsOf(data, view.flags, row)) flagged.set(flag, (flagged.get(flag) ?? 0) + 1);
    flagged.delete("synthetic");
    facts.push(fact("flags", [...flagged].map(([flag, n]) => `${hmix.words(flag)} (${n})`).join(", ") || "none"));
    return h("dl.facts", {}, facts);
  };

  const chartOf = (data, rows, width) => {
    const shown = hmix.shownOf(data);
    const answers = data.judgments.column(data.task.answer).values;
    if (!shown || hmix.isOverClasses(data.task) || data.task.kind === "rating") return null;
    const points = rows.map((row, i) => ({ i: i + 1, x: shown(data.stimulus[row]), y: answers[row] }));
    const isMidpoint = data.task.kind === "selected";
    const marks = isMidpoint
      ? [Plot.ruleY([0.5], { stroke: "var(--soft)", strokeDasharray: "3,4" }), Plot.lineY(points, { x: "i", y: "y", stroke: "var(--accent)", strokeOpacity: 0.35 }), Plot.dot(points, { x: "i", y: "y", fill: "var(--accent)", r: 3.5 })]
      : [Plot.link([0], { x1: [0], y1: [0], x2: [1], y2: [1], stroke: "var(--soft)", strokeDasharray: "3,4" }), Plot.dot(points, { x: (p) => p.x + (((p.i * 37) % 11) - 5) / 400, y: "y", fill: "var(--accent)", fillOpacity: 0.65, r: 4 })];
    const svg = Plot.plot({ width, height: 240, marginLeft: 46, marginBottom: 38, className: "plot", style: { background: "none", fontSize: "11px", fontFamily: "inherit" }, x: isMidpoint ? { label: "judgment, in order" } : { domain: [-0.03, 1.03], ticks: [0, 0.25, 0.5, 0.75, 1], tickFormat: hmix.plain, label: "shown" }, y: { domain: [-0.02, 1.02], ticks: [0, 0.25, 0.5, 0.75, 1], tickFormat: hmix.plain, label: isMidpoint ? "selected" : "seen", grid: true }, marks });
    hmix.asPicture(svg, isMidpoint ? "Selected coefficients in order; they are in the table below." : "Answers by shown coefficient; they are in the table below.");
    return svg;
  };

  /** Return the filters that keep the judgments of a participant in a task; null if there are none. */
  hmix.filtersOf = (data, name) => {
    const number = data.people.indexOf(name);
    if (!data.participant?.includes(number)) return null;
    const id = data.participants.column("participant_id").names[number];
    const { names, values } = data.participants.column("study_id");
    return id === name ? { participants: [id] } : { participants: [id], studies: [names[values[number]]] };
  };

  /** Return the page of a participant; `others` are the data of every task. */
  hmix.participantPage = (view, name, others, width) => {
    const sections = others.map((other) => {
      const { data } = other;
      if (!data.participant) return null;
      const number = data.people.indexOf(name);
      const rows = hmix.rowsWhere(data, (row) => data.participant[row] === number);
      if (!rows.length) return null;
      if (data.judgments.has("trial_index")) {
        const { values } = data.judgments.column("trial_index");
        rows.sort((a, b) => values[a] - values[b]);
      }
      const shown = (row) => (data.stimuli.has("mixing_coefficient") ? ` at ${hmix.plain(data.stimuli.column("mixing_coefficient").values[data.stimulus[row]])}` : "");
      const scale = (row) => (data.task.facet ? `, ${data.stimuli.column("scale").names[data.stimuli.column("scale").values[data.stimulus[row]]]}` : "");
      const words = (row) => `${hmix.classesOf(data, view.classes, data.stimulus[row]).join(" · ")}${shown(row)}${scale(row)}`;
      const link = { heading: "stimulus", cell: (row) => h("a", { href: view.hrefOfKey(data.task.name, data.keys[data.stimulus[row]]) }, words(row)) };
      const chart = chartOf(data, rows, Math.min(width - 60, 520));
      return h("section.card", {}, h("h3", {}, hmix.sentence(data.task.title)), factsOf(view, data, rows), h("div.beside", {}, chart, hmix.judgmentTable({ ...view, data }, rows, `Judgments of ${name}: ${data.task.title}`, link)));
    });
    return { title: "Participant", subtitle: name, node: h("div.page", {}, h("div.sections.whole", {}, sections)), repaint: () => {} };
  };
})();
