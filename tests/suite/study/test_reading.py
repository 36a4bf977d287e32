"""Reading of the study file: what is wrong is told with its line, everything at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from suite.study.files import STUDY, changed, marked_line, write_study

from hmix_hub.errors import StudyFileError
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.reading import read_study_file

_QUIZ = "tasks.construct_midpoint.quiz.questions"

# What is written instead, and what the message says; the wrong line is marked.
FAULTS: dict[str, tuple[str, str, str]] = {
    "a key that is misspelled": ("batch_size = 6", "batch_sise = 6  #!", "did you mean 'batch_size' or"),
    "a key of the top that is misspelled": ("seed = 3", "sed = 3  #!", "did you mean 'seed'?"),
    "a table that there is not": ("[session]", "[sesion]  #!", "did you mean 'session'?"),
    "a task that there is not": (
        "[tasks.infer_mixing_factor]\n",
        "[tasks.infer_mixing_facto]  #!\n",
        "did you mean 'infer_mixing_factor'?",
    ),
    "a text for a number": ("batch_size = 6", 'batch_size = "6"  #!', "valid integer, not '6'"),
    "a fraction for a whole number": ("people_per_batch = 3", "people_per_batch = 3.5  #!", "integer, not 3.5"),
    "a date for a text": ('title = "A small study"', "title = 2025-01-01  #!", "valid string"),
    "a quota of nothing": ("people_per_batch = 3", "people_per_batch = 0  #!", "greater than or equal to 1, not 0"),
    "a quota below nothing": ("people_per_batch = 3", "people_per_batch = -1  #!", "not -1"),
    "a coefficient above one": ("0.5, 0.75]", "0.5,\n  75, #!\n]", "less than or equal to 1, not 75"),
    "a coefficient that is no number": ("0.5, 0.75]", "0.5,\n  nan, #!\n]", "not nan"),
    "another layout": ("format = 1", "format = 2  #!", "not 2"),
    "an id with capitals": ('"small-study"', '"Small"  #!', "does not have the form"),
    "a missing key, at its table": (
        '[about]\ndescription = "Some pictures are judged."',
        "[about]  #!",
        "about.description: this key is missing",
    ),
    "a missing key of a list's table": (
        'question = "What is asked?"',
        "#",
        f"{_QUIZ}[1].question: this key is missing",
    ),
    "pictures that nobody knows": ('"sample/pictures"', '"imagenet"  #!', "not 'imagenet'"),
    "classes that nobody knows": ("[consent]", "[pictures.x]  #!\n[consent]", "no such key"),
    "a line end in a title": ('"A small study"', '"A small\\nstudy"  #!', "does not have the form"),
    "a place that the batch does not have": ("[2, 5]", "[\n 2,\n 7, #!\n]", "no place 7 in a batch of 6"),
    "a place before the first": ("[2, 5]", "[\n 2,\n 0, #!\n]", "no place 0 in a batch of 6"),
    "a coefficient nearly as another": ("0.5, 0.75]", "0.5,\n  0.50000000001, #!\n]", "stands already as number 2"),
    "a coefficient of many decimals": ("0.5, 0.75]", "0.5,\n  0.50001, #!\n]", "more than 4 decimals"),
    "a start value nearly as another": ("[0.1, 0.9]", "[0.1,\n 0.10000000001, #!\n]", "stands already as number 1"),
    "a repeat that stands twice": ("[2, 5]", "[2,\n 2, #!\n]", "place 2 stands already as number 1"),
    "a start value that is no tenth": ("[0.1, 0.9]", "[0.1,\n 0.25, #!\n]", "0.25 is no tenth"),
    "a start value that stands twice": ("[0.1, 0.9]", "[0.1,\n 0.1, #!\n]", "stands already"),
    "an answer beyond the choices": ("answer = 1", "answer = 3  #!", "no choice 3: the choices are 2"),
    "two choices alike": ('"The middle", "The end"', '"The end",\n "The end", #!\n', "already as choice 1"),
    "coefficients where all are shown": ("batch_size = 6", "batch_size = 6\ncoefficients = [0.5]  #!", "all eleven"),
    "mixtures of a pair where all are shown": (
        "per_class_pair = 1",
        "per_class_pair = 1\ncoefficients_per_pair = 2  #!",
        "all eleven",
    ),
    "a coefficient that stands twice": ("0.5, 0.75]", "0.5,\n 0.5, #!\n]", "0.5 stands already as number 2"),
    "more mixtures than coefficients": ("coefficients_per_pair = 2", "coefficients_per_pair = 4  #!", "4 different"),
    "pairs from nowhere": (
        "[tasks.construct_midpoint.pairs]\nper_class_pair = 1",
        "[tasks.construct_midpoint.pairs]  #!",
        "neither is given",
    ),
    "a list outside of the folder": ("per_class_pair = 1", 'file = "../x.csv"  #!', "no plain path"),
    "a list elsewhere on the disk": ("per_class_pair = 1", 'file = "/etc/passwd"  #!', "no plain path"),
    "a class that there is not": (
        "per_class_pair = 1",
        'per_class_pair = 1\nclasses = ["dog",\n "frogg", #!\n]',
        "did you mean 'frog'?",
    ),
    "a class to draw from, twice": (
        "per_class_pair = 1",
        'per_class_pair = 1\nclasses = ["dog", "frog",\n "Dog", #!\n]',
        "stands already as number 1",
    ),
    "one class to draw from": ("per_class_pair = 1", 'per_class_pair = 1\nclasses = ["dog"]  #!', "one alone"),
    "two classes the same": (
        'source = "sample/pictures"',
        'source = "sample/pictures"\nclasses = ["dog",\n "Dog", #!\n]',
        "'Dog' stands already in place 1",
    ),
    "a class that spoils ids": (
        'source = "sample/pictures"',
        'source = "sample/pictures"\nclasses = ["dog", "a/b"]  #!',
        "cannot be a class",
    ),
    "an example of one picture": ("image_2_index = 3", "image_2_index = 0  #!", "picture 0 with itself"),
    "an example that counts backwards": ("image_2_index = 3", "image_2_index = -3  #!", "not -3"),
    "class order in another task": ("batch_size = 6", 'batch_size = 6\nclass_order = "shuffled"  #!', "means nothing"),
    "sliders in another task": (
        "batch_size = 6",
        "batch_size = 6\nmust_touch = true  #!",
        "is for infer_mixing_factor",
    ),
    "start values in another task": (
        "[[tasks.infer_mixing_factor.instructions]]",
        "[tasks.infer_mixing_factor.start]  #!\nvalues = [0.5]\n[[tasks.infer_mixing_factor.instructions]]",
        "is for construct_midpoint",
    ),
    "more batches than a sampler fills": ("batches = 2", "batches = 8  #!", "8 batches of 6 stimuli cannot be filled"),
    "a batch larger than all pairs": ("batch_size = 9", "batch_size = 91  #!", "a batch of 91 stimuli cannot"),
    "mixtures without batches of their own": ("batch_size = 9", "batch_size = 90", "room for 1"),
    "going on shorter than the place is kept": ("resume_hours = 24", "resume_hours = 0.5  #!", "within 0.5 h"),
    "a code that is not filled in": ('"Thank you."', '"Thank you."\nurl = "https://x.org/{id}"  #!', "{code}"),
    "a brace in the url": ('"Thank you."', '"Thank you."\nurl = "https://x.org/{{code}}"  #!', "not filled in"),
    "an address that is none": ('"Thank you."', '"Thank you."\nurl = "x.org"  #!', "does not have the form"),
    "a code in the text": ('"Thank you."', '"Your code: {code}"  #!', "filled in in the url alone"),
    "a word that the interface lacks": ("[session]", '[words]\nsubmitt = "x"  #!\n[session]', "mean 'submit'?"),
    "a word that is filled in otherwise": ("[session]", '[words]\ntrial_number = "{no}"  #!\n[session]', "filled in"),
    "a licence that is none": ('"CC0-1.0"', '"CC0"  #!', "no SPDX licence expression"),
    "an ORCID with a typing error": (
        '{ name = "Ada Example" }',
        '\n { name = "Ada", orcid = "0000-0002-1825-0098" }, #!\n',
        "check digit",
    ),
    "a DOI that is none": ('"CC0-1.0"', '"CC0-1.0"\ndoi = "doi:1"  #!', "study.yaml would not be valid"),
    "a tag": ('"Move it."', '"""\nMove <b>it</b>. #!\n"""', "'<b>' is markup"),
    "a line break of HTML": ('"Slide."', '"""\nSlide.\n\nOn<br/> #!\n"""', "'<br/>' is markup"),
    "a comment of HTML": ('"Please take part."', '"Please <!-- do not --> take part."  #!', "markup"),
    "an entity": ('"How much of each?"', '"How much&nbsp;of each?"  #!', "'&nbsp;' is markup"),
    "a bell": ('"How much of each?"', '"How much\\u0007 of each?"  #!', "a control character, U+0007"),
    "something still to be written": ('"None was needed."', '"TODO the approval"  #!', "TODO is still to be written"),
    "no TOML": ("seed = 3", "seed = = 3  #!", "not TOML"),
    "a key that stands twice": ("seed = 3", "seed = 3\nseed = 4  #!", "not TOML"),
}
_AT = {
    "a missing key of a list's table": "[[tasks.construct_midpoint.quiz.questions]]",
    "mixtures without batches of their own": "coefficients_per_pair = 2",
}
"""Where the wrong line is not one that is changed."""


