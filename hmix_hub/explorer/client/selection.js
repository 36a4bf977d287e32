"use strict";
// The selection: for each judgment one number whose bit f is set where filter f turns it away. A change of one filter
// looks at its own column alone, and what every other filter leaves is known without another pass.

(() => {
  const within = (intervals, values) => {
    const fails = new Uint8Array(values.length).fill(1);
    for (const [low, high] of intervals) {
      const [from, to] = [low - hmix.TOLERANCE, high + hmix.TOLERANCE];
      for (let i = 0; i < values.length; i++) if (values[i] >= from && values[i] <= to) fails[i] = 0;
    }
    return fails;
  };

  const anyOf = (wanted, { values, names }, n) => {
    const fails = new Uint8Array(n).fill(1);
    if (!values) {
      const texts = new Set(wanted);
      for (let i = 0; i < n; i++) if (texts.has(names[i])) fails[i] = 0;
      return fails;
    }
    const is = new Uint8Array(names.length);
    names.forEach((name, code) => (is[code] = wanted.includes(name) ? 1 : 0));
    for (let i = 0; i < n; i++) if (is[values[i]]) fails[i] = 0;
    return fails;
  };

  /** Return where the bits of a mask are not the ones wanted. */
  const differing = (values, mask, wanted) => {
    const fails = new Uint8Array(values.length);
    for (let i = 0; i < values.length; i++) fails[i] = (values[i] & mask) === wanted ? 0 : 1;
    return fails;
  };

  const both = (stimuli) => ["image_1_label", "image_2_label"].map((name) => stimuli.column(name).values);

  const showing = (codes, stimuli) => {
    const [first, second] = both(stimuli);
    return hmix.mapBytes(first, (code, i) => (codes.includes(code) || codes.includes(second[i]) ? 0 : 1));
  };

  const mixing = (pairs, stimuli) => {
    const [first, second] = both(stimuli);
    const is = (i, [a, b]) => (first[i] === a && second[i] === b) || (first[i] === b && second[i] === a);
    return hmix.mapBytes(first, (_, i) => (pairs.some((pair) => is(i, pair)) ? 0 : 1));
  };

  /** Return which rows of a filter's own table it turns away: Uint8Array, 1 where it does. */
  const failing = (filter, values, table) => {
    // A column that holds nothing is not written: no judgment has the value that is asked for, nor a flag.
    if (filter.column && !table.has(filter.column)) return new Uint8Array(table.n).fill(filter.kind === "flag" ? 0 : 1);
    switch (filter.kind) {
      case "number":
        return within(values, table.column(filter.column).values);
      case "id":
        return anyOf(values, table.column(filter.column), table.n);
      case "class pair":
        return mixing(values, table);
      case "class":
        if (filter.name === "labels") return showing(values, table);
        return hmix.mapBytes(table.column(filter.column).values, (code) => (values.includes(code) ? 0 : 1));
      case "truth":
        return differing(table.column(filter.column).values, 1, values[0] ? 1 : 0);
      default:
        return differing(table.column(filter.column).values, values.reduce((mask, bit) => mask | (1 << bit), 0), 0);
    }
  };

  /** Make the selection of a task's judgments; nothing is turned away at first. */
  hmix.Selection = class {
    constructor(data) {
      this.data = data;
      this.bits = new Uint32Array(data.judgments.n);
      this.filters = data.task.filters;
      this._applied = new Map();
    }

    /** Keep the rows that meet all filters: `chosen` has what was read of each, by name. */
    set(chosen) {
      this.filters.forEach((filter, f) => {
        const values = chosen.get(filter.name);
        const wanted = values ? JSON.stringify(values, (_, x) => (Number.isFinite(x) || typeof x !== "number" ? x : String(x))) : "";
        if ((this._applied.get(filter.name) ?? "") === wanted) return;
        this._applied.set(filter.name, wanted);
        this._turnAway(f, values ? failing(filter, values, this._table(filter)) : null, filter.table);
      });
    }

    _table(filter) {
      return { stimuli: this.data.stimuli, participants: this.data.participants }[filter.table] ?? this.data.judgments;
    }

    _turnAway(f, fails, table) {
      const { bits } = this;
      const bit = 1 << f;
      const rest = ~bit;
      if (!fails) {
        for (let i = 0; i < bits.length; i++) bits[i] &= rest;
        return;
      }
      const of = { stimuli: this.data.stimulus, participants: this.data.participant }[table];
      if (of) for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] & rest) | (fails[of[i]] ? bit : 0);
      else for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] & rest) | (fails[i] ? bit : 0);
    }

    /** Return the bit of a filter, 0 of one that the task lacks. */
    bitOf(name) {
      const f = this.filters.findIndex((filter) => filter.name === name);
      return f < 0 ? 0 : (1 << f) >>> 0;
    }

    /** Count the rows that one filter alone turns away. */
    onlyBy(name) {
      const bit = this.bitOf(name);
      return this.bits.reduce((n, bits) => n + (bits === bit ? 1 : 0), 0);
    }

    /** Return the rows selected, in order. */
    rows() {
      const rows = [];
      for (let i = 0; i < this.bits.length; i++) if (!this.bits[i]) rows.push(i);
      return rows;
    }

    /** Count the values of a column of codes among the rows that every filter but the one named leaves. */
    counts(name, values, size) {
      const { bits } = this;
      const rest = ~this.bitOf(name);
      const counts = new Float64Array(size);
      for (let i = 0; i < bits.length; i++) if (!(bits[i] & rest)) counts[values[i]] += 1;
      return counts;
    }

    /** Count the rows of each stimulus that every filter but the one named leaves; `n` has those that all leave. */
    perStimulus(name, n) {
      return this._applied.get(name) ? this.counts(name, this.data.stimulus, this.data.stimuli.n) : n;
    }
  };
})();
