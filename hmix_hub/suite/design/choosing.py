"""Choosing: the most informative stimuli to ask about next, as a list of pairs."""

from __future__ import annotations

import csv
import io
import os
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.errors import ConfigurationError, PerceptionError, PerceptionWarning, nearest
from hmix_hub.perception.information import OWN_SHARE, Candidates, choose, prediction_weights, random_worth
from hmix_hub.perception.mixtures import codes_of
from hmix_hub.perception.model import PerceptualModel
from hmix_hub.perception.stimulus_means import answers_of
from hmix_hub.schema.arrays import codes, numbers
from hmix_hub.sources.image_sets import IMAGE_SETS
from hmix_hub.suite.design.pair_file import COEFFICIENT, INDICES, LABELS
from hmix_hub.suite.design.pictures import Labels, open_pictures
from hmix_hub.suite.design.sampler import Pair, draw_pairs, stream
from hmix_hub.suite.study.reading import COLLECTION, read_study_file
from hmix_hub.suite.study.task_rules import DECIMALS, is_exact
from hmix_hub.suite.tasks.trial import Stimulus
from hmix_hub.tables import arrow_columns

if TYPE_CHECKING:
    import datasets

_MOST_COEFFICIENTS = 21
"""Maximum number of coefficients to choose from if none are named."""
_MOST_CANDIDATES = 200_000


@dataclass(frozen=True, eq=False)
class ChosenStimuli:
    """Stimuli to ask about next.

    Parameters
    ----------
    stimuli
        The stimuli, in the order in which they were chosen.
    candidates
        Number of mixtures from which they were chosen.
    standard_errors
        Standard error of predictions before and after the answers: root mean square over all class pairs and
        coefficients, in standard deviations of one answer.
    random_worth
        Number of random stimuli that would be as informative, averaged over draws; infinite if even 50 times as many
        are not.
    random_spread
        Standard deviation of `random_worth` between draws.
    uses_judged_pictures
        Whether they may show pictures that were judged before, because there are too few others.
    """

    stimuli: tuple[Stimulus, ...]
    candidates: int
    standard_errors: tuple[float, float]
    random_worth: float
    random_spread: float
    uses_judged_pictures: bool


def choose_stimuli(
    model: PerceptualModel,
    labels: Labels,
    number: int,
    *,
    coefficients: Sequence[float] | None = None,
    people: int = 1,
    per_class_pair: int | None = None,
    judged: Judged | None = None,
    seed: int = 0,
) -> ChosenStimuli:
    """Choose the mixtures whose answers are expected to reduce the uncertainty of the model's predictions most.

    Candidates are pairs of pictures, equally many for each two classes, drawn as in a collection and mixed with each of
    the coefficients. At most one mixture of each pair is chosen.

    Parameters
    ----------
    model
        The perceptual model, fitted to the judgments so far.
    labels
        Classes of the pictures.
    number
        Number of stimuli to choose.
    coefficients
        Mixing coefficients to choose from, with at most four decimals; `None`: those that the model was fitted to.
    people
        Participants who will judge each stimulus.
    per_class_pair
        Maximum number of stimuli of one pair of classes; `None`: no limit.
    judged
        Judgments of these pictures so far. Unjudged pictures are preferred; if there are too few, mixtures with answers
        count as less informative. Also determines how much of the variance is due to the stimulus.
    seed
        Seed of the drawn pictures.

    Raises
    ------
    ConfigurationError
        If a coefficient is not between 0 and 1, or has more than four decimals.
    PerceptionError
        If the model does not know a class, or there are too few pairs of pictures.
    """
    shown = _checked(
        model.shown_coefficients if coefficients is None else coefficients, is_named=coefficients is not None
    )
    least, most = min(model.shown_coefficients), max(model.shown_coefficients)
    if shown[0] < least or shown[-1] > most:
        note = f"some coefficients are outside the judged range, {least:g} to {most:g}; the model extrapolates there"
        warnings.warn(note, PerceptionWarning, stacklevel=2)
    judged = judged or Judged(frozenset(), {}, OWN_SHARE)
    pairs = _pairs(labels, number, len(shown), seed, left_out=judged.pictures)
    is_again = not pairs
    if is_again:
        pairs = _pairs(labels, number, len(shown), seed, left_out=())
    if not pairs:
        msg = f"{number:,} stimuli cannot be chosen from these pictures with equally many pairs for each two classes"
        raise PerceptionError(msg, hint="choose fewer, or add pictures of the rarest classes")
    first, second = (np.array([pair[side] for pair in pairs], dtype=np.int64).repeat(len(shown)) for side in (0, 1))
    coefficient = np.tile(shown, len(pairs))
    of_model = np.full(len(labels.vocabulary), -1)
    present = np.unique(labels.codes[np.concatenate([first, second])])
    of_model[present] = codes_of(np.array(labels.vocabulary.names)[present], model.classes)
    mixtures = list(zip(first.tolist(), second.tolist(), coefficient.tolist(), strict=True))
    candidates = Candidates.of(
        model,
        coefficient,
        of_model[labels.codes[first]],
        of_model[labels.codes[second]],
        pairs=np.arange(len(pairs)).repeat(len(shown)),
        answers=people,
        asked=np.array([judged.answers.get(mixture, 0) for mixture in mixtures], dtype=np.int64),
        own_share=judged.own_share,
    )
    weights = prediction_weights(model, shown)
    chosen = choose(candidates, model.covariance, weights, number, per_class_pair)
    worth = random_worth(candidates, model.covariance, weights, chosen.variance[-1], number=number, seed=seed)
    return ChosenStimuli(
        stimuli=tuple(
            Stimulus(one, two, int(labels.codes[one]), int(labels.codes[two]), share)
            for one, two, share in (mixtures[row] for row in chosen.rows.tolist())
        ),
        candidates=len(candidates),
        standard_errors=(float(np.sqrt(chosen.variance[0])), float(np.sqrt(chosen.variance[-1]))),
        random_worth=float(worth.mean()),
        random_spread=float(worth.std()) if np.isfinite(worth).all() else float("inf"),
        uses_judged_pictures=is_again,
    )


