"""Planters of defects in stimuli."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter

from hypothesis import assume

from hmix_hub.studies.example import tiny_picture
from hmix_hub.studies.findings import MOST_PLACES
from hmix_hub.tasks import CATEGORICAL, CHOICE, INFER
from study_generator.planting import TEXTS, is_pair, plants, some_row
from study_generator.stimuli import png
from study_generator.study import Study

_OWN = {"sources": ("own",)}


def _stimulus_id(row: dict[str, object]) -> str:
    parts = [f"{str(row[f'image_{i}_label']).capitalize()}_{row[f'image_{i}_index']}" for i in (1, 2)]
    return f"mixed_{row['mixing_coefficient']!r}_{'_'.join(parts)}"


def _bring_mixtures(study: Study) -> list[str]:
    """Bring the mixture of every row; gives the lines of the list."""
    assume(study.manifest["stimuli"]["classes"] == "cifar10")
    assume(all(map(is_pair, study.rows)))
    names = dict.fromkeys(map(_stimulus_id, study.rows))
    files = {f"m/{number}.png": name for number, name in enumerate(names)}
    study.files |= dict.fromkeys((f"stimuli/{file}" for file in files), png(random.Random(0)))
    return ["file,stimulus_id", *(f"{file},{name}" for file, name in files.items())]


_CLASSES = {CATEGORICAL: ["top_class", "impossible_classes"], CHOICE: ["chosen_class"]}
_MORPH = {"mixings": ("morph",), "tasks": (INFER, CATEGORICAL, CHOICE), "sources": ("cifar10/test",)}


@plants("HMX556", mixings=("morph",))
def _no_mixtures(study: Study, rng: random.Random) -> None:
    """A study whose pictures were morphed brings no mixtures as it is."""


@plants("HMX557", **_MORPH)
def _mixtures(study: Study, rng: random.Random) -> None:
    lines = _bring_mixtures(study)
    lines.insert(rng.randrange(1, len(lines)), rng.choice(["gone.png,mixed_0.5_Dog_1_Cat_2", "m/0.png,dog", ",", "a,"]))
    study.files["stimuli/mixtures.csv"] = "\n".join(lines).encode()


@plants("HMX558", **_MORPH)
def _mixture(study: Study, rng: random.Random) -> list[int]:
    lines = _bring_mixtures(study)
    assume(len(lines) > 2)
    lost = lines.pop(rng.randrange(1, len(lines)))
    del study.files[f"stimuli/{lost.split(',')[0]}"]
    study.files["stimuli/mixtures.csv"] = "\n".join(lines).encode()
    return [n for n, row in enumerate(study.rows) if lost.endswith("," + _stimulus_id(row))]


@plants("HMX559", mixings=("none",), tasks=(INFER, CATEGORICAL, CHOICE))
def _mixed(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng)
    other = rng.choice([index for index in range(len(study.labels)) if index != study.rows[row]["image_1_index"]])
    study.rows[row] |= {"image_2_index": other, "image_2_label": study.labels[other]}
    return [row]


@plants("HMX560", endings=TEXTS)
def _class(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng, is_pair)
    names = [
        "image_1_label",
        "image_2_label",
        *(_CLASSES.get(study.task, [])),
    ]
    column = rng.choice(names)
    unknown = "no such " + rng.choice(["class", "Æ", "x" * 500])
    study.rows[row][column] = [unknown] if column == "impossible_classes" else unknown
    return [row]


@plants("HMX561")
def _label(study: Study, rng: random.Random) -> list[int]:
    number = rng.choice([1, 2])
    row = some_row(study, rng, is_pair)
    written = study.rows[row][f"image_{number}_label"].lower()
    study.rows[row][f"image_{number}_label"] = rng.choice([name for name in study.classes if name.lower() != written])
    return [row]


@plants("HMX562")
def _index(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng, is_pair)
    study.rows[row][rng.choice(["image_1_index", "image_2_index"])] = len(study.labels) + rng.choice([0, 1, 10**6])
    return [row]


@plants("HMX563")
def _swapped(study: Study, rng: random.Random) -> list[int]:
    number = some_row(
        study, rng, lambda row: is_pair(row) and row["image_1_label"].lower() != row["image_2_label"].lower()
    )
    row = study.rows[number]
    row["image_1_label"], row["image_2_label"] = row["image_2_label"], row["image_1_label"]
    return [number]


@plants("HMX564", fewest_people=5, fewest_trials=4)
def _turned(study: Study, rng: random.Random) -> list[int]:
    pairs = Counter((row["image_1_index"], row["image_2_index"]) for row in study.rows)
    number = some_row(study, rng, lambda row: is_pair(row) and pairs[row["image_1_index"], row["image_2_index"]] > 2)
    row = study.rows[number]
    for name in ("label", "index"):
        first, second = f"image_1_{name}", f"image_2_{name}"
        row[first], row[second] = row[second], row[first]
    return [number]


@plants("HMX565")
def _same(study: Study, rng: random.Random) -> list[int]:
    number = some_row(study, rng, is_pair)
    row = study.rows[number]
    row |= {"image_2_label": row["image_1_label"], "image_2_index": row["image_1_index"]}
    return [number]


@plants("HMX566")
def _single(study: Study, rng: random.Random) -> list[int]:
    has_singles = any(not is_pair(row) for row in study.rows)
    if has_singles and rng.random() < 0.5:
        number = some_row(study, rng, lambda row: not is_pair(row))
        study.rows[number]["mixing_coefficient"] = 0.5
    else:
        number = some_row(study, rng, is_pair)
        study.rows[number][rng.choice(["image_2_label", "image_2_index"])] = None
    return [number]


@plants("HMX567", with_columns=("image_set",))
def _image_set(study: Study, rng: random.Random) -> list[int]:
    number = some_row(study, rng)
    study.rows[number]["image_set"] = rng.choice(["cifar10/train", "cifar100", "own/pictures"])
    return [number]


@plants("HMX568", examples=10, **_OWN)
def _pictures(study: Study, rng: random.Random) -> None:
    listed, picture = "stimuli/images.csv", rng.choice([name for name in study.files if name.endswith(".png")])
    change = rng.choice(["list", "picture", "damage", "columns", "away", "size"])
    if change == "list":
        del study.files[listed]
    elif change == "picture":
        del study.files[picture]
    elif change == "damage":
        study.files[picture] = study.files[picture][: rng.randrange(1, 60)]
    elif change == "columns":
        study.files[listed] = study.files[listed].replace(b"file", b"path", 1)
    elif change == "away":
        study.files[listed] += b"../../../etc/passwd,dog\n"
    else:
        # PNG's header says 100000 x 100000.
        head = bytearray(study.files[picture])
        head[16:24] = (100_000).to_bytes(4, "big") * 2
        study.files[picture] = bytes(head)


@plants("HMX569", sources=("cifar10/test",))
def _unused(study: Study, rng: random.Random) -> None:
    study.files["stimuli/images.csv"] = b"file,label\n"
    assume(study.manifest["stimuli"]["source"] != "own")


_BY_FILE = {**_OWN, "endings": TEXTS, "mixings": ("none", "pixel-linear"), "fewest_trials": 2}


def _name_files(study: Study) -> list[str]:
    """Name the pictures of every row by file alone; gives the names by index."""
    listed = csv.DictReader(io.StringIO(study.files["stimuli/images.csv"].decode()))
    names = [row["file"] for row in listed]
    for number in (1, 2):
        # Both, as one of them may be left out where the other is whole.
        for row in study.rows:
            index = row.pop(f"image_{number}_index")
            row[f"image_{number}_file"] = None if index is None else names[index]
            row.pop(f"image_{number}_label")
        study.columns.remove(f"image_{number}_label")
        study.columns[study.columns.index(f"image_{number}_index")] = f"image_{number}_file"
    return names


@plants("HMX551", **_BY_FILE)
def _file_unlisted(study: Study, rng: random.Random) -> list[int]:
    names = _name_files(study)
    number = some_row(study, rng)
    study.rows[number]["image_1_file"] = rng.choice(["gone.png", f"x{names[0]}", "Æ.jpg", "a/" * 40])
    return [number]


@plants("HMX552", **_BY_FILE)
def _file_ambiguous(study: Study, rng: random.Random) -> list[int]:
    names = _name_files(study)
    other = f"other/{names[0].split('/')[-1]}"
    study.files[f"stimuli/{other}"] = study.files[f"stimuli/{names[0]}"]
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([other, study.labels[0]])
    study.files["stimuli/images.csv"] = study.files["stimuli/images.csv"].rstrip() + f"\n{line.getvalue()}".encode()
    number = some_row(study, rng)
    study.rows[number]["image_1_file"] = f"third/{names[0].split('/')[-1]}"
    return [number]


@plants("HMX553", **_BY_FILE)
def _file_and_index(study: Study, rng: random.Random) -> list[int]:
    names = _name_files(study)
    number = some_row(study, rng)
    row = study.rows[number]
    wrong = [index for index, name in enumerate(names) if name != row["image_1_file"]]
    study.add_column("image_1_index", {number: rng.choice(wrong)})
    return [number]


@plants("HMX554", **_BY_FILE)
def _file_spelling(study: Study, rng: random.Random) -> list[int]:
    _name_files(study)
    number = some_row(study, rng)
    name = study.rows[number]["image_1_file"]
    study.rows[number]["image_1_file"] = rng.choice(
        [name.upper(), f"C:\\lab\\{name}", f"./{name}", name.rsplit(".", 1)[0]]
    )
    return [number]


@plants("HMX555", **_OWN)
def _sizes(study: Study, rng: random.Random) -> list[int]:
    number = some_row(study, rng, is_pair)
    pair = [study.rows[number][f"image_{which}_index"] for which in (1, 2)]
    listed = list(csv.DictReader(io.StringIO(study.files["stimuli/images.csv"].decode())))
    changed = rng.choice(pair)
    study.files[f"stimuli/{listed[changed]['file']}"] = tiny_picture(width=rng.choice([1, 2, 5]))
    of_changed = [
        n
        for n, row in enumerate(study.rows)
        if is_pair(row) and changed in {row["image_1_index"], row["image_2_index"]}
    ]
    return of_changed[:MOST_PLACES]
