"use strict";
// The page of one stimulus: its endpoints, every mixture of them, and what people answered about the pair in each task.

(() => {
  const { h } = hmix;

  const same = (data, other, s, o) => {
    const set = (tables, i) => tables.stimuli.column("image_set").names[tables.stimuli.column("image_set").values[i]];
    return other.stimuli.column("pair_id").names[o] === data.stimuli.column("pair_id").names[s] && set(data, s) === set(other, o);
  };

  /** Whether a stimulus is one picture, mixed with no other. */
  const isSingle = ({ stimuli }, s) => ["image_2", "image_2_label"].every((name) => stimuli.column(name).values[s] < 0);

  /** Show an endpoint, in its own size once that is there. */
  const endpoint = (view, s, which) => {
    const n = view.data.stimuli.column(`image_${which}`).values[s];
    const name = view.classes[view.data.stimuli.column(`image_${which}_label`).values[s]];
    if (!name) return null;
    const canvas = h("canvas", { role: "img", "aria-label": `Image ${which}: ${name}`, width: 1, height: 1 });
    const paint = () => hmix.paint(canvas, view.pictures.count && n >= 0 ? view.pictures.large(n) : undefined);
    paint();
    return { node: h("figure.endpoint", {}, canvas, h("figcaption", {}, h(which === 1 ? "b.one" : "b.two", {}, name), h("span.soft", {}, `image ${which}`))), paint };
  };

  /** Show the only picture of a stimulus. */
  const single = (view, s) => {
    const [name = ""] = hmix.classesOf(view.data, view.classes, s);
    const canvas = h("canvas", { role: "img", "aria-label": `Picture: ${name}`, width: 1, height: 1 });
    const paint = () => hmix.paint(canvas, view.pictures.shown(view.data.stimuli, s, hmix.drawnCoefficient(view.data, view.summary, s, view.walk), true));
    paint();
    return { node: h("figure.mixture", {}, canvas, h("figcaption", {}, h("b.one", {}, name))), paint };
  };

  /** The mixture with a slider over the eleven coefficients; large pictures are mixed in their own size. */
  const mixer = (view, s) => {
    const { data, walk, pictures } = view;
    const shown = data.stimuli.has("mixing_coefficient") ? data.stimuli.column("mixing_coefficient").values[s] : null;
    const levels = [...new Set([...walk, ...(shown === null ? [] : [shown])].map((x) => Number(hmix.plain(x))))].sort((a, b) => a - b);
    const exact = (level) => [shown, ...walk].find((x) => x !== null && Math.abs(x - level) < 1e-9);
    const canvas = h("canvas", { role: "img", width: 1, height: 1 });
    const output = h("output", { for: "mixture" });
    const input = h("input", { type: "range", id: "mixture", min: 0, max: levels.length - 1, step: 1, "aria-label": "Share of image 1 in the mixture", list: "levels" });
    const paint = () => {
      const coefficient = exact(levels[input.value]);
      hmix.paint(canvas, pictures.shown(data.stimuli, s, coefficient, true));
      const isShown = shown !== null && coefficient === shown;
      output.textContent = `${hmix.plain(coefficient)}${isShown ? " · as shown" : ""}`;
      input.setAttribute("aria-valuetext", output.textContent);
      canvas.setAttribute("aria-label", `Mixture with ${hmix.plain(coefficient)} of image 1`);
    };
    input.addEventListener("input", paint);
    input.value = levels.indexOf(Number(hmix.plain(hmix.drawnCoefficient(data, view.summary, s, walk))));
    paint();
    const ticks = h("datalist", { id: "levels" }, levels.map((_, i) => h("option", { value: String(i) })));
    return { node: h("figure.mixture", {}, canvas, h("figcaption", {}, h("div.slide", {}, h("span.two", { "aria-hidden": "true" }, "0"), input, ticks, h("span.one", { "aria-hidden": "true" }, "1")), h("span.soft", {}, "share of image 1 "), output)), paint };
  };

  /** Show what was answered in one task about one stimulus. */
  const answersAbout = (view, other, o, isThis) => {
    const { data } = other;
    const rows = hmix.rowsAbout(data, [o]);
    const of = { ...view, data };
    const coefficient = data.stimuli.has("mixing_coefficient") ? data.stimuli.column("mixing_coefficient").values[o] : NaN;
    const scale = data.task.facet ? data.stimuli.column("scale").names[data.stimuli.column("scale").values[o]] : "";
    const caption = [Number.isNaN(coefficient) ? "" : `shown ${hmix.plain(coefficient)}`, scale, hmix.counted(rows.length, "judgment")].filter(Boolean).join(" · ");
    const column = (name) => (data.stimuli.has(name) ? data.stimuli.column(name).values[o] : NaN);
    const prediction = Number.isFinite(column("prediction")) ? ["prediction", "prediction_low", "prediction_high"].map(column) : null;
    const answers = data.judgments.column(data.task.answer).values;
    const mean = rows.reduce((sum, row) => sum + answers[row], 0) / rows.length;
    const chart = hmix.isOverClasses(data.task)
      ? shareBars(data, view.classes, rows)
      : hmix.dots(data, view.classes, view.flags, rows, { shown: data.task.kind === "rating" ? NaN : coefficient, prediction, mean });
    const who = { heading: "participant", cell: (row) => (data.participant ? h("a", { href: view.participantHref(data.people[data.participant[row]]) }, data.people[data.participant[row]]) : "all") };
    const notes = [isThis ? "this stimulus" : "", hmix.isOverClasses(data.task) ? "" : `mean ${hmix.fixed(mean)}`, prediction ? `model ${hmix.fixed(prediction[0])} (${hmix.fixed(prediction[1])} to ${hmix.fixed(prediction[2])})` : ""].filter(Boolean);
    return h(
      "div.about",
      { class: isThis ? "about current" : "about" },
      h("h4", {}, isThis ? caption : h("a", { href: view.hrefOfKey(data.task.name, data.keys[o]) }, caption), " ", h("span.soft", {}, notes.join(" · "))),
      chart,
      h("details.data", {}, h("summary", {}, "Judgments"), hmix.judgmentTable(of, rows, `Judgments: ${data.task.title}, ${caption}`, who)),
    );
  };

  const shareBars = (data, classes, rows) => {
    const { values, width } = data.judgments.column(data.task.answer);
    const sums = new Map();
    for (const row of rows)
      classes.forEach((name, c) => {
        const share = width ? values[row * width + c] : values[row] === c ? 1 : 0;
        if (share > 0) sums.set(name, (sums.get(name) ?? 0) + share / rows.length);
      });
    const bars = [...sums].sort((a, b) => b[1] - a[1]).map(([name, share]) => {
      const bar = h("span.share", {}, h("span", {}, name), h("span", {}, hmix.fixed(share)));
      bar.style.setProperty("--share", `${100 * share}%`);
      return bar;
    });
    return h("div.shares.wide", {}, bars);
  };

  /** Return the page of a stimulus; `others` are the data of every task. */
  hmix.stimulusPage = (view, s, others) => {
    const { data } = view;
    const names = hmix.classesOf(data, view.classes, s);
    const parts = (isSingle(data, s) ? [single(view, s)] : [endpoint(view, s, 1), mixer(view, s), endpoint(view, s, 2)]).filter(Boolean);
    const sections = others.map((other) => {
      const about = [];
      for (let o = 0; o < other.data.stimuli.n; o++) if (same(data, other.data, s, o)) about.push(o);
      if (!about.length) return null;
      const level = (o) => (other.data.stimuli.has("mixing_coefficient") ? other.data.stimuli.column("mixing_coefficient").values[o] : 0);
      about.sort((a, b) => level(a) - level(b));
      const isThis = (o) => other.data === data && o === s;
      return h("section.card", {}, h("h3", {}, hmix.sentence(other.data.task.title)), other.data.task.question ? h("p.note", {}, `The participant ${other.data.task.question}.`) : null, about.map((o) => answersAbout(view, other, o, isThis(o))));
    });
    const key = h("p.legend", {}, h("span", {}, h("i.key.dot"), "one answer"), h("span", {}, h("i.key.dot.flagged"), "flagged"), h("span", {}, h("i.key.shown"), "shown"), h("span", {}, h("i.key.mean"), "mean"), view.model ? h("span", {}, h("i.key.band"), `${100 * view.model.level} % of answers by the model (${view.model.title})`) : null);
    return {
      title: names.join(" · "),
      subtitle: data.names[s],
      node: h("div.page", {}, h("div.stage", {}, parts.map(({ node }) => node)), key, h("div.sections", {}, sections)),
      repaint: () => parts.forEach(({ paint }) => paint()),
    };
  };
})();
