"use strict";
// Series of the figures, over the selection: means by level as `hmix report` has them, and histograms.

(() => {
  /** Return means by level: sums and counts by stimulus, gathered by the level of each stimulus. */
  const meansByLevel = ({ levels, places }, sums, counts) => {
    const sum = levels.map(() => 0);
    const n = levels.map(() => 0);
    for (let s = 0; s < places.length; s++) {
      if (places[s] < 0 || !counts[s]) continue;
      sum[places[s]] += sums[s];
      n[places[s]] += counts[s];
    }
    return levels.map((x, i) => ({ x, mean: n[i] ? sum[i] / n[i] : NaN, n: n[i] })).filter(({ n: some }) => some);
  };

  const shownLevels = (data) => (data.shownLevels ??= hmix.levelsOf(data.stimuli.column("mixing_coefficient").values));

  /** Return the mean answer at each shown coefficient; series infer.means of the report. */
  hmix.seenByShown = (data, summary) => meansByLevel(shownLevels(data), summary.sum, summary.answered);

  /** Return the mean of all answers; series midpoints of the report. */
  hmix.meanAnswer = ({ sum, answered }) => sum.reduce((total, x) => total + x, 0) / answered.reduce((total, n) => total + n, 0);

  /** Return mean confidence at each shown coefficient; series confidence.by_shown. */
  hmix.confidenceByShown = (data, summary) => meansByLevel(shownLevels(data), summary.sure, summary.sureOf);

  /** Return mean confidence by how far the answer is from one half, to the tenth; series confidence.by_extremeness. */
  hmix.confidenceByDistance = (data, selection) => {
    const answers = data.judgments.column(data.task.answer).values;
    const sure = data.judgments.column(data.task.confidence).values;
    const sum = new Float64Array(6);
    const n = new Float64Array(6);
    data.tenths ??= hmix.mapBytes(answers, (x) => Math.floor(10 * Math.abs(x - 0.5) + 0.5 + 1e-9));
    const { bits } = selection;
    const { tenths } = data;
    for (let i = 0; i < bits.length; i++) {
      if (bits[i] || sure[i] !== sure[i]) continue;
      sum[tenths[i]] += sure[i];
      n[tenths[i]] += 1;
    }
    return Array.from(sum, (total, i) => ({ x: i / 10, mean: total / n[i], n: n[i] })).filter((one) => one.n);
  };

  /** Return the mean answer by start of the slider; series construct.start. */
  hmix.meansByStart = (data, selection) => {
    const answers = data.judgments.column(data.task.answer).values;
    data.starts ??= hmix.levelsOf(data.judgments.column("start_coefficient").values);
    const { levels, places } = data.starts;
    const sum = levels.map(() => 0);
    const n = levels.map(() => 0);
    for (let i = 0; i < answers.length; i++) {
      if (selection.bits[i] || places[i] < 0) continue;
      sum[places[i]] += answers[i];
      n[places[i]] += 1;
    }
    return levels.map((x, i) => ({ x, mean: sum[i] / n[i], n: n[i] })).filter((one) => one.n);
  };

  /** Return the mean share of image 1's class, of image 2's and of all others by shown coefficient; soft.* and chosen.*. */
  hmix.massesByShown = (data, summary) => {
    const { shares, k, answered } = summary;
    const [first, second] = ["image_1_label", "image_2_label"].map((name) => data.stimuli.column(name).values);
    const one = answered.map((n, s) => (n && first[s] >= 0 ? shares[s * k + first[s]] : 0));
    const two = answered.map((n, s) => (n && second[s] >= 0 && second[s] !== first[s] ? shares[s * k + second[s]] : 0));
    const rest = answered.map((n, s) => n - one[s] - two[s]);
    const parts = { "class of image 1": one, "class of image 2": two, "other classes": rest };
    return Object.entries(parts).flatMap(([part, sums]) => meansByLevel(shownLevels(data), sums, answered).map((point) => ({ ...point, part })));
  };

  /** Return the mean answer as shares of classes, the largest first. */
  hmix.meanShares = (summary, classes) => {
    const total = summary.answered.reduce((sum, n) => sum + n, 0);
    const sums = new Float64Array(summary.k);
    summary.shares.forEach((share, i) => (sums[i % summary.k] += share));
    return classes.map((name, c) => ({ name, share: sums[c] / total })).filter(({ share }) => share > 0).sort((a, b) => b.share - a.share);
  };

  /** Return how often each class was chosen where another was the larger part of what was shown. */
  hmix.confusion = (data, summary, classes) => {
    const { shares, k, answered } = summary;
    const [first, second] = ["image_1_label", "image_2_label"].map((name) => data.stimuli.column(name).values);
    const shown = hmix.shownOf(data);
    const cells = new Float64Array(k * k);
    const totals = new Float64Array(k);
    for (let s = 0; s < answered.length; s++) {
      const main = second[s] < 0 || shown(s) > 0.5 ? first[s] : shown(s) < 0.5 ? second[s] : -1;
      if (main < 0) continue;
      totals[main] += answered[s];
      for (let c = 0; c < k; c++) cells[main * k + c] += shares[s * k + c];
    }
    return classes.flatMap((name, m) => classes.map((chosen, c) => ({ shown: name, chosen, share: cells[m * k + c] / totals[m], n: cells[m * k + c] }))).filter(({ n }) => n > 0);
  };

  /** Return how much more of each class is seen than was shown: the mean over judgments of mixtures with another class. */
  hmix.biasByClass = (data, summary, classes) => {
    const [first, second] = ["image_1_label", "image_2_label"].map((name) => data.stimuli.column(name).values);
    const shown = hmix.shownOf(data);
    const sum = classes.map(() => 0);
    const n = classes.map(() => 0);
    for (let s = 0; s < summary.answered.length; s++) {
      const count = summary.answered[s];
      if (!count || second[s] < 0 || first[s] === second[s]) continue;
      const more = summary.sum[s] - count * shown(s);
      sum[first[s]] += more;
      sum[second[s]] -= more;
      n[first[s]] += count;
      n[second[s]] += count;
    }
    return classes.map((name, c) => ({ name, more: sum[c] / n[c], n: n[c] })).filter((one) => one.n).sort((a, b) => b.more - a.more);
  };

  /** Return mean ratings at each shown coefficient, by scale. */
  hmix.ratingsByShown = (data, summary) => {
    const { values, names } = data.stimuli.column("scale");
    const { places } = shownLevels(data);
    return names.flatMap((scale, code) => {
      const own = { levels: shownLevels(data).levels, places: places.map((place, s) => (values[s] === code ? place : -1)) };
      return meansByLevel(own, summary.sum, summary.answered).map((point) => ({ ...point, scale }));
    });
  };

  const steps = (n) => ({ edges: Array.from({ length: n + 1 }, (_, i) => i / n), place: (x) => Math.min(Math.floor(x * n + 1e-9), n - 1) });

  /** Bins of a histogram: of coefficients in twentieths, of the walk in its steps, of times by factors of 10 ** .1. */
  hmix.BINS = {
    twentieths: steps(20),
    walk: { edges: Array.from({ length: 12 }, (_, i) => (i - 0.5) / 10), place: (x) => Math.round(10 * x) },
    times: { edges: Array.from({ length: 51 }, (_, i) => 10 ** (2 + i / 10)), place: (x) => Math.min(Math.max(Math.floor(10 * (Math.log10(Math.max(x, 1)) - 2) + 1e-9), 0), 49) },
  };

  /** Return the bin of each judgment; 255 where the column is empty. */
  const placed = (data, column, bins) => {
    data.placed ??= new Map();
    if (!data.placed.has(column)) data.placed.set(column, hmix.mapBytes(data.judgments.column(column).values, (x) => (x === x ? bins.place(x) : 255)));
    return data.placed.get(column);
  };

  /** Count the values of a column by bin: of those selected, and of those that every filter but its own leaves. */
  hmix.histogram = (data, selection, column, bins) => {
    const places = placed(data, column, bins);
    const chosen = new Float64Array(256);
    const others = new Float64Array(256);
    const { bits } = selection;
    const own = selection.bitOf(column);
    for (let i = 0; i < bits.length; i++) {
      if (!bits[i]) chosen[places[i]] += 1;
      else if (bits[i] === own) others[places[i]] += 1;
    }
    return bins.edges.slice(1).map((high, i) => ({ low: bins.edges[i], high, n: chosen[i], all: chosen[i] + others[i] }));
  };

  /** Count answers by shown coefficient and bin, for the ground of a figure. */
  hmix.answersByShown = (data, selection, bins) => {
    const { levels, places } = shownLevels(data);
    const answers = placed(data, data.task.answer, bins);
    const n = bins.edges.length - 1;
    const cells = new Float64Array(levels.length * 256);
    const { bits } = selection;
    const { stimulus } = data;
    for (let i = 0; i < bits.length; i++) if (!bits[i]) cells[places[stimulus[i]] * 256 + answers[i]] += 1;
    return levels.flatMap((x, level) => {
      const counts = Array.from(cells.subarray(level * 256, level * 256 + n));
      const total = counts.reduce((sum, count) => sum + count, 0);
      return counts.map((count, bin) => ({ x, low: bins.edges[bin], high: bins.edges[bin + 1], n: count, share: count / total })).filter((cell) => cell.n);
    });
  };

  /** Count stimuli by a number of each, in bins of equal width. */
  hmix.histogramOfStimuli = (values, n, high) => {
    const counts = new Float64Array(n);
    for (const x of values) if (!Number.isNaN(x)) counts[Math.min(Math.floor((x / high) * n), n - 1)] += 1;
    return Array.from(counts, (count, i) => ({ low: (i * high) / n, high: ((i + 1) * high) / n, n: count, all: count }));
  };
})();
