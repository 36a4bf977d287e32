"use strict";
// Figures of a task: which there are, what each draws (Observable Plot), and its data as a table.

(() => {
  const HALF = 0.5;
  const INK = "var(--ink)";
  const SOFT = "var(--soft)";
  const SEEN = "var(--accent)";
  const GROUND = "var(--ground)";
  const share = { domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], tickFormat: hmix.plain };

  const meansTable = (what, points, [x, ...more] = ["shown"]) => ({
    headings: [x, ...more, what, "judgments"],
    rows: points.map((p) => [hmix.plain(p.x), ...more.map((key) => p[key]), hmix.fixed(p.mean, 3), hmix.count(p.n)]),
  });

  const binsTable = (bins, write, what = "judgments") => ({
    headings: ["from", "to", what],
    rows: bins.filter(({ all }) => all).map(({ low, high, n }) => [write(low), write(high), hmix.count(n)]),
  });

  const line = (points, more = {}) => [
    Plot.lineY(points, { x: "x", y: "mean", stroke: SEEN, strokeWidth: 2, ...more }),
    Plot.dot(points, { x: "x", y: "mean", fill: more.stroke ?? SEEN, r: 4, stroke: "var(--surface)", strokeWidth: 1.5, title: (p) => `${hmix.plain(p.x)}: ${hmix.fixed(p.mean, 3)}, n ${hmix.count(p.n)}`, tip: true }),
  ];

  const seenFigure = ({ data, summary, selection }) => {
    const points = hmix.seenByShown(data, summary);
    const cells = hmix.answersByShown(data, selection, hmix.BINS.twentieths);
    const half = Math.min(0.04, ...points.slice(1).map((p, i) => (p.x - points[i].x) / 2.4));
    return {
      id: "infer.means",
      title: "Seen against shown",
      note: "Mean answer at each shown coefficient over the spread of single answers.",
      byMouse: "Drag along the vertical axis to select answers.",
      points,
      table: meansTable("mean seen", points),
      brush: { axis: "y", filter: data.task.answer },
      plot: {
        height: 270,
        x: { ...share, domain: [-0.03, 1.03], label: "shown: share of image 1" },
        y: { ...share, domain: [-0.01, 1.01], label: "seen" },
        marks: [
          Plot.rect(cells, { x1: (c) => c.x - half, x2: (c) => c.x + half, y1: "low", y2: "high", fill: SEEN, fillOpacity: (c) => 0.08 + 0.85 * c.share, inset: 0.5 }),
          Plot.link([[0, 1]], { x1: "0", x2: "1", y1: "0", y2: "1", stroke: SOFT, strokeDasharray: "3,4" }),
          ...line(points, { stroke: INK }),
        ],
      },
    };
  };

  const confidenceFigure = (id, title, points, label) => ({
    id,
    title,
    points,
    table: meansTable("mean confidence", points, [label]),
    plot: { height: 180, x: { ...share, domain: id.endsWith("shown") ? [-0.03, 1.03] : [-0.02, 0.52], ticks: id.endsWith("shown") ? share.ticks : 6, label }, y: { domain: [0, 1], ticks: 5, label: "mean confidence", grid: true }, marks: line(points) },
  });

  const barsFigure = ({ data, selection }, title, column, bins, { isLog = false, write = hmix.plain, label, mean } = {}) => {
    const all = hmix.histogram(data, selection, column, bins);
    const used = all.map(({ all: n }) => n > 0);
    const shown = isLog ? all.slice(Math.max(used.indexOf(true), 0), used.lastIndexOf(true) + 1) : all;
    return {
      id: `histogram.${column}`,
      title,
      note: mean === undefined ? "" : `Mean ${hmix.fixed(mean, 3)}.`,
      byMouse: "Drag to select.",
      points: shown,
      mean,
      table: binsTable(shown, write),
      brush: { axis: "x", filter: column, isWhole: isLog },
      plot: {
        height: 150,
        x: { label: label ?? hmix.words(column), ...(isLog ? { type: "log", tickFormat: (ms) => hmix.seconds(ms), ticks: 4 } : { ticks: share.ticks, tickFormat: hmix.plain }) },
        y: { label: "judgments", ticks: 4, grid: true },
        marks: [
          Plot.rectY(shown, { x1: "low", x2: "high", y: "all", fill: GROUND, inset: 0.5 }),
          Plot.rectY(shown, { x1: "low", x2: "high", y: "n", fill: SEEN, inset: 0.5, title: (b) => `${write(b.low)} to ${write(b.high)}: ${hmix.count(b.n)}`, tip: true }),
          Plot.ruleY([0], { stroke: SOFT }),
        ],
      },
    };
  };

  const classFigure = ({ data, summary, classes }) => {
    const points = hmix.biasByClass(data, summary, classes);
    return {
      id: "class.raw",
      title: "Seen more than shown, by class",
      note: "Mean of seen less shown. The report’s figure also takes off the common curve and shrinks towards 0.",
      points,
      pick: { filter: "labels", of: "name" },
      table: { headings: ["class", "seen less shown", "judgments"], rows: points.map((p) => [p.name, hmix.signed(p.more, 3), hmix.count(p.n)]) },
      plot: {
        height: Math.max(21 * points.length, 60) + 40,
        marginLeft: 84,
        x: { label: "seen less shown", ticks: 4, grid: true },
        y: { label: null, domain: points.map((p) => p.name), tickSize: 0 },
        marks: [Plot.barX(points, { x: "more", y: "name", fill: (p) => (p.more < 0 ? "var(--two)" : "var(--one)"), inset: 2.5, rx: 2, tip: true, title: (p) => `${p.name}: ${hmix.signed(p.more, 3)}, n ${hmix.count(p.n)}` }), Plot.ruleX([0], { stroke: SOFT })],
      },
    };
  };

  const startFigure = ({ data, selection }) => {
    const points = hmix.meansByStart(data, selection);
    return {
      id: "construct.start",
      title: "Middle by start of the slider",
      points,
      table: meansTable("mean selected", points, ["start"]),
      plot: { height: 160, x: { ...share, domain: [-0.03, 1.03], label: "start coefficient" }, y: { domain: [0.3, 0.7], ticks: 5, label: "mean selected", grid: true }, marks: [Plot.ruleY([HALF], { stroke: SOFT, strokeDasharray: "3,4" }), ...line(points)] },
    };
  };

  const massFigure = ({ data, summary }) => {
    const points = hmix.massesByShown(data, summary);
    const colours = { "class of image 1": "var(--one)", "class of image 2": "var(--two)", "other classes": "var(--rest)" };
    const name = data.task.kind === "class" ? "chosen" : "soft";
    return {
      id: `${name}.masses`,
      title: name === "chosen" ? "Choices by shown coefficient" : "Probability by shown coefficient",
      points,
      legend: colours,
      table: meansTable("mean", points, ["shown", "part"]),
      plot: { height: 210, x: { type: "band", label: "shown: share of image 1", padding: 0.15 }, y: { domain: [0, 1], ticks: 5, label: "share" }, marks: [Plot.barY(points, { x: "x", y: "mean", fill: (p) => colours[p.part], tip: true, title: (p) => `${p.part} at ${hmix.plain(p.x)}: ${hmix.fixed(p.mean, 3)}` })] },
    };
  };

  const sharesFigure = ({ summary, classes }) => {
    const points = hmix.meanShares(summary, classes).slice(0, 20);
    return {
      id: "shares",
      title: "Mean answer by class",
      points,
      pick: { filter: "chosen_class", of: "name" },
      table: { headings: ["class", "mean share"], rows: points.map((p) => [p.name, hmix.fixed(p.share, 3)]) },
      plot: { height: 21 * points.length + 40, marginLeft: 84, x: { label: "mean share", ticks: 4, grid: true }, y: { label: null, domain: points.map((p) => p.name), tickSize: 0 }, marks: [Plot.barX(points, { x: "share", y: "name", fill: SEEN, inset: 2.5, rx: 2 }), Plot.ruleX([0], { stroke: SOFT })] },
    };
  };

  const confusionFigure = ({ data, summary, classes }) => {
    const points = hmix.confusion(data, summary, classes);
    return {
      id: "confusion",
      title: "Chosen class by the class shown most",
      note: "Rows are the class with the larger share; equal mixtures are left out.",
      points,
      table: { headings: ["shown", "chosen", "share", "judgments"], rows: points.map((p) => [p.shown, p.chosen, hmix.fixed(p.share, 3), hmix.count(p.n)]) },
      plot: { height: 300, marginLeft: 84, marginBottom: 78, x: { label: "chosen", tickRotate: -60, tickSize: 0, domain: classes }, y: { label: null, tickSize: 0, domain: classes }, marks: [Plot.cell(points, { x: "chosen", y: "shown", fill: SEEN, fillOpacity: (p) => 0.06 + 0.94 * p.share, inset: 0.5, tip: true, title: (p) => `${p.shown}: ${p.chosen} ${hmix.fixed(p.share)}` })] },
    };
  };

  const ratingFigure = ({ data, summary }) => {
    const points = hmix.ratingsByShown(data, summary);
    const scales = [...new Set(points.map((p) => p.scale))];
    const colours = Object.fromEntries(scales.map((scale, i) => [scale, `var(--series-${1 + (i % 6)})`]));
    return {
      id: "ratings",
      title: "Mean rating by shown coefficient",
      points,
      legend: colours,
      table: meansTable("mean rating", points, ["shown", "scale"]),
      plot: { height: 220, x: { ...share, domain: [-0.03, 1.03], label: "shown: share of image 1" }, y: { domain: [0, 1], ticks: 5, label: "mean rating", grid: true }, marks: scales.flatMap((scale) => line(points.filter((p) => p.scale === scale), { stroke: colours[scale] })) },
    };
  };

  const entropyFigure = ({ summary }) => {
    const bins = hmix.histogramOfStimuli(summary.spread, 20, Math.log(Math.max(summary.k, 2)));
    return {
      id: "entropy",
      title: "Disagreement about stimuli",
      note: "Entropy of the mean answer about each stimulus, in nats.",
      points: bins,
      table: binsTable(bins, (x) => hmix.fixed(x), "stimuli"),
      plot: { height: 150, x: { label: "entropy", ticks: 5 }, y: { label: "stimuli", ticks: 4, grid: true }, marks: [Plot.rectY(bins, { x1: "low", x2: "high", y: "n", fill: SEEN, inset: 0.5 }), Plot.ruleY([0], { stroke: SOFT })] },
    };
  };

  /** Return the figures of a view, each computed when it is asked for. */
  hmix.figuresOf = (view) => {
    const { data } = view;
    const has = (column) => column && data.judgments.has(column);
    const { twentieths, walk, times } = hmix.BINS;
    const answered = (title, bins) => () => barsFigure(view, title, data.task.answer, bins, { label: hmix.words(data.task.answer), mean: hmix.meanAnswer(view.summary) });
    const isSure = has(data.task.confidence);
    const sureByShown = () => confidenceFigure("confidence.by_shown", "Confidence by shown coefficient", hmix.confidenceByShown(data, view.summary), "shown: share of image 1");
    const figures = {
      inferred: [() => seenFigure(view), answered("Answers", twentieths), isSure && sureByShown, isSure && (() => confidenceFigure("confidence.by_extremeness", "Confidence by distance from one half", hmix.confidenceByDistance(data, view.selection), "distance of the answer from one half")), () => classFigure(view)],
      selected: [answered("Where people put the middle", walk), has("start_coefficient") && (() => startFigure(view))],
      "soft label": [() => massFigure(view), () => sharesFigure(view), () => entropyFigure(view)],
      class: [() => massFigure(view), view.classes.length <= 30 && (() => confusionFigure(view)), isSure && sureByShown, () => entropyFigure(view)],
      rating: [() => ratingFigure(view), answered("Ratings", twentieths)],
      votes: [() => entropyFigure(view), () => sharesFigure(view)],
    }[data.task.kind];
    const timed = has("response_time_ms") && (() => barsFigure(view, "Response times", "response_time_ms", times, { isLog: true, write: hmix.seconds, label: "response time" }));
    return [...figures, timed].filter(Boolean);
  };
})();
