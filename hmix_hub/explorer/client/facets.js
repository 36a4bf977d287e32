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
      const found = hmix.levelsOf(values, hmix.FEW);
      if (!found) return null;
      [codes, texts] = [found.places, found.levels.map(hmix.plain)];
    } else if (filter.kind === "class") {
      texts = known.classes;
    } else if (!values) {
      const numbers = new Map();
      codes = names.map((name) => (known.has(filter, name) ? (numbers.get(name) ?? (numbers.set(name, numbers.size), numbers.size - 1)) : -1));
      texts = [...numbers.keys()];
    }
    return { codes, texts, table };
  };

  /** Count each code of a facet among what the other filters leave. */
  const countCodes = ({ data, selection, summary }, filter, { codes, texts }) => {
    const counts = new Float64Array(texts.length);
    if (!["stimuli", "participants"].includes(filter.table)) return selection.counts(filter.name, codes, texts.length);
    const each = filter.table === "stimuli" ? selection.perStimulus(filter.name, summary.n) : selection.counts(filter.name, data.participant, data.participants.n);
    for (let i = 0; i < codes.length; i++) if (codes[i] >= 0) counts[codes[i]] += each[i];
    return counts;
  };

  const countLabels = ({ data, selection, summary, classes }) => {
    const each = selection.perStimulus("labels", summary.n);
    const [first, second] = ["image_1_label", "image_2_label"].map((name) => data.stimuli.column(name).values);
    const counts = new Float64Array(classes.length);
    for (let s = 0; s < each.length; s++) {
      if (first[s] >= 0) counts[first[s]] += each[s];
      if (second[s] >= 0 && second[s] !== first[s]) counts[second[s]] += each[s];
    }
    return counts;
  };

  const countFlags = ({ data, selection, flags }) => {
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

  /** A facet: its control, which is made when it is first opened, and how its counts are found. */
  class Facet {
    constructor(filter, data, known, choose) {
      this.filter = filter;
      this._make = () => this._made(data, known, (texts) => choose(filter.name, texts));
      this.chosen = h("span.chosen");
      this.node = h("details.facet", { open: OPEN.includes(filter.name) || null, ontoggle: () => this._count() }, h("summary", { title: `Keep rows ${filter.meaning}` }, h("span", {}, hmix.sentence(hmix.words(filter.name))), this.chosen));
    }

    _made(data, known, choose) {
      const { filter } = this;
      const { Boxes, Range, Search, Several } = hmix;
      if (filter.kind === "class pair") return { control: new hmix.Pairs(filter, known.classes, choose) };
      if (filter.kind === "truth") return { control: new hmix.ThreeWay(filter, choose, filter.name === "repeats" ? ["only", "none"] : ["yes", "no"]) };
      if (filter.kind === "flag") {
        const all = data.judgments.column("flags").values.reduce((mask, flags) => mask | flags, 0);
        const flags = known.flags.filter((_, bit) => all & (1 << bit));
        const bits = flags.map((flag) => known.flags.indexOf(flag));
        const counts = (view) => {
          const found = countFlags(view);
          return bits.map((bit) => found[bit]);
        };
        return { control: flags.length ? new Boxes(flags, choose) : new Several(), counts };
      }
      if (filter.name === "labels") return { control: new Boxes(known.classes, choose, (text) => text), counts: countLabels };
      const codes = coded(data, filter, known);
      if (!codes) return { control: new Range(filter, choose) };
      const counts = (view) => countCodes(view, filter, codes);
      if (filter.kind === "number") return { control: new Several(new Boxes(codes.texts, choose), new Range(filter, choose)), counts };
      if (filter.kind === "class" || codes.texts.length <= hmix.FEW) return { control: new Boxes(codes.texts, choose, (text) => text), counts };
      const found = () => new Map(Array.from(counts(this.view), (n, code) => [codes.texts[code], n]));
      return { control: new Search(filter, codes.texts, choose, found) };
    }

    /** Show what is chosen; what is folded away is made and counted when it is opened. */
    update(view) {
      this.view = view;
      const n = view.filters[this.filter.name]?.length ?? 0;
      this.chosen.textContent = n || "";
      this.chosen.hidden = !n;
      this._count();
    }

    _count() {
      if (!this.node.open || !this.view) return;
      if (!this.made) {
        this.made = this._make();
        this.node.append(this.made.control.node);
      }
      this.made.control.update(this.view.filters[this.filter.name] ?? [], this.made.counts?.(this.view) ?? []);
    }
  }

  /** All facets of a task. */
  hmix.Facets = class {
    constructor(data, known, choose) {
      const named = new Map(data.task.filters.map((filter) => [filter.name, filter]));
      const listed = GROUPS.flatMap(([, names]) => names ?? []);
      const useful = (filter) => this._isUseful(filter, data);
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

    update(view) {
      for (const facet of this.facets) facet.update(view);
    }
  };
})();
