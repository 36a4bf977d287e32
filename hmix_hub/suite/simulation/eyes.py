"""Eyes of scripted people: from the pixels on a page to the mixture that they are.

Scripted people know the study's design, since they must see how much of each picture a mixture holds; but which mixture
is on the page they know from its pixels alone, as the server sent them. A picture that is none of the study's is found.
"""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import CollectionError
from hmix_hub.sources.image_sets import ImageSet
from hmix_hub.stimuli.coefficients import WALK
from hmix_hub.stimuli.drawing import draw_mixture
from hmix_hub.suite.design.design import FrozenStudy, Stimulus
from hmix_hub.suite.session.shown import mixtures_of_stimulus
from hmix_hub.tasks import TASKS

Pixels = npt.NDArray[np.uint8]
Fetch = Callable[[str], bytes]
"""Gives the PNG of a picture by its name."""


@dataclass(frozen=True)
class Scene:
    """What a person sees on the page of a trial.

    Parameters
    ----------
    stimulus
        The pair, or the mixture.
    coefficients
        Share of image 1 in each picture, in the order of the page; tenths in the midpoint tasks.
    image_1_left
        Whether the class on the left is that of image 1; `None` where the page names no classes.
    """

    stimulus: Stimulus
    coefficients: tuple[float, ...]
    image_1_left: bool | None


class Eyes:
    """Eyes that know the pictures of a study.

    Parameters
    ----------
    frozen
        The study.
    image_set
        Its pictures.
    """

    def __init__(self, frozen: FrozenStudy, image_set: ImageSet) -> None:
        self._names = frozen.study.pictures.shown_names
        self._size = image_set.pictures.shape[-1]
        self._known: dict[str, dict[str, dict[Stimulus, float]]] = {
            task: _known_mixtures(frozen, task, image_set.pictures) for task in frozen.study.tasks
        }
        self._digests: dict[str, str] = {}

    def look(self, task: str, page: dict[str, Any], fetch: Fetch) -> Scene:
        """See what is on the page of a trial.

        Parameters
        ----------
        task
            Name of the task.
        page
            The page, from the session view.
        fetch
            Gives a picture; asked once for each name.

        Raises
        ------
        CollectionError
            If the pictures are not those of one stimulus of the study.
        """
        names: Sequence[str] = page["pictures"]
        left, right = page.get("left"), page.get("right")
        known = self._known.get(task, {})
        found = [known.get(self._digest(name, fetch), {}) for name in names]
        shared = set(found[0]).intersection(*found[1:])
        if left is not None:
            shared = {stimulus for stimulus in shared if set(self._labels(stimulus)) == {left, right}}
        if not shared:
            msg = f"a page of {task} shows pictures that are not those of one stimulus of the study"
            raise CollectionError(msg, hint="is the server's study the one of this folder?")
        stimulus = min(shared, key=_order)
        coefficients = tuple(mixtures[stimulus] for mixtures in found)
        image_1_left = None if left is None else left == self._labels(stimulus)[0]
        return Scene(stimulus, coefficients, image_1_left)

    def _labels(self, stimulus: Stimulus) -> tuple[str, str]:
        return self._names[stimulus.image_1_label], self._names[stimulus.image_2_label]

    def _digest(self, name: str, fetch: Fetch) -> str:
        if name not in self._digests:
            self._digests[name] = digest_of(shrunk(fetch(name), self._size))
        return self._digests[name]


def _order(stimulus: Stimulus) -> tuple[int, int, float]:
    return stimulus.image_1_index, stimulus.image_2_index, stimulus.mixing_coefficient or 0.0


def _known_mixtures(frozen: FrozenStudy, task: str, pictures: Pixels) -> dict[str, dict[Stimulus, float]]:
    """Give the stimuli that a picture can be of, each with the picture's coefficient, by the picture's digest."""
    known: dict[str, dict[Stimulus, float]] = defaultdict(dict)
    stimuli = {stimulus for batch in frozen.batches if batch.task == task for stimulus in batch.stimuli}
    for stimulus in stimuli:
        mixtures = mixtures_of_stimulus(task, stimulus)
        drawn_with = np.array([mixture.coefficient for mixture in mixtures])
        first, second = (
            np.repeat(pictures[index : index + 1], len(mixtures), axis=0)
            for index in (stimulus.image_1_index, stimulus.image_2_index)
        )
        stated = (
            [step / (len(WALK) - 1) for step in range(len(WALK))]
            if TASKS[task].shows == "pair"
            else drawn_with.tolist()
        )
        drawn = draw_mixture(first, second, drawn_with).transpose(0, 2, 3, 1)
        for picture, coefficient in zip(drawn, stated, strict=True):
            known[digest_of(picture)][stimulus] = coefficient
    return dict(known)


def digest_of(picture: Pixels) -> str:
    """Give the sha256 of a picture's pixels, uint8 (H, W, 3)."""
    return hashlib.sha256(np.ascontiguousarray(picture).data).hexdigest()


def shrunk(png: bytes, size: int) -> Pixels:
    """Give the picture that was enlarged without smoothing, uint8 (size, size, 3).

    Raises
    ------
    CollectionError
        If it is no whole multiple of such a picture.
    """
    from PIL import Image

    with Image.open(io.BytesIO(png)) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    scale = max(pixels.shape[0] // size, 1)
    small = pixels[::scale, ::scale]
    if small.shape[:2] != (size, size) or not np.array_equal(small.repeat(scale, 0).repeat(scale, 1), pixels):
        msg = (
            f"a picture of {pixels.shape[1]} x {pixels.shape[0]} is none of {size} x {size} enlarged without smoothing"
        )
        raise CollectionError(msg, hint="pictures are enlarged by a whole number, each pixel to a square")
    return small