def _told(folder: Path) -> StudyFileError:
    with pytest.raises(StudyFileError) as told:
        read_study_file(folder)
    return told.value


def test_a_study_file_that_is_right_is_read(tmp_path: Path) -> None:
    study = read_study_file(write_study(tmp_path))

    assert isinstance(study, StudyFile)
    assert study.tasks["construct_midpoint"].repeats == [2, 5]
    assert study.tasks["infer_mixing_factor"].pairs.coefficients_per_pair == 2


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    old, new, said = FAULTS[name]
    text = changed(old, new)
    line = text.split("\n").index(_AT[name]) + 1 if name in _AT else marked_line(text)

    error = _told(write_study(tmp_path, text))

    lines = [found for found in str(error).split("\n") if found.strip().startswith(f"study.toml, line {line}: ")]
    assert any(said in found for found in lines), str(error)


def test_one_finding_carries_its_place(tmp_path: Path) -> None:
    error = _told(write_study(tmp_path, changed("batch_size = 6", "batch_sise = 6").replace("repeats", "#", 1)))

    assert (error.where.file, error.where.line) == (None, None)
    error = _told(write_study(tmp_path, changed("seed = 3", "seed = -3")))
    assert (error.where.file, error.where.line) == ("study.toml", 4)


def test_everything_is_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = (
        changed("seed = 3", "sed = 3").replace('"Slide."', '"<i>Slide</i>"').replace("batch_size = 6", "batch_size = 0")
    )

    said = str(_told(write_study(tmp_path, text))).split("\n")

    tags = text.split("\n").index('text = "<i>Slide</i>"') + 1
    assert said[0] == "4 things are wrong:"
    assert [int(one.split("line ")[1].split(":")[0]) for one in said[1:]] == [4, 30, tags, tags]


