"use strict";
// Arrow tables as typed arrays: what is computed runs over these, and Arrow's own vectors are left behind.

(() => {
  const { Type } = Arrow;

  /** Return a column as { values } with, of texts, { names }; of lists { values, width } or { offsets, values }. */
  const columnOf = (vector) => {
    const [data] = vector.data;
    if (!data) return { values: [] };
    const { type, length, offset } = data;
    const cut = (values) => (values.length === length ? values : values.subarray(0, length));
    switch (type.typeId) {
      case Type.Dictionary:
        return { values: cut(data.values), names: [...data.dictionary] };
      case Type.Utf8:
        return { names: [...vector] };
      case Type.Bool: {
        const values = new Uint8Array(length);
        for (let i = 0; i < length; i++) values[i] = (data.values[(i + offset) >> 3] >> (i + offset) % 8) & 1;
        return { values };
      }
      case Type.FixedSizeList:
        return { values: data.children[0].values, width: type.listSize };
      case Type.List:
        return { values: data.children[0].values, offsets: data.valueOffsets };
      default:
        return { values: cut(data.values) };
    }
  };

  /** Read a table; `columns` by name, each read when it is first asked for. */
  hmix.readTable = (bytes) => {
    const arrow = Arrow.tableFromIPC(bytes);
    const names = arrow.schema.fields.map((field) => field.name);
    const known = new Map();
    return {
      n: arrow.numRows,
      names,
      has: (name) => names.includes(name),
      column: (name) => {
        if (!known.has(name)) known.set(name, columnOf(arrow.getChild(name)));
        return known.get(name);
      },
    };
  };

  /** Load a task: its judgments and stimuli, and the participants of all tasks. */
  hmix.loadTask = async (task) => {
    const files = [`${task.name}.arrow`, `${task.name}.stimuli.arrow`, "participants.arrow"];
    const [judgments, stimuli, participants] = (await Promise.all(files.map(hmix.loadBytes))).map(hmix.readTable);
    return hmix.taskData(task, judgments, stimuli, participants);
  };

  /** Put together the tables of a task, and what is derived from them once. */
  hmix.taskData = (task, judgments, stimuli, participants) => {
    const keys = hmix.stimulusKeys(stimuli);
    const data = { task, judgments, stimuli, participants, keys, names: stimuli.column("stimulus_id").names };
    data.stimulus = judgments.column("stimulus").values;
    data.participant = judgments.has("participant") ? judgments.column("participant").values : null;
    data.people = hmix.uniqueNames(
      participants.column("participant_id").names,
      participants.column("study_id"),
      participants.n,
    );
    data.byKey = new Map(keys.map((key, i) => [key, i]).reverse());
    return data;
  };

  /** Return ids of stimuli as addresses have them: with the image set, where several sets have the id. */
  hmix.stimulusKeys = (stimuli) => hmix.uniqueNames(stimuli.column("stimulus_id").names, stimuli.column("image_set"), stimuli.n);

  /** Return ids as they are where one group alone has each, else with the group before. */
  hmix.uniqueNames = (ids, groups, n) => {
    const groupOf = (i) => groups.names[groups.values[i]];
    const first = new Map();
    const shared = new Set();
    for (let i = 0; i < n; i++) {
      if (!first.has(ids[i])) first.set(ids[i], groupOf(i));
      else if (first.get(ids[i]) !== groupOf(i)) shared.add(ids[i]);
    }
    return ids.map((id, i) => (shared.has(id) ? `${groupOf(i)}:${id}` : id));
  };
})();