@dataclass(frozen=True, eq=False)
class Judged:
    """Judgments so far about one image set.

    Parameters
    ----------
    pictures
        Pictures of judged mixtures.
    answers
        Number of answers by mixture: both pictures in the order of a list of pairs, and the share of the first.
    own_share
        Share of the variance of one answer that is due to the stimulus.
    """

    pictures: frozenset[int]
    answers: dict[tuple[int, int, float], int]
    own_share: float

    @classmethod
    def of(cls, model: PerceptualModel, dataset: datasets.Dataset, image_set: str, labels: Labels) -> Judged:
        """Return the judgments of an image set in a dataset of infer_mixing_factor."""
        seen = answers_of(model, dataset)
        try:
            own_share = seen.fit_own_share()
        except PerceptionError:
            # No stimulus has two participants, from whose agreement it could be estimated.
            own_share = OWN_SHARE
        columns = ["image_set", *INDICES, COEFFICIENT]
        table = arrow_columns(dataset, columns)
        first, second = (codes(table[name]) for name in INDICES)
        shares = numbers(table[COEFFICIENT])
        is_own = np.array(table["image_set"].to_pylist()) == image_set
        is_own &= (first < len(labels)) & (second < len(labels)) & (second >= 0)
        answers: dict[tuple[int, int, float], int] = {}
        for one, two, share in zip(
            first[is_own].tolist(), second[is_own].tolist(), shares[is_own].tolist(), strict=True
        ):
            is_turned = not labels.in_order(one, two)
            mixture = (two, one, round(1 - share, DECIMALS)) if is_turned else (one, two, round(share, DECIMALS))
            answers[mixture] = answers.get(mixture, 0) + 1
        return cls(frozenset(np.concatenate([first[is_own], second[is_own]]).tolist()), answers, own_share)


def pictures_named(name: str, cifar10: str | os.PathLike[str] | None = None) -> tuple[str, Labels]:
    """Return the name and the classes of an image set, given as a known set or a collection folder.

    Raises
    ------
    ConfigurationError
        If there is neither a set nor a folder with this name.
    StudyFileError, SourceError
        If the folder's study file or pictures cannot be read.
    """
    if name in IMAGE_SETS:
        known = IMAGE_SETS[name]
        return name, Labels(known.labels(), known.vocabulary)
    folder = Path(name)
    if not (folder / COLLECTION).is_file():
        msg = f"{name!r} is neither a known image set nor a folder with a {COLLECTION}"
        raise ConfigurationError(msg, hint=nearest(name, IMAGE_SETS, label="sets"))
    image_set, labels = open_pictures(folder, read_study_file(folder, allow_placeholders=True), cifar10)
    return image_set.name, labels


def list_of_pairs(stimuli: Sequence[Stimulus], labels: Labels) -> str:
    """Return stimuli as a list of pairs in CSV, for `pairs.file` of a study file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*INDICES, *LABELS, COEFFICIENT])
    for stimulus in stimuli:
        names = [
            labels.vocabulary.names[code]
            for code in (stimulus.image_1_label, stimulus.image_2_label)
            if code is not None
        ]
        writer.writerow([stimulus.image_1_index, stimulus.image_2_index, *names, stimulus.mixing_coefficient])
    return text.getvalue()


def _checked(coefficients: Sequence[float], *, is_named: bool) -> list[float]:
    shown = sorted(dict.fromkeys(coefficients))
    if not is_named and len(shown) > _MOST_COEFFICIENTS:
        msg = f"the model was fitted to {len(shown)} coefficients, too many to choose from"
        raise ConfigurationError(msg, hint="name the coefficients to choose from")
    for share in shown:
        if not 0 <= share <= 1 or not is_exact(share):
            said = "has more than four decimals" if 0 <= share <= 1 else "is not between 0 and 1"
            msg = f"the coefficient {share!r} {said}"
            raise ConfigurationError(msg)
    if not shown:
        msg = "there are no coefficients to choose from"
        raise ConfigurationError(msg)
    return [round(share, DECIMALS) for share in shown]


def _pairs(labels: Labels, number: int, mixtures: int, seed: int, *, left_out: Collection[int]) -> list[Pair]:
    """Draw at least `number` pairs of pictures, equally many for each two classes; none if there are too few."""
    is_open = labels.codes >= 0
    classes = np.unique(labels.codes[is_open]).tolist()
    is_open[list(left_out)] = False
    sizes = np.bincount(labels.codes[is_open], minlength=len(labels.vocabulary))
    products = [int(sizes[one] * sizes[two]) for one, two in combinations(classes, 2)]
    if not products:
        msg = "the pictures are of fewer than two classes"
        raise PerceptionError(msg, hint="a mixture requires two pictures of different classes")
    most = max(1, _MOST_CANDIDATES // (mixtures * len(products)))
    each = min(number, most, *products)
    if each * len(products) < number:
        return []
    return draw_pairs(labels, classes, each, stream(seed, "choosing"), left_out=left_out)
