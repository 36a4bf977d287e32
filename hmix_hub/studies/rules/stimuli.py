"""Rules of stimuli: classes, pictures, pairs (HMX560 to HMX569)."""

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
    """Make the study one of morphs, which brings every mixture as a picture; but for one."""
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
    # The two other people who saw it lose their rows.
    others = [row for number, row in enumerate(rows) if number == ROW or _stimulus_id(row) != name]
    files[table_path()] = csv_bytes(others)


def _by_file(name: str = "a/0.png", index: str = "") -> Callable[[Files], None]:
    """Make the study one of four pictures of its own, named by file; in row 7 by another name, or by an index, too."""

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
    """Make one of four pictures larger than the others: one that is mixed in row 7 with a smaller one, or nowhere."""

    def apply(files: Files) -> None:
        _by_file("a/1.png" if mixed else "a/0.png")(files)
        files["stimuli/a/1.png"] = tiny_picture(width=3)

    return apply


_MORPHED = Change("the example study with morphs, each of them a picture", _morph)
_SINGLE = {"image_2_label": "", "image_2_index": ""}

CLASS = error(
    "HMX560 class-unknown",
    "no class of the study is called so",
    "write a class of `stimuli: classes:` in study.yaml, or add it there",
    Example(cell("image_1_label", "aeroplane"), every("image_1_label", "is capitalised", str.capitalize)),
)
LABEL = error(
    "HMX561 label-of-picture",
    "the picture with this index is of another class",
    "indices count from 0 in the image set's original order; check that nothing was shuffled or shifted by one",
    Example(rows_changed("row 7 has another class for image 1", _label_wrong, named=(ROW,))),
)
INDEX = error(
    "HMX562 picture-unknown",
    "the image set has no picture with this index",
    "indices count from 0; CIFAR-10's test set has 0 to 9999",
    Example(cell("image_1_index", "10000")),
)
SWAPPED = error(
    "HMX563 images-swapped",
    "each picture has the other one's class: the labels, or the indices, are swapped",
    "swap the two labels back",
    Example(rows_changed("the two labels of row 7 are swapped", lambda rows: _swapped(rows, "label"), named=(ROW,))),
)
PAIR_ORDER = error(
    "HMX564 pair-order",
    "the same two pictures stand in both orders, so that one mixture has two ids",
    "keep one order; where you swap the pictures, 1 minus every coefficient",
    Example(
        rows_changed("the pictures of row 7 are swapped, and its coefficients are 1 minus", _turn_pair, named=(ROW,))
    ),
    "swaps the pictures of the rarer order, and takes 1 minus their coefficients",
)
SAME_PICTURE = error(
    "HMX565 same-picture",
    "the picture is mixed with itself",
    "leave image_2 empty for a single picture, with the coefficient 1",
    Example(rows_changed("image 2 of row 7 is image 1", _repeat_picture, named=(ROW,))),
)
SINGLE = error(
    "HMX566 single-picture",
    "a single picture has no second label or index, and the coefficient 1",
    "write both image_2 columns, or neither; without a second picture the coefficient is 1",
    Example(
        cells(_SINGLE | {"mixing_coefficient": "0.5"}),
        cells(_SINGLE | {"mixing_coefficient": "1", "inferred_coefficient": "1"}),
    ),
)
IMAGE_SET = error(
    "HMX567 image-set",
    "the row's image set is not the one that study.yaml names",
    "leave the column image_set out",
    Example(added("image_set", "cifar10/train"), added("image_set", "cifar10/test")),
)
FILE_UNLISTED = error(
    "HMX551 file-unlisted",
    "stimuli/images.csv lists no picture of this name",
    "write the name as it is listed there, or list the picture",
    Example(
        Change(
            "pictures of one's own, named by file, and in row 7 by one that is not listed", _by_file("cow.png"), (ROW,)
        ),
        Change("pictures of one's own, named by file", _by_file()),
    ),
)
FILE_AMBIGUOUS = error(
    "HMX552 file-ambiguous",
    "stimuli/images.csv lists several pictures of this name",
    "write the whole name, folders included, as it is listed there",
    Example(
        Change("pictures of one's own, and in row 7 a name that two folders hold", _by_file("0.png"), (ROW,)),
        Change("pictures of one's own, and in row 7 a name with its folder", _by_file("a/0.png")),
    ),
)
FILE_INDEX = error(
    "HMX553 file-and-index",
    "the file and the index name two different pictures",
    "leave the index out where the files are right; indices count the rows of stimuli/images.csv from 0",
    Example(
        Change("pictures of one's own, and in row 7 the index of another one", _by_file(index="2"), (ROW,)),
        Change("pictures of one's own, and in row 7 the index of the same", _by_file(index="0")),
    ),
)
FILE_SPELLING = warning(
    "HMX554 file-spelling",
    "the name is listed otherwise in stimuli/images.csv: other capitals, a folder more or less, or no ending",
    "write it as it is listed",
    Example(
        Change("pictures of one's own, and in row 7 a name in capitals", _by_file("A/0.PNG"), (ROW,)),
        Change("pictures of one's own, and in row 7 a name as it is listed", _by_file("a/0.png")),
    ),
    "writes it as it is listed",
)
SIZES = error(
    "HMX555 picture-sizes",
    "the two pictures that are mixed pixel by pixel are of different sizes",
    "list the pictures as people saw them mixed, of one size; or say in `stimuli: mixing:` how they were mixed",
    Example(
        Change(
            "pictures of one's own, and in row 7 one of 3 by 2 pixels with one of 2 by 2",
            _of_two_sizes(mixed=True),
            (ROW,),
        ),
        Change("pictures of one's own, one of 3 by 2 pixels among those of 2 by 2", _of_two_sizes()),
    ),
)
PICTURES = error(
    "HMX568 pictures",
    "the study's own pictures, or the list of them, cannot be read",
    f"stimuli/{IMAGES.hint}; where they may not be published, write `source: elsewhere`, and width and height of each",
    Example(
        Change(
            "study.yaml says `source: own`, and there is no stimuli/images.csv",
            replaced("study.yaml", "cifar10/test", "own").apply,
        )
    ),
)
PICTURES_UNUSED = warning(
    "HMX569 pictures-unused",
    "there are pictures in stimuli/, but study.yaml names another source",
    "say `source: own` in study.yaml, or take stimuli/ out",
    Example(file_added("stimuli/images.csv", b"file,label\na.png,dog\n")),
)
NO_MIXTURES = warning(
    "HMX556 mixtures-absent",
    "the pictures were not mixed pixel by pixel, and the study does not bring them: nobody can see what people saw",
    "list them in stimuli/mixtures.csv, with the columns file,stimulus_id, if you may publish them",
    Example(
        Change("study.yaml says `mixing: morph`, and there is no stimuli/mixtures.csv", _SAYS_MORPH.apply), _MORPHED
    ),
)
MIXTURES = error(
    "HMX557 mixtures",
    "the mixtures that the study brings cannot be read",
    "stimuli/mixtures.csv has the columns file,stimulus_id; a stimulus_id is mixed_0.5_Dog_12_Frog_7",
    Example(Change("stimuli/mixtures.csv names a picture that is not there", _morph_without_picture)),
)
MIXTURE = error(
    "HMX558 mixture-missing",
    "the mixture that the row is about is not among those that the study brings",
    "add the picture and its row in stimuli/mixtures.csv, or take stimuli/mixtures.csv out",
    Example(Change("stimuli/mixtures.csv lacks the mixture of row 7", _morph_without_row_7, (ROW,)), _MORPHED),
)
MIXING = error(
    "HMX559 mixing-none",
    "study.yaml says that nothing was mixed, but the row has a second picture",
    "name the method in `stimuli: mixing:`, or leave image_2 empty",
    Example(replaced("study.yaml", "mixing: pixel-linear", "mixing: none")),
)
