"""Finding: which classes are seen more than their share, and which pairs of classes."""

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
"""Most classes whose pairs, up to 780, are estimated together."""
_COLUMNS = ("inferred_coefficient", "mixing_coefficient", "image_1_label", "image_2_label")


@dataclass(frozen=True)
class Oriented:
    """Judgments of mixtures of two classes, turned so that the class of the lower code comes first.

    Parameters
    ----------
    rows
        int64 (M,): rows of the judgments.
    more
        float64 (M,): how much more of the first class is seen than the curve over coefficients says.
    names
        K names of classes that occur, in the order of their codes.
    first, second
        int64 (M,): their numbers, first < second.
    pairs
        M rows by pair; J pairs.
    n_people
        Participants.
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
        """Both classes of each pair, in the order of the pairs."""
        at = self.pairs.first
        return list(zip(self.first[at].tolist(), self.second[at].tolist(), strict=True))

    @property
    def pair_slugs(self) -> list[str]:
        """Name of each pair in ids."""
        return slugs(["-".join(self.names[code] for code in codes) for codes in self.pair_classes])

    def note(self, kind: str) -> str:
        """Return what a number takes from other judgments than those of its own pair or class."""
        everything = f"all {counted(len(self.rows), 'judgment')} of two classes"
        curve = f"beyond the curve over coefficients of {everything}"
        return curve if kind == "raw" else f"{curve}, and pooled with them"

    def design(self) -> Floats:
        """Return 1 for the first class of each pair and -1 for the second one; float64 (J, K)."""
        design = np.zeros((len(self.pairs.sizes), len(self.names)))
        for pair, (one, two) in enumerate(self.pair_classes):
            design[pair, one], design[pair, two] = 1, -1
        return design


def class_visibility(tasks: Tasks) -> Finding | str:
    r"""Estimate how much more of a class people see than of others at the same share, and of each pair of classes.

    Answers are compared with a curve that swapping the pictures does not change, :math:`\lambda + c(\lambda)`,
    :math:`c(1 - \lambda) = -c(\lambda)`, fitted together with class effects, so that it is no class's. Raw means of
    pairs are then shrunk (see `shrink`).

    Returns
    -------
    Finding or str
        Why there is none: nobody inferred a coefficient of two different classes, one participant alone did, or there
        are too many classes.
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
    axes = ("class", f"seen more than its share ({SHARE})")
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
            ("pair of classes", f"first class seen more than its share ({SHARE})"),
            ranked_pairs,
            names=pair_names,
            reference=np.zeros(len(pairs)),
        ),
    )
    text = _sentences(names, ranked, pairs, chance)
    if not (shrunk.between_classes or shrunk.between_pairs):
        text += " Differences are no larger than sampling error, so shrunk estimates are 0 and have no interval."
    method = (
        "Inferred less shown is compared with a curve that is the same for all classes. Pairs are partially "
        "pooled: an effect of each class and one of each pair, both normal, whose spreads are those of the greatest "
        f"marginal likelihood ({figure(shrunk.between_classes)} between classes, {figure(shrunk.between_pairs)} of "
        "what pairs have beyond their classes). Intervals count both participants and stimuli as samples of more "
        "(clustered in two ways), since other pictures of the same classes would do; shrunk ones are posterior. "
        f"Discoveries hold the false discovery rate at {100 * LEVEL:g} % (Benjamini and Hochberg)."
    )
    numbers = (*classes, *chance, *raw, *pairs)
    return Finding("class-visibility", "Classes", text, numbers, (class_table, pair_table), series, method)


