"use strict";
// The panel of figures: drawn when they come into sight, brushed with the mouse, each with its data as a table.

(() => {
  const { h } = hmix;
  const WIDTH = 340;

  const tableOf = (figure) => h("details.data", {}, h("summary", {}, "Data"), h("div.scroll", { tabindex: "0", role: "region", "aria-label": `Data: ${figure.title}` }, hmix.table(figure.title, figure.table.headings, figure.table.rows)));

  const legendOf = (figure) =>
    figure.legend &&
    h("p.legend", {}, Object.entries(figure.legend).map(([name, colour]) => {
      const swatch = h("i", {});
      swatch.style.background = colour;
      return h("span", {}, swatch, name);
    }));

  const draw = (figure, width) =>
    Plot.plot({ width, marginTop: 24, marginRight: 14, marginLeft: 46, marginBottom: 38, style: { background: "none", fontSize: "11px", overflow: "visible", fontFamily: "inherit" }, className: "plot", ...figure.plot });

  /** Make a figure one picture with a name: its parts, which Plot names, are none of their own. */
  hmix.asPicture = (svg, words) => {
    for (const name of ["aria-label", "aria-description", "aria-hidden"]) svg.querySelectorAll(`[${name}]`).forEach((node) => node.removeAttribute(name));
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", words);
  };

  /** Let the mouse select along an axis: what is selected becomes an interval of the filter. */
  const brush = (svg, { axis, filter, isWhole }, texts, choose) => {
    if (!matchMedia("(pointer: fine)").matches) return;
    const scale = svg.scale(axis);
    const [x, y] = ["x", "y"].map((name) => [...svg.scale(name).range].sort((a, b) => a - b));
    const made = axis === "x" ? d3.brushX() : d3.brushY();
    const layer = d3.select(svg).insert("g", ":first-child").attr("class", "brush");
    const write = (value) => (isWhole ? String(Math.round(value)) : hmix.plain(Math.min(Math.max(Math.round(value * 100) / 100, 0), 1)));
    made.extent([[x[0], y[0]], [x[1], y[1]]]);
    const interval = texts.find((text) => text.includes(":")) ?? texts[0];
    layer.call(made);
    if (interval) {
      const [low, high] = interval.includes(":") ? interval.split(":") : [interval, interval];
      const ends = [low || scale.domain[0], high || scale.domain[1]].map((end) => scale.apply(Number(end))).sort((a, b) => a - b);
      layer.call(made.move, ends);
    }
    made.on("end", ({ selection, sourceEvent }) => {
      if (!sourceEvent) return;
      const ends = selection?.map((place) => scale.invert(place)).sort((a, b) => a - b);
      choose(filter, ends ? [ends.map(write).join(":")] : []);
    });
  };

  const whenIdle = window.requestIdleCallback ? (task) => requestIdleCallback(task, { timeout: 300 }) : (task) => setTimeout(task, 30);
  const cancelIdle = window.cancelIdleCallback ?? clearTimeout;

  const inSight = (node) => {
    const { top, bottom } = node.getBoundingClientRect();
    return bottom > 0 && top < window.innerHeight;
  };

  /** The panel in an element; `choose` sets a filter to texts. */
  hmix.Panel = class {
    constructor(host, choose) {
      this.host = host;
      this.choose = choose;
      this._open = new Set();
      this.left = [];
      new ResizeObserver(([entry]) => {
        const width = Math.floor(entry.contentRect.width);
        if (this.view && width && Math.abs(width - this.width) > 4) this.show(this.view);
      }).observe(host);
    }

    /** Draw the figures of a view: at once those in sight, the others when there is time. */
    show(view) {
      this.view = view;
      this.width = Math.floor(this.host.clientWidth) || WIDTH;
      cancelIdle(this._idle);
      const makers = view.summary.judgments ? hmix.figuresOf(view) : [];
      while (this.host.children.length > makers.length) this.host.lastElementChild.remove();
      while (this.host.children.length < makers.length) this.host.append(h("figure.card.empty"));
      const named = new Set(view.data.task.filters.map(({ name }) => name));
      const cards = [...this.host.children];
      // All are asked where they are before one is drawn, since each question after a change is a new layout.
      const isSeen = cards.map(inSight);
      const left = (this.left = []);
      makers.forEach((make, i) => (isSeen[i] ? cards[i].replaceWith(this._card(make(), named)) : left.push([make, cards[i]])));
      const next = () => {
        if (!left.length) return;
        const [make, card] = left.shift();
        card.replaceWith(this._card(make(), named));
        this._idle = whenIdle(next);
      };
      this._idle = whenIdle(next);
    }

    _card(figure, named) {
      const svg = draw(figure, Math.max(this.width - 26, 200));
      const canBrush = figure.brush && named.has(figure.brush.filter);
      if (canBrush) brush(svg, figure.brush, this.view.filters[figure.brush.filter] ?? [], this.choose);
      if (figure.pick && named.has(figure.pick.filter)) this._pick(svg, figure);
      hmix.asPicture(svg, `${figure.title}. Its data are in the table below.`);
      const details = tableOf(figure);
      details.open = this._open.has(figure.id);
      details.addEventListener("toggle", () => (details.open ? this._open.add(figure.id) : this._open.delete(figure.id)));
      return h("figure.card", { "data-figure": figure.id }, h("figcaption", {}, h("h3", {}, figure.title), h("p.note", {}, figure.note ?? "", canBrush ? h("span.by-mouse", {}, ` ${figure.byMouse}`) : "")), legendOf(figure), svg, details);
    }

    /** Let a press on a bar choose its class. */
    _pick(svg, { pick, points }) {
      const bars = svg.querySelectorAll("[aria-label=bar] rect");
      bars.forEach((bar, i) => {
        bar.classList.add("pressed");
        bar.addEventListener("click", () => {
          const texts = this.view.filters[pick.filter] ?? [];
          const name = points[i][pick.of];
          this.choose(pick.filter, texts.includes(name) ? texts.filter((one) => one !== name) : [...texts, name]);
        });
      });
    }
  };
})();
