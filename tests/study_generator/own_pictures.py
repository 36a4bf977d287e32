"""A study of pictures and classes of its own, as a change of the example study."""

from __future__ import annotations

import csv
import io

import numpy as np
from PIL import Image

from hmix_hub.studies.example import csv_bytes
from hmix_hub.tasks import INFER

CLASSES = ("cat", "fox")
SIZE = (6, 4)
TABLE = f"judgments/{INFER}.csv"


def pixels(number):
    return np.random.default_rng(number).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)


def png(number):
    stream = io.BytesIO()
    Image.fromarray(pixels(number)).save(stream, "PNG")
    return stream.getvalue()


def with_own_pictures(files):
    """Change the example study into one of four pictures of cats and foxes, some shown alone."""
    text = files["study.yaml"].decode().replace("source: cifar10/test", "source: own")
    files["study.yaml"] = text.replace("classes: cifar10", f"classes: [{', '.join(CLASSES)}]").encode()
    names = [f"pictures/{number}.png" for number in range(4)]
    files |= {f"stimuli/{name}": png(number) for number, name in enumerate(names)}
    files["stimuli/images.csv"] = csv_bytes(
        [{"file": name, "label": CLASSES[number % 2]} for number, name in enumerate(names)]
    )
    rows = list(csv.DictReader(io.StringIO(files[TABLE].decode())))
    for number, row in enumerate(rows):
        first, second = 2 * (number % 2), 2 * (number // 2 % 2) + 1
        row |= {"image_1_label": "cat", "image_1_index": first, "image_2_label": "fox", "image_2_index": second}
        if number % 12 in {4, 9}:
            row |= {"image_2_label": "", "image_2_index": "", "mixing_coefficient": "1", "inferred_coefficient": "0.9"}
        row["is_repeat"] = "false"
    files[TABLE] = csv_bytes(rows)