def _oriented(judgments: Judgments) -> Oriented | str:
    one, two = judgments.labels("image_1_label"), judgments.labels("image_2_label")
    rows = np.flatnonzero((two >= 0) & (one != two))
    n_people = len(np.unique(judgments.people[rows]))
    if n_people < 2:
        return "no two participants judged mixtures of two different classes"
    codes, places = np.unique(np.stack([one[rows], two[rows]]), return_inverse=True)
    if len(codes) > MOST_CLASSES:
        return f"{len(codes)} classes have too many pairs to be estimated together, {MOST_CLASSES} being the most"
    one, two = places.reshape(2, -1)
    residuals = _beyond_curve(judgments, rows, one, two, len(codes))
    first, second = np.minimum(one, two), np.maximum(one, two)
    more = np.where(one < two, residuals, -residuals)
    # Pairs in the order of their classes, whatever that of the rows.
    pairs = np.unique(first * len(codes) + second, return_inverse=True)[1].astype(np.int64)
    names = tuple(judgments.vocabulary.names[code] for code in codes)
    return Oriented(rows, more, names, first, second, Groups(pairs), n_people)


def _beyond_curve(judgments: Judgments, rows: Ints, one: Ints, two: Ints, n_classes: int) -> Floats:
    """Return inferred less shown less the curve; float64 (M,)."""
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
    """Return the covariance of the raw means of pairs, (J, J), whose errors are shared by participants and by stimuli.

    Covariances of more pairs than there are participants cannot all be estimated, so they are drawn towards 0; and no
    variance is less than that of as many independent answers.

    Source: Cameron, Gelbach and Miller, https://doi.org/10.1198/jbes.2010.07136, clustering in two ways.
    """
    n_pairs, sizes = len(means), oriented.pairs.sizes
    errors = oriented.more - means[oriented.pairs.codes]
    people = judgments.people_of(oriented.rows)
    n_people = int(people.max()) + 1
    cells = people * n_pairs + oriented.pairs.codes
    sums = np.bincount(cells, errors, minlength=n_people * n_pairs).reshape(n_people, n_pairs) / sizes
    by_people = n_people / (n_people - 1) * sums.T @ sums
    # A stimulus is of one pair; what answers of different people about it share adds to what each person's share.
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
    return f"how much more is seen of {one} than its share, in mixtures with {two}"


def _interval(oriented: Oriented, mean: float, deviation: float) -> tuple[float, float, float]:
    """Return a mean with its interval, by Student's t since the deviation is estimated over participants.

    Without spread between classes or pairs, everything is shrunk to 0, and a deviation of 0 gives no interval.
    """
    if not deviation:
        return mean, np.nan, np.nan
    half = -float(stdtrit(oriented.n_people - 1, (1 - COVERAGE) / 2)) * deviation
    return mean, mean - half, mean + half


def _class_numbers(judgments: Judgments, oriented: Oriented, shrunk: Shrunk) -> list[Number]:
    return [
        judgments.number(
            f"class.visibility.{slug}",
            f"how much more is seen of {name} than its share, in mixtures with an average class, shrunk",
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
    """Return the number of pairs, of intervals without 0, of those expected by chance, and of discoveries."""
    excluded = sum(number.contains(0) is False for number in raw)
    with_interval_ = sum(number.has_interval for number in raw)
    counts = {
        "tested": ("pairs of classes with an interval", with_interval_),
        "excluding_zero": ("raw intervals that exclude 0", excluded),
        "by_chance": ("raw intervals expected to exclude 0 by chance, if no pair differed", LEVEL * with_interval_),
        "discoveries": (
            f"pairs at a false discovery rate of {100 * LEVEL:g} %",
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
        "Classes, the most visible one first",
        ("class", "seen more than its share, shrunk", "judgments", "participants"),
        tuple((name, number, *number.counts) for name, number in zip(names, ranked, strict=True)),
    )
    of_pairs = Table(
        "pair.visibility",
        "Pairs of classes: how much more is seen of the first one",
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
        f"Compared with an average class, people see more than its share of {listed(above) if above else 'no class'}, "
        f"and less of {listed(below) if below else 'no class'}"
        if above or below
        else "No class is reliably seen more or less than its share, compared with an average class"
    )
    return (
        f"{seen}. Of {counted(int(tested), 'pair')} of classes, "
        f"{excluded:g} have raw intervals that exclude 0, where {expected:g} are expected by chance; {found:g} remain "
        f"at a false discovery rate of {100 * LEVEL:g} %. Shrunk intervals exclude 0 for {clear}."
    )
