"""Rules for stimuli: classes, pictures, pairs (HMX551 to HMX569)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from hmix_hub.sources.picture_list import IMAGES
from hmix_hub.studies.example import csv_bytes, tiny_picture
from hmix_hub.studies.rules.changes import (
    ROW,
    Rows,
    added,
    cell,
    cells,
    every,
    file_added,
    replaced,
    rows_changed,
    table_path,
)
from hmix_hub.studies.rules.rule import Change, Example, Files, error, warning

_SAYS_MORPH = replaced("study.yaml", "mixing: pixel-linear", "mixing: morph\n  mixing_note: By hand.")


def _swapped(rows: Rows, *names: str) -> None:
    row = rows[ROW]
    for name in names:
        first, second = f"image_1_{name}", f"image_2_{name}"
        row[first], row[second] = row[second], row[first]


def _turn_pair(rows: Rows) -> None:
    _swapped(rows, "label", "index")
    for name in ("mixing_coefficient", "inferred_coefficient"):
        rows[ROW][name] = f"{1 - float(rows[ROW][name]):g}"


def _repeat_picture(rows: Rows) -> None:
    for name in ("label", "index"):
        rows[ROW][f"image_2_{name}"] = rows[ROW][f"image_1_{name}"]


def _label_wrong(rows: Rows) -> None:
    rows[ROW]["image_1_label"] = "truck" if rows[ROW]["image_1_label"] != "truck" else "ship"


def _morph(files: Files, *, lacks: str = "") -> None:
    """Turn the study into one with morphs, and add every mixture's picture except that of `lacks`."""
    _SAYS_MORPH.apply(files)
    files["stimuli/tiny.png"] = tiny_picture()
    rows = csv.DictReader(io.StringIO(files[table_path()].decode()))
    names = dict.fromkeys(map(_stimulus_id, rows))
    lines = [f"tiny.png,{name}\n" for name in names if name != lacks]
    files["stimuli/mixtures.csv"] = ("file,stimulus_id\n" + "".join(lines)).encode()


def _stimulus_id(row: dict[str, str]) -> str:
    parts = [f"{row[f'image_{i}_label'].capitalize()}_{row[f'image_{i}_index']}" for i in (1, 2)]
    return f"mixed_{row['mixing_coefficient']}_{'_'.join(parts)}"


def _morph_without_picture(files: Files) -> None:
    _morph(files)
    del files["stimuli/tiny.png"]


def _morph_without_row_7(files: Files) -> None:
    rows = list(csv.DictReader(io.StringIO(files[table_path()].decode())))
    name = _stimulus_id(rows[ROW])
    _morph(files, lacks=name)
    # Remove the rows of the two other participants who saw it.
    others = [row for number, row in enumerate(rows) if number == ROW or _stimulus_id(row) != name]
    files[table_path()] = csv_bytes(others)


def _by_file(name: str = "a/0.png", index: str = "") -> Callable[[Files], None]:
    """Add four pictures of its own to the study, referred to by file; row 7 uses `name`, and `index` if given."""

    def apply(files: Files) -> None:
        text = files["study.yaml"].decode().replace("source: cifar10/test", "source: own")
        files["study.yaml"] = text.encode()
        names = ("a/0.png", "b/0.png", "a/1.png", "b/1.png")
        files |= {f"stimuli/{picture}": tiny_picture() for picture in names}
        lines = [f"{picture},{'cat' if picture[0] == 'a' else 'dog'}\n" for picture in names]
        files["stimuli/images.csv"] = ("file,label\n" + "".join(lines)).encode()
        rows = list(csv.DictReader(io.StringIO(files[table_path()].decode())))
        for number, row in enumerate(rows):
            for column in ("image_1_label", "image_2_label", "image_1_index", "image_2_index"):
                del row[column]
            second = f"b/{number % 12 // 6}.png"
            row |= {"image_1_file": "a/0.png", "image_2_file": second, "is_repeat": "false"}
            row["mixing_coefficient"] = f"{(1 + number % 12 % 6) / 10:g}"
        rows[ROW]["image_1_file"] = name
        if index:
            for number, row in enumerate(rows):
                row["image_1_index"] = index if number == ROW else ""
        files[table_path()] = csv_bytes(rows)

    return apply


def _of_two_sizes(*, mixed: bool = False) -> Callable[[Files], None]:
    """Make one of four pictures larger: one that is mixed in row 7 with a smaller one, or one that is not used."""

    def apply(files: Files) -> None:
        _by_file("a/1.png" if mixed else "a/0.png")(files)
        files["stimuli/a/1.png"] = tiny_picture(width=3)

    return apply


_MORPHED = Change("the example study with morphs and a picture of each", _morph)
_SINGLE = {"image_2_label": "", "image_2_index": ""}

