"""Finding: which classes, and pairs of classes, are seen as more or less than their share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from hmix_hub.findings.finding import Finding, Number, Series, Table
from hmix_hub.findings.judgments import SHARE, Judgments, Tasks, shown_levels
from hmix_hub.findings.shrinkage import LEVEL, Shrunk, discoveries, shrink, two_sided
from hmix_hub.findings.wording import counted, figure, listed, not_asked, slugs, with_interval
from hmix_hub.resampling import COVERAGE
from hmix_hub.schema.arrays import Floats, Ints
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.tasks import INFER

MOST_CLASSES = 40
"""Maximum number of classes whose pairs (up to 780) are estimated together."""
_COLUMNS = ("inferred_coefficient", "mixing_coefficient", "image_1_label", "image_2_label")


@dataclass(frozen=True)
class Oriented:
    """Judgments of mixtures of two classes, oriented so that the class with the lower code comes first.

    Parameters
    ----------
    rows
        int64 (M,): rows of the judgments.
    more
        float64 (M,): how much more of the first class is seen than the curve over coefficients predicts.
    names
        Names of the K classes that occur, in the order of their codes.
    first, second
        int64 (M,): positions of both classes in `names`, first < second.
    pairs
        The M rows, grouped by pair; J pairs.
    n_people
        Number of participants.
    """

    rows: Ints
    more: Floats
    names: tuple[str, ...]
    first: Ints
    second: Ints
    pairs: Groups
    n_people: int

    @property
    def pair_classes(self) -> list[tuple[int, int]]:
        """Return both classes of each pair, in the order of the pairs."""
        at = self.pairs.first
        return list(zip(self.first[at].tolist(), self.second[at].tolist(), strict=True))

    @property
    def pair_slugs(self) -> list[str]:
        """Return the name of each pair, as written in ids."""
        return slugs(["-".join(self.names[code] for code in codes) for codes in self.pair_classes])

    def note(self, kind: str) -> str:
        """Return a note on how a number depends on judgments of other pairs and classes."""
        everything = f"all {counted(len(self.rows), 'judgment')} of two classes"
        curve = f"relative to the curve over coefficients of {everything}"
        return curve if kind == "raw" else f"{curve}, and partially pooled with them"

    def design(self) -> Floats:
        """Return the design matrix, float64 (J, K): 1 for the first class of each pair, -1 for the second."""
        design = np.zeros((len(self.pairs.sizes), len(self.names)))
        for pair, (one, two) in enumerate(self.pair_classes):
            design[pair, one], design[pair, two] = 1, -1
        return design


def class_visibility(tasks: Tasks) -> Finding | str:
    r"""Estimate how much more people see of each class than its share, overall and in each pair of classes.

    Answers are compared with a curve that is invariant to swapping the pictures, :math:`\lambda + c(\lambda)` with
    :math:`c(1 - \lambda) = -c(\lambda)`, fitted jointly with class effects so that it reflects no particular class.
    Raw means of pairs are then shrunk (see `shrink`).

    Returns
    -------
    Finding or str
        The finding, or the reason for omitting it: fewer than two participants inferred a coefficient between two
        different classes, or there are too many classes.
    """
    judgments = tasks.get(INFER)
    if judgments is None:
        return not_asked(INFER)
    oriented = _oriented(judgments)
    if isinstance(oriented, str):
        return oriented
    means = oriented.pairs.mean(oriented.more)
    covariance = _covariance(judgments, oriented, means)
    deviations = np.sqrt(np.diag(covariance))
    raw = _pair_numbers(judgments, oriented, "raw", means, deviations)
    shrunk = shrink(means, covariance, oriented.design())
    classes = _class_numbers(judgments, oriented, shrunk)
    pairs = _pair_numbers(judgments, oriented, "visibility", shrunk.pairs, shrunk.pair_sd)
    chance = _multiplicity(judgments, oriented, raw, means / deviations)
    order = np.argsort([-(number.value or 0) for number in classes], kind="stable")
    axes = ("class", f"seen minus shown ({SHARE})")
    ranked = [classes[place] for place in order]
    names = [oriented.names[place] for place in order]
    class_table, pair_table = _tables(oriented, names, ranked, raw, pairs)
    pair_order = np.argsort([-abs(number.value or 0) for number in pairs], kind="stable")
    ranked_pairs = [pairs[place] for place in pair_order]
    pair_names = ["-".join(oriented.names[c] for c in oriented.pair_classes[place]) for place in pair_order]
    series = (
        Series.of("class.visibility", "class, shrunk", axes, ranked, names=names, reference=np.zeros(len(names))),
        Series.of(
            "pair.visibility",
            "pair, shrunk",
            ("pair of classes", f"first class, seen minus shown ({SHARE})"),
            ranked_pairs,
            names=pair_names,
            reference=np.zeros(len(pairs)),
        ),
    )
    text = _sentences(names, ranked, pairs, chance)
    if not (shrunk.between_classes or shrunk.between_pairs):
        text += " Differences do not exceed sampling error, so shrunk estimates are 0 and have no interval."
    method = (
        "Inferred minus shown is compared with a curve shared by all classes. Estimates are partially pooled: each "
        "class"
        "and each pair has a normally distributed effect, with standard deviations of maximum marginal likelihood "
        f"({figure(shrunk.between_classes)} between classes, {figure(shrunk.between_pairs)} between pairs beyond their "
        "classes). Intervals treat both participants and stimuli as samples (two-way clustering), since other pictures "
        "of the same classes could have been shown; intervals of shrunk estimates are posterior. Discoveries control "
        f"the false discovery rate at {100 * LEVEL:g} % (Benjamini and Hochberg)."
    )
    numbers = (*classes, *chance, *raw, *pairs)
    return Finding("class-visibility", "Classes", text, numbers, (class_table, pair_table), series, method)


def _oriented(judgments: Judgments) -> Oriented | str:
    one, two = judgments.labels("image_1_label"), judgments.labels("image_2_label")
    rows = np.flatnonzero((two >= 0) & (one != two))
    n_people = len(np.unique(judgments.people[rows]))
    if n_people < 2:
        return "fewer than two participants judged mixtures of two different classes"
    codes, places = np.unique(np.stack([one[rows], two[rows]]), return_inverse=True)
    if len(codes) > MOST_CLASSES:
        return f"{len(codes)} classes have too many pairs to estimate together (at most {MOST_CLASSES} classes)"
    one, two = places.reshape(2, -1)
    residuals = _beyond_curve(judgments, rows, one, two, len(codes))
    first, second = np.minimum(one, two), np.maximum(one, two)
    more = np.where(one < two, residuals, -residuals)
    # Pairs follow the order of their classes, not of the rows.
    pairs = np.unique(first * len(codes) + second, return_inverse=True)[1].astype(np.int64)
    names = tuple(judgments.vocabulary.names[code] for code in codes)
    return Oriented(rows, more, names, first, second, Groups(pairs), n_people)


def _beyond_curve(judgments: Judgments, rows: Ints, one: Ints, two: Ints, n_classes: int) -> Floats:
    """Return inferred minus shown minus the curve; float64 (M,)."""
    centres, levels = shown_levels(judgments)
    off = np.round(centres[levels[rows]] - 0.5, 9)
    distances, of_row = np.unique(np.abs(off), return_inverse=True)
    curve = np.zeros((len(rows), len(distances)))
    curve[np.arange(len(rows)), of_row] = np.sign(off)
    classes = np.eye(n_classes)[one] - np.eye(n_classes)[two]
    deviations = judgments.column("inferred_coefficient")[rows] - judgments.column("mixing_coefficient")[rows]
    design = np.concatenate([curve, classes], axis=1)
    # The least-norm solution: class effects that sum to 0.
    effects = np.linalg.pinv(design.T @ design, hermitian=True) @ (design.T @ deviations)
    return deviations - curve @ effects[: len(distances)]


def _covariance(judgments: Judgments, oriented: Oriented, means: Floats) -> Floats:
    """Return the covariance, (J, J), of the raw means of pairs, whose errors cluster by participant and by stimulus.

    With more pairs than participants, not all covariances can be estimated, so they are shrunk towards 0. No variance
    is below that of the same number of independent answers.

    Source: Cameron, Gelbach and Miller, https://doi.org/10.1198/jbes.2010.07136 (two-way clustering).
    """
    n_pairs, sizes = len(means), oriented.pairs.sizes
    errors = oriented.more - means[oriented.pairs.codes]
    people = judgments.people_of(oriented.rows)
    n_people = int(people.max()) + 1
    cells = people * n_pairs + oriented.pairs.codes
    sums = np.bincount(cells, errors, minlength=n_people * n_pairs).reshape(n_people, n_pairs) / sizes
    by_people = n_people / (n_people - 1) * sums.T @ sums
    # Each stimulus belongs to one pair: the errors that different participants share about it add to those that each
    # participant's answers share.
    stimuli = Groups(encode_key([judgments.answers.stimuli[oriented.rows]]))
    own = Groups(encode_key([stimuli.codes, people]))
    shared = stimuli.sum(errors) ** 2 - np.bincount(stimuli.codes[own.first], own.sum(errors) ** 2)
    by_stimuli = np.bincount(oriented.pairs.codes[stimuli.first], shared, minlength=n_pairs) / sizes**2
    pooled = float((errors**2).sum()) / max(len(errors) - n_pairs, 1)
    least = max(pooled, 1e-12) / sizes
    covariance = n_people / (n_people + n_pairs) * by_people
    np.fill_diagonal(covariance, np.maximum(np.diag(by_people) + by_stimuli, least))
    return covariance


def _pair_words(oriented: Oriented, pair: int) -> str:
    one, two = (oriented.names[code] for code in oriented.pair_classes[pair])
    return f"how much more people see of {one} than its share in mixtures with {two}"


def _interval(oriented: Oriented, mean: float, deviation: float) -> tuple[float, float, float]:
    """Return a mean with its interval, from Student's t since the deviation is estimated over participants.

    Without spread between classes or pairs, everything is shrunk to 0; a deviation of 0 gives no interval.
    """
    if not deviation:
        return mean, np.nan, np.nan
    half = -float(stdtrit(oriented.n_people - 1, (1 - COVERAGE) / 2)) * deviation
    return mean, mean - half, mean + half


def _class_numbers(judgments: Judgments, oriented: Oriented, shrunk: Shrunk) -> list[Number]:
    return [
        judgments.number(
            f"class.visibility.{slug}",
            f"how much more people see of {name} than its share in mixtures with an average class, shrunk",
            _interval(oriented, shrunk.classes[code], shrunk.class_sd[code]),
            oriented.rows[(oriented.first == code) | (oriented.second == code)],
            _COLUMNS,
            unit=SHARE,
            note=oriented.note("visibility"),
        )
        for code, (name, slug) in enumerate(zip(oriented.names, slugs(oriented.names), strict=True))
    ]


def _pair_numbers(
    judgments: Judgments, oriented: Oriented, kind: str, means: Floats, deviations: Floats
) -> list[Number]:
    words = {"raw": "raw mean", "visibility": "shrunk"}[kind]
    return [
        judgments.number(
            f"pair.{kind}.{slug}",
            f"{_pair_words(oriented, pair)}, {words}",
            _interval(oriented, means[pair], deviations[pair]),
            oriented.rows[oriented.pairs.codes == pair],
            _COLUMNS,
            unit=SHARE,
            note=oriented.note(kind),
        )
        for pair, slug in enumerate(oriented.pair_slugs)
    ]


def _multiplicity(judgments: Judgments, oriented: Oriented, raw: list[Number], t: Floats) -> list[Number]:
    """Return the number of pairs, of intervals that exclude 0, of those expected by chance, and of discoveries."""
    excluded = sum(number.contains(0) is False for number in raw)
    with_interval_ = sum(number.has_interval for number in raw)
    counts = {
        "tested": ("pairs of classes with an interval", with_interval_),
        "excluding_zero": ("raw intervals that exclude 0", excluded),
        "by_chance": ("raw intervals expected to exclude 0 by chance if no pair differed", LEVEL * with_interval_),
        "discoveries": (
            f"pairs that differ at a false discovery rate of {100 * LEVEL:g} %",
            int(discoveries(two_sided(t, oriented.n_people)).sum()),
        ),
    }
    return [
        judgments.number(f"pair.{name}", label, (value, np.nan, np.nan), oriented.rows, _COLUMNS, unit="pairs")
        for name, (label, value) in counts.items()
    ]


def _tables(
    oriented: Oriented, names: list[str], ranked: list[Number], raw: list[Number], pairs: list[Number]
) -> tuple[Table, Table]:
    of_classes = Table(
        "class.visibility",
        "Classes, most visible first",
        ("class", "seen minus shown, shrunk", "judgments", "participants"),
        tuple((name, number, *number.counts) for name, number in zip(names, ranked, strict=True)),
    )
    of_pairs = Table(
        "pair.visibility",
        "Pairs of classes: how much more people see of the first",
        ("first", "second", "raw mean", "shrunk", "judgments", "participants"),
        tuple(
            (oriented.names[one], oriented.names[two], r, s, *r.counts)
            for (one, two), r, s in zip(oriented.pair_classes, raw, pairs, strict=True)
        ),
    )
    return of_classes, of_pairs


def _sentences(names: list[str], ranked: list[Number], pairs: list[Number], chance: list[Number]) -> str:
    above = [f"{n} ({with_interval(c)})" for n, c in zip(names, ranked, strict=True) if c.low is not None and c.low > 0]
    below = [
        f"{n} ({with_interval(c)})" for n, c in zip(names, ranked, strict=True) if c.high is not None and c.high < 0
    ]
    tested, excluded, expected, found = (round(number.value or 0, 2) for number in chance)
    clear = sum(number.contains(0) is False for number in pairs)
    seen = (
        f"Compared with an average class, people see more of {listed(above) if above else 'no class'} than its share, "
        f"and less of {listed(below) if below else 'no class'}"
        if above or below
        else "Compared with an average class, people do not reliably see more or less of any class than its share"
    )
    return (
        f"{seen}. Of {counted(int(tested), 'pair')} of classes, {excluded:g} have raw intervals that exclude 0 "
        f"({expected:g} are expected by chance); {found:g} remain at a false discovery rate of {100 * LEVEL:g} %. "
        f"Shrunk intervals exclude 0 for {clear}."
    )
