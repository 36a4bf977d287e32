"use strict";
// Controls of facets: each is made once for a filter and is then told what is chosen and how many judgments each
// value would give. What is pressed calls `choose` with the texts that the filter shall have.

(() => {
  const { h } = hmix;
  const FEW = 12;
  const MOST_SEEN = 8;

  const toggled = (texts, text) => (texts.includes(text) ? texts.filter((one) => one !== text) : [...texts, text]);

  /** Check boxes with counts, for values that are few enough to be listed. */
  class Boxes {
    constructor(options, choose, said = hmix.words) {
      this.choose = choose;
      this.rows = options.map((text) => {
        const input = h("input", { type: "checkbox", onchange: () => this.choose(toggled(this.texts, text)) });
        const count = h("span.n");
        const bar = h("i.bar", { "aria-hidden": "true" });
        return { text, input, count, bar, node: h("label.box", {}, input, h("span.what", {}, said(text)), count, bar) };
      });
      this.node = h("div.boxes", {}, this.rows.map(({ node }) => node));
    }

    update(texts, counts) {
      this.texts = texts;
      const most = Math.max(...counts, 1);
      this.rows.forEach(({ text, input, count, bar, node }, i) => {
        input.checked = texts.includes(text);
        count.textContent = hmix.count(counts[i]);
        bar.style.width = `${(100 * counts[i]) / most}%`;
        node.classList.toggle("none", !counts[i]);
      });
    }
  }

  /** Two fields for a closed interval, each may stay empty. */
  class Range {
    constructor(filter, choose) {
      this.choose = choose;
      const field = (words) =>
        h("input", { type: "number", step: "any", "aria-label": `${hmix.sentence(hmix.words(filter.name))}, ${words}`, placeholder: words, onchange: () => this._changed() });
      [this.low, this.high] = [field("from"), field("to")];
      this.node = h("div.range", {}, this.low, h("span", { "aria-hidden": "true" }, "to"), this.high, filter.unit === "ms" ? h("span", {}, "ms") : null);
    }

    _changed() {
      const [low, high] = [this.low.value.trim(), this.high.value.trim()];
      const kept = this.texts.filter((text) => !text.includes(":"));
      this.choose(low || high ? [...kept, `${low}:${high}`] : kept);
    }

    update(texts) {
      this.texts = texts;
      const interval = texts.find((text) => text.includes(":")) ?? ":";
      [this.low.value, this.high.value] = interval.split(":");
    }
  }

  /** A field to search ids in, and the first that match. */
  class Search {
    constructor(filter, ids, choose, counts) {
      this.ids = ids;
      this.choose = choose;
      this.counts = counts;
      const name = hmix.words(filter.name);
      this.input = h("input", { type: "search", placeholder: `Find in ${hmix.count(ids.length)}`, "aria-label": `Find ${name}`, oninput: () => this._list(), onkeydown: (event) => this._enter(event) });
      this.list = h("div.found", { role: "group", "aria-label": `Found ${name}` });
      this.node = h("div.search", {}, this.input, this.list);
    }

    _enter(event) {
      if (event.key !== "Enter") return;
      const exact = this.input.value.trim();
      if (exact) this.choose([...new Set([...this.texts, exact])]);
      this.input.value = "";
    }

    _list() {
      const counts = this.texts.length || this.input.value.trim() ? this.counts() : new Map();
      const wanted = this.input.value.trim().toLowerCase();
      const found = [...this.texts];
      for (const id of wanted ? this.ids : []) {
        if (found.length >= MOST_SEEN + this.texts.length) break;
        if (id.toLowerCase().includes(wanted) && !found.includes(id)) found.push(id);
      }
      const boxes = new Boxes(found, this.choose, (text) => text);
      const focused = this.boxes?.rows.find(({ input }) => input === document.activeElement)?.text;
      this.boxes = boxes;
      this.list.replaceChildren(boxes.node);
      boxes.rows.find(({ text }) => text === focused)?.input.focus();
      boxes.update(this.texts, found.map((id) => counts.get(id) ?? 0));
    }

    update(texts) {
      this.texts = texts;
      this._list();
    }
  }

  /** Three choices for a truth value: all, yes and no. */
  class ThreeWay {
    constructor(filter, choose, [yes, no]) {
      const one = (text, words) => {
        const input = h("input", { type: "radio", name: `facet-${filter.name}`, onchange: () => choose(text ? [text] : []) });
        return { text, input, node: h("label", {}, input, h("span", {}, words)) };
      };
      this.choices = [one("", "all"), one("true", yes), one("false", no)];
      this.node = h("div.three", { role: "radiogroup", "aria-label": hmix.sentence(hmix.words(filter.name)) }, this.choices.map(({ node }) => node));
    }

    update(texts) {
      for (const { text, input } of this.choices) input.checked = (texts[0] ?? "") === text;
    }
  }

  /** Two lists to choose a pair of classes from, and the pairs chosen. */
  class Pairs {
    constructor(filter, classes, choose) {
      const list = (words) => h("select", { "aria-label": words, onchange: () => this._both(choose) }, h("option", { value: "" }, "class"), classes.map((name) => h("option", { value: name }, name)));
      this.lists = [list("First class"), list("Second class")];
      this.node = h("div.range", {}, this.lists[0], h("span", { "aria-hidden": "true" }, "and"), this.lists[1]);
    }

    _both(choose) {
      const names = this.lists.map(({ value }) => value);
      if (!names.every(Boolean)) return;
      for (const list of this.lists) list.value = "";
      choose([...new Set([...this.texts, names.join(",")])]);
    }

    update(texts) {
      this.texts = texts;
    }
  }

  /** Several controls of one filter, one below the other. */
  class Several {
    constructor(...parts) {
      this.parts = parts;
      this.node = h("div.several", {}, parts.map(({ node }) => node));
    }

    update(texts, counts) {
      for (const part of this.parts) part.update(texts, counts);
    }
  }

  Object.assign(hmix, { Boxes, Range, Search, ThreeWay, Pairs, Several, FEW });
})();