CLASS = error(
    "HMX560 class-unknown",
    "the study has no class with this name",
    "use a class listed under `stimuli: classes:` in study.yaml, or add it there",
    Example(cell("image_1_label", "aeroplane"), every("image_1_label", "is capitalised", str.capitalize)),
)
LABEL = error(
    "HMX561 label-of-picture",
    "the picture with this index has another class",
    "count indices from 0 in the image set's original order; check that nothing was shuffled or shifted by one",
    Example(rows_changed("row 7 has another class for image 1", _label_wrong, named=(ROW,))),
)
INDEX = error(
    "HMX562 picture-unknown",
    "the image set has no picture with this index",
    "count indices from 0; those of CIFAR-10's test set are 0 to 9999",
    Example(cell("image_1_index", "10000")),
)
SWAPPED = error(
    "HMX563 images-swapped",
    "the labels or the indices are swapped: each picture has the other picture's class",
    "swap the two labels back",
    Example(rows_changed("the two labels of row 7 are swapped", lambda rows: _swapped(rows, "label"), named=(ROW,))),
)
PAIR_ORDER = error(
    "HMX564 pair-order",
    "the same two pictures appear in both orders, so one mixture has two ids",
    "keep one order; where you swap the pictures, replace every coefficient by 1 minus it",
    Example(rows_changed("row 7 has its pictures swapped and 1 minus its coefficients", _turn_pair, named=(ROW,))),
    "swaps the pictures of the rarer order and replaces their coefficients by 1 minus them",
)
SAME_PICTURE = error(
    "HMX565 same-picture",
    "the picture is mixed with itself",
    "for a single picture, leave the image_2 columns empty and set the coefficient to 1",
    Example(rows_changed("in row 7, image 2 is the same as image 1", _repeat_picture, named=(ROW,))),
)
SINGLE = error(
    "HMX566 single-picture",
    "the second picture is incomplete, or there is none and the coefficient is not 1",
    "fill in both image_2 columns or neither; without a second picture, the coefficient is 1",
    Example(
        cells(_SINGLE | {"mixing_coefficient": "0.5"}),
        cells(_SINGLE | {"mixing_coefficient": "1", "inferred_coefficient": "1"}),
    ),
)
IMAGE_SET = error(
    "HMX567 image-set",
    "the row's image set is not the one that study.yaml names",
    "omit the column image_set",
    Example(added("image_set", "cifar10/train"), added("image_set", "cifar10/test")),
)
FILE_UNLISTED = error(
    "HMX551 file-unlisted",
    "stimuli/images.csv lists no picture with this name",
    "use a name listed in stimuli/images.csv, or add the picture there",
    Example(
        Change("own pictures, referred to by file, and in row 7 an unlisted file", _by_file("cow.png"), (ROW,)),
        Change("own pictures, referred to by file", _by_file()),
    ),
)
FILE_AMBIGUOUS = error(
    "HMX552 file-ambiguous",
    "stimuli/images.csv lists several pictures with this name",
    "write the full path, as listed there",
    Example(
        Change("own pictures, and in row 7 a name that exists in two folders", _by_file("0.png"), (ROW,)),
        Change("own pictures, and in row 7 a name with its folder", _by_file("a/0.png")),
    ),
)
FILE_INDEX = error(
    "HMX553 file-and-index",
    "the file and the index refer to different pictures",
    "if the files are right, omit the index; indices count the rows of stimuli/images.csv from 0",
    Example(
        Change("own pictures, and in row 7 the index of another picture", _by_file(index="2"), (ROW,)),
        Change("own pictures, and in row 7 the index of the same picture", _by_file(index="0")),
    ),
)
FILE_SPELLING = warning(
    "HMX554 file-spelling",
    "the name differs from that in stimuli/images.csv in case, folders or extension",
    "write the name as listed",
    Example(
        Change("own pictures, and in row 7 a name in capitals", _by_file("A/0.PNG"), (ROW,)),
        Change("own pictures, and in row 7 a name as listed", _by_file("a/0.png")),
    ),
    "writes the name as listed",
)
SIZES = error(
    "HMX555 picture-sizes",
    "the two pictures are mixed pixel by pixel but have different sizes",
    "list the pictures in the one size in which they were mixed, or state in `stimuli: mixing:` how they were mixed",
    Example(
        Change(
            "own pictures, and in row 7 one of 3 x 2 pixels mixed with one of 2 x 2",
            _of_two_sizes(mixed=True),
            (ROW,),
        ),
        Change("own pictures of 2 x 2 pixels, and an unused one of 3 x 2", _of_two_sizes()),
    ),
)
PICTURES = error(
    "HMX568 pictures",
    "the study's own pictures, or their list, cannot be read",
    f"stimuli/{IMAGES.hint}; if they may not be published, write `source: elsewhere` and each picture's width and "
    "height",
    Example(
        Change(
            "study.yaml has `source: own`, but there is no stimuli/images.csv",
            replaced("study.yaml", "cifar10/test", "own").apply,
        )
    ),
)
PICTURES_UNUSED = warning(
    "HMX569 pictures-unused",
    "stimuli/ contains pictures, but study.yaml names another source",
    "write `source: own` in study.yaml, or remove stimuli/",
    Example(file_added("stimuli/images.csv", b"file,label\na.png,dog\n")),
)
NO_MIXTURES = warning(
    "HMX556 mixtures-absent",
    "the stimuli cannot be drawn: they are not pixel-wise mixtures, and the study does not include their pictures",
    "if you may publish the mixtures, list them in stimuli/mixtures.csv, with the columns file,stimulus_id",
    Example(
        Change("study.yaml has `mixing: morph`, but there is no stimuli/mixtures.csv", _SAYS_MORPH.apply), _MORPHED
    ),
)
MIXTURES = error(
    "HMX557 mixtures",
    "the study's own mixtures, or their list, cannot be read",
    "give stimuli/mixtures.csv the columns file,stimulus_id, with ids such as mixed_0.5_Dog_12_Frog_7",
    Example(Change("stimuli/mixtures.csv lists a picture that does not exist", _morph_without_picture)),
)
MIXTURE = error(
    "HMX558 mixture-missing",
    "stimuli/mixtures.csv does not list the mixture of this row",
    "add the picture and its row to stimuli/mixtures.csv, or remove stimuli/mixtures.csv",
    Example(
        Change("the mixture of row 7 is missing from stimuli/mixtures.csv", _morph_without_row_7, (ROW,)), _MORPHED
    ),
)
MIXING = error(
    "HMX559 mixing-none",
    "study.yaml says that nothing was mixed, but the row has a second picture",
    "name the method in `stimuli: mixing:`, or leave the image_2 columns empty",
    Example(replaced("study.yaml", "mixing: pixel-linear", "mixing: none")),
)
