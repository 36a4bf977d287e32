"use strict";
// What people answered about each stimulus, over the selection: one pass over the judgments.

(() => {
  const KINDS = { class: 1, "soft label": 1, votes: 1 };

  const sumNumbers = (data, bits, summary) => {
    const { n, sum, squares, stimulus } = summary;
    const answers = data.judgments.column(data.task.answer).values;
    const seen = summary.people;
    const participant = data.participant;
    let total = 0;
    for (let i = 0; i < bits.length; i++) {
      if (bits[i]) continue;
      total++;
      const s = stimulus[i];
      n[s] += 1;
      if (participant) seen[participant[i]] = 1;
      const x = answers[i];
      if (x !== x) continue;
      summary.answered[s] += 1;
      sum[s] += x;
      squares[s] += x * x;
    }
    return total;
  };

  const sumShares = (data, bits, summary) => {
    const { n, shares, k, stimulus, people } = summary;
    const { values, width } = data.judgments.column(data.task.answer);
    const participant = data.participant;
    let total = 0;
    for (let i = 0; i < bits.length; i++) {
      if (bits[i]) continue;
      total++;
      const s = stimulus[i];
      n[s] += 1;
      if (participant) people[participant[i]] = 1;
      if (!width) {
        if (values[i] >= 0) { shares[s * k + values[i]] += 1; summary.answered[s] += 1; }
        continue;
      }
      if (Number.isNaN(values[i * width])) continue;
      summary.answered[s] += 1;
      for (let c = 0; c < width; c++) shares[s * k + c] += values[i * width + c];
    }
    return total;
  };

  const sumConfidence = (data, bits, summary) => {
    if (!data.task.confidence || !data.judgments.has(data.task.confidence)) return;
    const values = data.judgments.column(data.task.confidence).values;
    const { stimulus } = summary;
    summary.sure = new Float64Array(summary.n.length);
    summary.sureOf = new Float64Array(summary.n.length);
    for (let i = 0; i < bits.length; i++) {
      if (bits[i] || values[i] !== values[i]) continue;
      summary.sure[stimulus[i]] += values[i];
      summary.sureOf[stimulus[i]] += 1;
    }
  };

  /** Sum the votes by stimulus; NaN where a study gives shares without their number. */
  const sumVotes = (data, bits, size) => {
    if (!data.judgments.has("n_votes")) return null;
    const votes = new Float64Array(size);
    const { values } = data.judgments.column("n_votes");
    for (let i = 0; i < bits.length; i++) if (!bits[i]) votes[data.stimulus[i]] += values[i] > 0 ? values[i] : NaN;
    return votes;
  };

  const entropy = (shares, from, k, n) => {
    let sum = 0;
    for (let c = 0; c < k; c++) {
      const share = shares[from + c] / n;
      if (share > 0) sum -= share * Math.log(share);
    }
    return Math.max(sum, 0);
  };

  const finishNumbers = (summary, shown) => {
    const { answered, sum, squares, mean, spread, bias } = summary;
    for (let s = 0; s < mean.length; s++) {
      if (!answered[s]) continue;
      mean[s] = sum[s] / answered[s];
      const variance = squares[s] / answered[s] - mean[s] ** 2;
      // What is left of a difference of equal numbers is rounding.
      spread[s] = variance > 1e-14 ? Math.sqrt(variance) : 0;
      if (shown) bias[s] = mean[s] - shown(s);
    }
  };

  const finishShares = (summary, data) => {
    const { answered, shares, k, mean, spread, bias } = summary;
    const first = data.stimuli.column("image_1_label").values;
    const coefficient = hmix.shownOf(data);
    for (let s = 0; s < mean.length; s++) {
      if (!answered[s]) continue;
      mean[s] = first[s] >= 0 ? shares[s * k + first[s]] / answered[s] : NaN;
      spread[s] = entropy(shares, s * k, k, answered[s]);
      bias[s] = mean[s] - (coefficient ? coefficient(s) : NaN);
    }
  };

  /** Return what coefficient a stimulus showed, as a function of it; midpoints are compared with one half. */
  hmix.shownOf = (data) => {
    if (data.stimuli.has("mixing_coefficient")) {
      const { values } = data.stimuli.column("mixing_coefficient");
      return (s) => values[s];
    }
    return data.task.kind === "selected" ? () => 0.5 : null;
  };

  hmix.isOverClasses = (task) => task.kind in KINDS;

  /**
   * Summarise the selected judgments by stimulus: n, mean (of classes: the share of image 1's), spread (population
   * standard deviation; of classes the entropy of the mean distribution, nats), bias (mean less shown), confidence.
   */
  hmix.summarise = (data, selection) => {
    const size = data.stimuli.n;
    const floats = (fill = 0) => new Float64Array(size).fill(fill);
    const k = data.k;
    const summary = { stimulus: data.stimulus, n: floats(), answered: floats(), mean: floats(NaN), spread: floats(NaN), bias: floats(NaN) };
    summary.people = new Uint8Array(data.participants.n);
    if (hmix.isOverClasses(data.task)) {
      Object.assign(summary, { shares: new Float64Array(size * k), k });
      summary.judgments = sumShares(data, selection.bits, summary);
      finishShares(summary, data);
    } else {
      Object.assign(summary, { sum: floats(), squares: floats() });
      summary.judgments = sumNumbers(data, selection.bits, summary);
      finishNumbers(summary, data.task.kind === "rating" ? null : hmix.shownOf(data));
    }
    sumConfidence(data, selection.bits, summary);
    if (data.task.kind === "votes") summary.votes = sumVotes(data, selection.bits, size);
    summary.participants = summary.people.reduce((sum, is) => sum + is, 0);
    summary.stimuli = summary.n.reduce((sum, n) => sum + (n > 0 ? 1 : 0), 0);
    return summary;
  };

  const pairName = (data, classes, s) => {
    const codes = ["image_1_label", "image_2_label"].map((name) => data.stimuli.column(name).values[s]);
    return codes.filter((code) => code >= 0).map((code) => classes[code]).sort().join(" ");
  };

  /** Ways to sort stimuli: each has words and a key by stimulus, a number; the largest come first. */
  hmix.sortsOf = (data, classes) => {
    const kind = data.task.kind;
    const sorts = { disagreement: { label: "Disagreement", key: ({ spread }) => spread } };
    if (hmix.shownOf(data)) sorts.bias = { label: "Bias towards image 1", key: ({ bias }) => bias };
    if (hmix.shownOf(data)) sorts.distance = { label: "Size of the bias", key: ({ bias }) => bias.map(Math.abs) };
    if (kind === "rating") sorts.mean = { label: "Mean rating", key: ({ mean }) => mean };
    if (data.task.confidence && data.judgments.has(data.task.confidence))
      sorts.confidence = { label: "Confidence", key: ({ sure, sureOf }) => sure.map((sum, s) => sum / sureOf[s]) };
    if (data.stimuli.has("mixing_coefficient"))
      sorts.coefficient = { label: "Mixing coefficient", key: () => data.stimuli.column("mixing_coefficient").values };
    sorts.pair = {
      label: "Class pair",
      key: () => {
        data.pairRanks ??= (() => {
          const names = data.names.map((_, s) => pairName(data, classes, s));
          const ranks = new Map([...new Set(names)].sort().map((name, rank) => [name, -rank]));
          return Float64Array.from(names, (name) => ranks.get(name));
        })();
        return data.pairRanks;
      },
    };
    sorts.n = { label: "Number of judgments", key: ({ n }) => n };
    sorts.dataset = { label: "Order of the dataset", key: ({ n }) => n.map((_, s) => -s) };
    return sorts;
  };

  /** Return the stimuli of which a judgment is selected, sorted; those without a key last, equal ones as they come. */
  hmix.sorted = (summary, sort, order) => {
    const key = sort.key(summary);
    const sign = order === "up" ? -1 : 1;
    const found = [];
    for (let s = 0; s < summary.n.length; s++) if (summary.n[s]) found.push(s);
    const of = (s) => (Number.isNaN(key[s]) ? -Infinity : sign * key[s]);
    const keys = Float64Array.from(key, (_, s) => of(s));
    return Uint32Array.from(found).sort((a, b) => keys[b] - keys[a] || a - b);
  };
})();
