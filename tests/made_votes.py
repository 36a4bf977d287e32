"""Studies of votes on pictures of their own."""

from __future__ import annotations

import json

import hmix_hub
from hmix_hub.studies.example import csv_bytes, example_study, write_files

TASK = "class_votes"
CLASSES = ("cat", "dog", "fox")
COUNTS = [[12, 3, 0], [0, 7, 0], [5, 5, 5], [1, 0, 2]]


def write_votes(folder, rows, classes=CLASSES, ending="csv"):
    """Write a study of votes on single pictures of its own; rows are cells of judgments/class_votes."""
    manifest = example_study(TASK)["study.yaml"].decode()
    for old, new in (
        ("source: cifar10/test", "source: own"),
        ("id: example-study", f"id: {folder.name}"),
        ("mixing: pixel-linear", "mixing: none"),
        ("synthetic: true\n", ""),
        ("classes: cifar10", f"classes: [{', '.join(classes)}]"),
    ):
        assert old in manifest
        manifest = manifest.replace(old, new)
    write_files(folder, {"study.yaml": manifest.encode()} | _pictures(len(rows), classes))
    labelled = [
        {"image_1_index": number, "image_1_label": classes[number % len(classes)], "mixing_coefficient": 1} | row
        for number, row in enumerate(rows)
    ]
    content = csv_bytes(labelled) if ending == "csv" else "\n".join(map(json.dumps, labelled)).encode()
    return write_files(folder, {f"judgments/{TASK}.{ending}": content})


def _pictures(n, classes):
    import io

    from PIL import Image

    files = {
        "stimuli/images.csv": csv_bytes([{"file": f"{i}.png", "label": classes[i % len(classes)]} for i in range(n)])
    }
    for number in range(n):
        stream = io.BytesIO()
        Image.new("RGB", (4, 4), (number, 80, 160)).save(stream, "PNG")
        files[f"stimuli/{number}.png"] = stream.getvalue()
    return files


def counted(rows=COUNTS):
    return [{"class_counts": "|".join(map(str, row))} for row in rows]


def load(folder, **options):
    return hmix_hub.load_dataset(str(folder), TASK, split="train", **options)
