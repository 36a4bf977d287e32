"""Random stimuli: a manifest's `stimuli:`, the pictures behind it, and what one row says of a stimulus."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from hmix_hub.schema import CIFAR10
from hmix_hub.sources.cifar10 import known_labels
from hmix_hub.tasks import TASKS
from study_generator.words import class_names

COEFFICIENTS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


@dataclass(frozen=True)
class Pictures:
    """Pictures of a study: class name of each by index, and the files that they come in."""

    source: str
    classes: list[str] | str
    labels: list[str]
    files: dict[str, bytes]


@cache
def _cifar10_labels() -> list[str]:
    return [CIFAR10.names[label] for label in known_labels().tolist()]


def cifar10(rng: random.Random) -> Pictures:
    """Take CIFAR-10's test set, its classes by themselves or among others, in any order."""
    classes: list[str] | str = "cifar10"
    if rng.random() < 0.4:
        classes = [*map(str.capitalize, CIFAR10.names), *class_names(rng, rng.randrange(3))]
        rng.shuffle(classes)
    return Pictures("cifar10/test", classes, _cifar10_labels(), {})


def own(rng: random.Random) -> Pictures:
    """Make a few small pictures of a vocabulary of the study's own."""
    classes = class_names(rng, rng.randrange(2, 7))
    labels = [rng.choice(classes) for _ in range(rng.randrange(3, 9))]
    files = {f"stimuli/{'more/' * (n % 2)}{n}.png": png(rng) for n in range(len(labels))}
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([("file", "label"), *((f[8:], label) for f, label in zip(files, labels, strict=True))])
    return Pictures("own", classes, labels, files | {"stimuli/images.csv": stream.getvalue().encode()})


def png(rng: random.Random) -> bytes:
    """Make a picture of 3 x 3 pixels."""
    stream = io.BytesIO()
    Image.fromarray(np.frombuffer(rng.randbytes(27), np.uint8).reshape(3, 3, 3)).save(stream, "PNG")
    return stream.getvalue()


def draw_stimuli(
    rng: random.Random, pictures: Pictures, task: str, *, number: int, is_mixed: bool, singles: float
) -> list[dict[str, object]]:
    """Return distinct stimuli as the cells of their columns; each pair of pictures in one order, of which images."""
    shown: dict[tuple[object, ...], dict[str, object]] = {}
    order: dict[frozenset[int], tuple[int, int]] = {}
    has_coefficient = TASKS[task].shows == "mixture"
    constant = rng.choice(COEFFICIENTS) if rng.random() < 0.15 else None
    for _ in range(4 * number):
        if len(shown) == number:
            break
        first, second = rng.sample(range(len(pictures.labels)), 2)
        if has_coefficient and (not is_mixed or rng.random() < singles):
            cells = {**_image(rng, pictures, 1, first), "image_2_label": None, "image_2_index": None}
            key: tuple[object, ...] = (first,)
            coefficient = 1.0
        else:
            first, second = order.setdefault(frozenset((first, second)), (first, second))
            cells = _image(rng, pictures, 1, first) | _image(rng, pictures, 2, second)
            coefficient = rng.choice(COEFFICIENTS) if constant is None else constant
            key = (first, second, coefficient if has_coefficient else None)
        shown.setdefault(key, cells | ({"mixing_coefficient": coefficient} if has_coefficient else {}))
    return list(shown.values())


def _image(rng: random.Random, pictures: Pictures, number: int, index: int) -> dict[str, object]:
    label = pictures.labels[index]
    # Case does not matter in a label.
    return {f"image_{number}_label": rng.choice([label, label.lower()]), f"image_{number}_index": index}
