"use strict";
// Facets: one for every filter of the task, by the names and texts of the command line, with counts of what each value
// would give beside the other filters.

(() => {
  const { h } = hmix;
  const GROUPS = [
    ["What was shown", ["labels", "class_pair", "mixing_coefficient", "start_coefficient", "scale", "stimuli", "pairs"]],
    ["What people answered", null],
    ["Who and how", ["participants", "studies", "collection_round", "presentation", "repeats", "response_time_ms", "exclude_flags"]],
  ];
  const OPEN = ["labels", "mixing_coefficient", "inferred_coefficient", "selected_coefficient", "chosen_class", "rating", "scale", "n_votes"];

  const tableOf = (data, filter) => ({ stimuli: data.stimuli, participants: data.participants })[filter.table] ?? data.judgments;

  /** Return each judgment's code for a filter, and the texts that the codes stand for. */
  const coded = (data, filter, known) => {
    const table = tableOf(data, filter);
    const { values, names } = table.column(filter.column);
    let codes = values;
    let texts = names;
    if (filter.kind === "number") {
      const levels = new Map();
      codes = Int32Array.from(values, (x) => {
        if (Number.isNaN(x)) return -1;
        const text = hmix.plain(x);
        if (!levels.has(text)) levels.set(text, levels.size);
        return levels.size > 4 * hmix.FEW ? 0 : levels.get(text);
      });
      if (levels.size > hmix.FEW) return null;
      texts = [...levels.keys()];
      const sorted = texts.map((text, i) => [Number(text), i]).sort((a, b) => a[0] - b[0]);
      const places = new Int32Array(texts.length);
      sorted.forEach(([, i], place) => (places[i] = place));
      texts = sorted.map(([x]) => hmix.plain(x));
      codes = codes.map((code) => (code < 0 ? -1 : places[code]));
    } else if (filter.kind === "class") {
      texts = known.classes;
    } else if (!values) {
      const numbers = new Map();
      codes = Int32Array.from(names, (name) => numbers.get(name) ?? (numbers.set(name, numbers.size), numbers.size - 1));
      texts = [...numbers.keys()];
    }
    return { codes, texts, table };
  };

  /** Count each code of a facet among what the other filters leave. */
  const countCodes = (data, selection, filter, { codes, texts }) => {
    const counts = new Float64Array(texts.length);
    if (filter.table === "judgments" || !filter.table) return selection.counts(filter.name, codes, texts.length);
    const of = filter.table === "stimuli" ? data.stimulus : data.participant;
    const rows = filter.table === "stimuli" ? data.stimuli.n : data.participants.n;
    const each = selection.counts(filter.name, of, rows);
    for (let i = 0; i < rows; i++) if (codes[i] >= 0) counts[codes[i]] += each[i];
    return counts;
  };

  const countLabels = (data, selection, classes) => {
    const each = selection.perStimulus("labels");
    const [first, second] = ["image_1_label", "image_2_label"].map((name) => data.stimuli.column(name).values);
    const counts = new Float64Array(classes.length);
    for (let s = 0; s < each.length; s++) {
      if (first[s] >= 0) counts[first[s]] += each[s];
      if (second[s] >= 0 && second[s] !== first[s]) counts[second[s]] += each[s];
    }
    return counts;
  };

  const countFlags = (data, selection, flags) => {
    const { bits } = selection;
    const rest = ~selection.bitOf("exclude_flags");
    const { values } = data.judgments.column("flags");
    const counts = new Float64Array(flags.length);
    for (let i = 0; i < bits.length; i++) {
      if (bits[i] & rest) continue;
      for (let mask = values[i]; mask; mask &= mask - 1) counts[31 - Math.clz32(mask & -mask)] += 1;
    }
    return counts;
  };

  /** A facet: its control, and how its counts are found. */
  class Facet {
    constructor(filter, data, known, choose) {
      this.filter = filter;
      const own = (texts) => choose(filter.name, texts);
      const made = this._make(filter, data, known, own);
      this.control = made.control;
      this.counts = made.counts ?? (() => []);
      this.chosen = h("span.chosen");
      this.node = h("details.facet", { open: OPEN.includes(filter.name) || null, ontoggle: () => this.node.open && this._again?.() }, h("summary", { title: `Keep rows ${filter.meaning}` }, h("span", {}, hmix.sentence(hmix.words(filter.name))), this.chosen), made.control.node);
    }

    _make(filter, data, known, choose) {
      const { Boxes, Range, Search, Several } = hmix;
      switch (filter.kind) {
        case "class pair":
          return { control: new hmix.Pairs(filter, known.classes, choose) };
        case "truth":
          return { control: new hmix.ThreeWay(filter, choose, filter.name === "repeats" ? ["only", "none"] : ["yes", "no"]) };
        case "flag": {
          const flags = known.flags.filter((_, bit) => data.judgments.column("flags").values.some((mask) => mask & (1 << bit)));
          const bits = flags.map((flag) => known.flags.indexOf(flag));
          const counts = (selection) => {
            const all = countFlags(data, selection, known.flags);
            return bits.map((bit) => all[bit]);
          };
          return { control: flags.length ? new Boxes(flags, choose) : new hmix.Several(), counts };
        }
        case "class":
          if (filter.name === "labels") return { control: new Boxes(known.classes, choose), counts: (selection) => countLabels(data, selection, known.classes) };
      }
      const codes = coded(data, filter, known);
      if (!codes) return { control: new Range(filter, choose) };
      const counts = (selection) => countCodes(data, selection, filter, codes);
      if (filter.kind === "number") return { control: new Several(new Boxes(codes.texts, choose), new Range(filter, choose)), counts };
      if (filter.kind === "class" || codes.texts.length <= hmix.FEW) return { control: new Boxes(codes.texts, choose, (text) => text), counts };
      let selection = null;
      const found = () => new Map(Array.from(counts(selection), (n, code) => [codes.texts[code], n]));
      return { control: new Search(filter, codes.texts, choose, found), counts: (now) => ((selection = now), []) };
    }

    update(texts, selection) {
      this.chosen.textContent = texts.length ? String(texts.length) : "";
      this.chosen.hidden = !texts.length;
      this._again = () => this.control.update(texts, this.counts(selection));
      // What is folded away is counted when it is opened.
      if (this.node.open) this._again();
    }
  }

  /** All facets of a task. */
  hmix.Facets = class {
    constructor(data, known, choose) {
      const named = new Map(data.task.filters.map((filter) => [filter.name, filter]));
      const listed = GROUPS.flatMap(([, names]) => names ?? []);
      const useful = (filter) => this._isUseful(filter, data, known);
      this.facets = [];
      this.node = h("div.facets");
      for (const [title, names] of GROUPS) {
        const filters = names ? names.map((name) => named.get(name)).filter(Boolean) : data.task.filters.filter(({ name }) => !listed.includes(name));
        const facets = filters.filter(useful).map((filter) => new Facet(filter, data, known, choose));
        if (!facets.length) continue;
        this.facets.push(...facets);
        this.node.append(h("section.group", {}, h("h2", {}, title), facets.map(({ node }) => node)));
      }
    }

    /** Whether a facet could divide the judgments; the filter itself works from the address all the same. */
    _isUseful(filter, data) {
      const table = tableOf(data, filter);
      return ["class", "class pair"].includes(filter.kind) && filter.name !== "chosen_class" ? true : table.has(filter.column);
    }

    update(filters, selection) {
      for (const facet of this.facets) facet.update(filters[facet.filter.name] ?? [], selection);
    }
  };
})();
