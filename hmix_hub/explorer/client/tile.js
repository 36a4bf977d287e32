"use strict";
// A tile of the gallery: a picture, its classes, and what was shown beside what people saw.

(() => {
  const { h } = hmix;
  const BARS = 3;

  /** Return the classes of a stimulus by name, one or two. */
  hmix.classesOf = (data, classes, s) =>
    ["image_1_label", "image_2_label"].map((name) => classes[data.stimuli.column(name).values[s]]).filter(Boolean);

  /** Return the coefficient that a picture of a stimulus is drawn at; of pairs, where people put the middle. */
  hmix.drawnCoefficient = (data, summary, s, walk) => {
    if (data.stimuli.has("mixing_coefficient")) return data.stimuli.column("mixing_coefficient").values[s];
    const mean = Number.isNaN(summary.mean[s]) ? 0.5 : summary.mean[s];
    return walk[Math.round(10 * mean)];
  };

  /** Return the largest shares of the mean answer about a stimulus: [class, share], largest first. */
  hmix.leadingShares = (summary, s, classes) =>
    classes
      .map((name, c) => [name, summary.shares[s * summary.k + c] / summary.answered[s]])
      .filter(([, share]) => share > 0)
      .sort((a, b) => b[1] - a[1]);

  const votesOf = ({ votes }, s) => (votes?.[s] > 0 ? hmix.counted(votes[s], "vote") : "");

  /** Say in words what a tile shows. */
  hmix.tileWords = (view, s) => {
    const { data, summary, classes } = view;
    const names = hmix.classesOf(data, classes, s).join(" and ");
    const scale = data.task.facet ? `${data.stimuli.column("scale").names[data.stimuli.column("scale").values[s]]}, ` : "";
    const shown = data.stimuli.has("mixing_coefficient") ? `, shown ${hmix.plain(data.stimuli.column("mixing_coefficient").values[s])}` : "";
    const seen = hmix.isOverClasses(data.task)
      ? hmix.leadingShares(summary, s, classes).slice(0, BARS).map(([name, share]) => `${name} ${hmix.fixed(share)}`).join(", ")
      : `${data.task.kind === "rating" ? "rated" : data.task.kind === "selected" ? "half at" : "seen"} ${hmix.fixed(summary.mean[s])}`;
    return `${scale}${names}${shown}, ${seen}, ${votesOf(summary, s) || hmix.counted(summary.n[s], "judgment")}`;
  };

  /** Make a tile, which can be told to show another stimulus. */
  hmix.Tile = class {
    constructor() {
      this.canvas = h("canvas", { "aria-hidden": "true", width: 1, height: 1 });
      this.names = h("span.names");
      this.track = h("span.track", {}, h("i.spread"), h("i.shown"), h("i.seen"));
      this.bars = h("span.shares");
      this.figures = h("span.figures");
      this.link = h("a.tile", { tabindex: "-1" }, h("span.picture", {}, this.canvas), this.names, this.track, this.bars, this.figures);
      this.cell = h("div.cell", { role: "gridcell" }, this.link);
      this.stimulus = -1;
    }

    /** Show a stimulus. */
    show(view, s, column) {
      const { data, summary, classes } = view;
      this.stimulus = s;
      this.cell.hidden = false;
      this.cell.setAttribute("aria-colindex", column + 1);
      this.link.setAttribute("href", view.hrefOf(s));
      this.link.setAttribute("aria-label", hmix.tileWords(view, s));
      this.names.replaceChildren(...hmix.classesOf(data, classes, s).map((name, i) => h(i ? "b.two" : "b.one", {}, name)));
      const isOverClasses = hmix.isOverClasses(data.task);
      this.track.hidden = isOverClasses;
      this.bars.hidden = !isOverClasses;
      if (isOverClasses) this._showShares(view, s);
      else this._showTrack(view, s);
      const n = votesOf(summary, s) || `n ${hmix.count(summary.n[s])}`;
      const coefficient = data.stimuli.has("mixing_coefficient") ? hmix.plain(data.stimuli.column("mixing_coefficient").values[s]) : null;
      const scale = data.task.facet ? data.stimuli.column("scale").names[data.stimuli.column("scale").values[s]] : null;
      const left = isOverClasses ? coefficient : [scale ?? coefficient, hmix.fixed(summary.mean[s])].filter((x) => x !== null).join(" → ");
      this.figures.replaceChildren(h("span", {}, left ?? ""), h("span.n", {}, n));
      this.paint(view);
    }

    /** Draw the picture, once it is there. */
    paint(view) {
      const coefficient = hmix.drawnCoefficient(view.data, view.summary, this.stimulus, view.walk);
      hmix.paint(this.canvas, view.pictures.shown(view.data.stimuli, this.stimulus, coefficient));
    }

    hide() {
      this.cell.hidden = true;
      this.stimulus = -1;
    }

    _showTrack({ data, summary }, s) {
      const [spread, shown, seen] = this.track.children;
      const mean = summary.mean[s];
      const level = data.task.kind === "rating" ? NaN : (hmix.shownOf(data)?.(s) ?? NaN);
      const low = Math.max(mean - summary.spread[s], 0);
      const high = Math.min(mean + summary.spread[s], 1);
      const place = (node, x, width) => {
        node.hidden = Number.isNaN(x);
        node.style.insetInlineStart = `${100 * x}%`;
        if (width !== undefined) node.style.width = `${100 * width}%`;
      };
      place(spread, low, high - low);
      place(shown, level);
      place(seen, mean);
    }

    _showShares({ summary, classes }, s) {
      const leading = hmix.leadingShares(summary, s, classes).slice(0, BARS);
      this.bars.replaceChildren(
        ...leading.map(([name, share]) => {
          const bar = h("span.share", {}, h("span", {}, name), h("span", {}, hmix.fixed(share)));
          bar.style.setProperty("--share", `${100 * share}%`);
          return bar;
        }),
      );
    }
  };
})();
