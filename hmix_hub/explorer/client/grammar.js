"use strict";
// Filters, as `hmix_hub.filter` and the options of `hmix load` take them: texts are read, checked and written.

(() => {
  const TOLERANCE = 1e-9;
  const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

  class Refused extends Error {}

  const number = (filter, text) => {
    if (!NUMBER.test(text)) throw new Refused("is neither a number nor an interval such as 0.25:0.75, 0.25: or :0.75");
    const value = Number(text);
    const low = filter.low ?? -Infinity;
    const high = filter.high ?? Infinity;
    if (!(value >= low - TOLERANCE && value <= high + TOLERANCE)) throw new Refused(`is not from ${low} to ${high}`);
    return value;
  };

  const interval = (filter, text) => {
    const ends = text.split(":");
    if (ends.length === 1) return [number(filter, text), number(filter, text)];
    const [low, high] = ends.map((end) => end.trim());
    if (ends.length !== 2 || (!low && !high)) throw new Refused("is neither a number nor an interval such as 0.25:0.75");
    const both = [low ? number(filter, low) : -Infinity, high ? number(filter, high) : Infinity];
    if (both[0] > both[1]) throw new Refused(`is reversed: write ${high}:${low}`);
    return both;
  };

  const classCode = (classes, text) => {
    const code = classes.findIndex((name) => name.toLowerCase() === text.toLowerCase());
    if (code < 0) throw new Refused("is not a class in these judgments");
    return code;
  };

  const readers = {
    id: (filter, text, known) => {
      const id = ["stimulus_id", "pair_id"].includes(filter.column) ? text.replace(/\.png$/, "") : text;
      if (!known.has(filter, id)) throw new Refused("does not occur in these judgments");
      return id;
    },
    number: interval,
    class: (filter, text, known) => classCode(known.classes, text),
    "class pair": (filter, text, known) => {
      const names = text.split(",").map((name) => name.trim());
      if (names.length !== 2) throw new Refused("is not a pair such as dog,frog");
      return names.map((name) => classCode(known.classes, name));
    },
    truth: (filter, text) => {
      if (!["true", "false"].includes(text)) throw new Refused("is neither true nor false");
      return text === "true";
    },
    flag: (filter, text, known) => {
      const bit = known.flags.indexOf(text);
      if (bit < 0) throw new Refused("is not a flag");
      return bit;
    },
  };

  /** Read one text of a filter; null, with the reason told, where it cannot be read. */
  hmix.readValue = (filter, text, known, tell) => {
    try {
      return readers[filter.kind](filter, text, known);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      tell(`${filter.name}: “${text}” ${error.message}. It is ignored.`);
      return null;
    }
  };

  const exact = (x) => (Math.abs(Number(hmix.plain(x)) - x) <= Number.EPSILON * Math.abs(x) ? hmix.plain(x) : String(x));
  const end = (x) => (Number.isFinite(x) ? exact(x) : "");
  const writers = {
    id: (id) => id,
    number: ([low, high], text) => (text.includes(":") ? `${end(low)}:${end(high)}` : exact(low)),
    class: (code, _, { classes }) => classes[code],
    "class pair": (codes, _, { classes }) => codes.map((code) => classes[code]).join(","),
    truth: String,
    flag: (bit, _, { flags }) => flags[bit],
  };

  /** Write what was read of a filter's text as facets and code write it: “DOG” is dog, “.50” is 0.5. */
  hmix.writeValue = (filter, value, text, known) => writers[filter.kind](value, text, known);

  /** Return what ids and classes the judgments of a task have, to read its filters with. */
  hmix.knownOf = (metadata, data) => {
    const ids = new Map();
    const idsOf = ({ table, column }) => {
      if (table !== "participants") return (table === "stimuli" ? data.stimuli : data.judgments).column(column).names;
      // The table of participants has those of every task.
      const { names } = data.participants.column(column);
      const judged = new Uint8Array(names.length);
      for (const participant of data.participant) judged[participant] = 1;
      return names.filter((_, participant) => judged[participant]);
    };
    return {
      classes: metadata.classes,
      flags: Object.keys(metadata.flags),
      has: (filter, id) => {
        if (!ids.has(filter.name)) ids.set(filter.name, new Set(idsOf(filter)));
        return ids.get(filter.name).has(id);
      },
    };
  };

  const quoted = (text) => JSON.stringify(text);
  const python = {
    id: quoted,
    class: quoted,
    flag: quoted,
    number: (text) => {
      if (!text.includes(":")) return String(Number(text));
      const [low, high] = text.split(":").map((end) => (end.trim() ? String(Number(end)) : "None"));
      return `(${low}, ${high})`;
    },
    "class pair": (text) => `(${text.split(",").map((name) => quoted(name.trim())).join(", ")})`,
    truth: (text) => (text === "true" ? "True" : "False"),
  };

  /** Write the texts of a filter as the value of an argument in Python. */
  hmix.pythonValue = (filter, texts) => {
    const values = texts.map(python[filter.kind]);
    return values.length === 1 ? values[0] : `[${values.join(", ")}]`;
  };

  /** Quote a word for a shell, where it needs it. */
  hmix.shellWord = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

  /** Write the texts of a filter as options of the command line. */
  hmix.commandOptions = (filter, texts) => {
    const name = filter.name.replaceAll("_", "-");
    if (filter.kind === "truth") return [texts[0] === "true" ? `--${name}` : `--no-${filter.name}`];
    // A value that begins like an option must stand in one word with it.
    return texts.map((text) => (text.startsWith("-") ? `--${name}=${hmix.shellWord(text)}` : `--${name} ${hmix.shellWord(text)}`));
  };

  hmix.TOLERANCE = TOLERANCE;
})();