def test_every_repeat_that_is_wrong_is_told(tmp_path: Path) -> None:
    said = str(_told(write_study(tmp_path, changed("[2, 5]", "[2, 2, 7, 0]"))))

    assert said.startswith("3 things are wrong:")
    assert all(part in said for part in ("place 2 stands already", "no place 7", "no place 0"))


def test_a_coefficient_may_miss_its_decimals_by_a_bit(tmp_path: Path) -> None:
    study = read_study_file(write_study(tmp_path, changed("0.5, 0.75]", f"{0.1 + 0.2!r}, 0.3333]")))

    assert study.tasks["infer_mixing_factor"].coefficients == [0.25, 0.1 + 0.2, 0.3333]


def test_placeholders_may_stand_in_a_draft(tmp_path: Path) -> None:
    folder = write_study(tmp_path, changed('"None was needed."', '"TODO the approval"'))

    assert read_study_file(folder, allow_placeholders=True).about.approval == "TODO the approval"


@pytest.mark.parametrize("text", ["<Please click the picture", "a < b", "AT&T", "x <3 y > 2", "<Please click…>"])
def test_what_only_looks_like_markup_stays_as_it_is(text: str, tmp_path: Path) -> None:
    study = read_study_file(write_study(tmp_path, changed("Please take part.", text)))

    assert study.consent.text == text


def test_both_files_are_refused(tmp_path: Path) -> None:
    (write_study(tmp_path) / "study.yaml").write_text("format: 1\n")

    assert "study.toml and study.yaml are both here" in str(_told(tmp_path))


def test_a_folder_without_a_study_file_is_told(tmp_path: Path) -> None:
    assert "there is no study.toml here" in str(_told(tmp_path))
    assert "there is no such folder" in str(_told(tmp_path / "nowhere"))
    (tmp_path / "study.yml").touch()
    assert "rename it to study.yaml" in str(_told(tmp_path))


def test_a_link_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    outside = write_study(tmp_path / "outside")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "study.toml").symlink_to(outside / "study.toml")

    assert "leads out of the folder" in str(_told(tmp_path / "inside"))


def test_a_file_that_is_no_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    content = STUDY.encode().replace(b"A small study", b"A sm\xe4ll study")
    (tmp_path / "study.toml").write_bytes(content)

    assert _told(tmp_path).where.line == 3


def test_a_file_beyond_measure_is_refused(tmp_path: Path) -> None:
    assert "larger than" in str(_told(write_study(tmp_path, STUDY + "#" * 2**20)))


def test_values_nested_beyond_measure_are_refused(tmp_path: Path) -> None:
    assert "nested too deeply" in str(_told(write_study(tmp_path, "a = " + "[" * 3000 + "]" * 3000)))


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_bytes(b"\xef\xbb\xbf" + STUDY.replace("\n", "\r\n").encode())

    assert read_study_file(tmp_path) == read_study_file(write_study(tmp_path / "other"))
