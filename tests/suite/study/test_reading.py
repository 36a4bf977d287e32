"""Reading of the study file: what is wrong is told with its line, everything at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from suite.study.files import STUDY, changed, marked_line, write_study

from hmix_hub.errors import StudyFileError
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.reading import COLLECTION, read_study_file

_QUIZ = "tasks.construct_midpoint.quiz.questions"

# What is written instead, and what the message says; the wrong line is marked.
FAULTS: dict[str, tuple[str, str, str]] = {
    "a key that is misspelled": ("batch_size: 6", "batch_sise: 6  #!", "did you mean 'batch_size' or"),
    "a key of the top that is misspelled": ("seed: 3", "sed: 3  #!", "did you mean 'seed'?"),
    "a table that there is not": ("session:", "sesion:  #!", "did you mean 'session'?"),
    "a task that there is not": (
        "infer_mixing_factor:\n",
        "infer_mixing_facto:  #!\n",
        "did you mean 'infer_mixing_factor'?",
    ),
    "a text for a number": ("batch_size: 6", "batch_size: six  #!", "not 'six'"),
    "a fraction for a whole number": ("people_per_batch: 3", "people_per_batch: 3.5  #!", "integer"),
    "a list for a text": ("title: A small study", "title: [A, B]  #!", "valid string"),
    "a quota of nothing": ("people_per_batch: 3", "people_per_batch: 0  #!", "greater than or equal to 1, not '0'"),
    "a quota below nothing": ("people_per_batch: 3", "people_per_batch: -1  #!", "not '-1'"),
    "a coefficient above one": ("0.5, 0.75]", "0.5,\n      75, #!\n    ]", "less than or equal to 1, not '75'"),
    "a coefficient that is no number": ("0.5, 0.75]", "0.5,\n      nan, #!\n    ]", "not 'nan'"),
    "another layout": ("format: 1", "format: 2  #!", "not '2'"),
    "an id with capitals": ("id: small-study", "id: Small  #!", "does not match the pattern"),
    "a missing key, at its table": (
        "about:\n  description: Some pictures are judged.",
        "about:  #!",
        "about.description: this key is missing",
    ),
    "a missing key of a list's table": (
        "question: What is asked?\n          choices: [The middle, The end]",
        "choices: [The middle, The end]  #!",
        f"{_QUIZ}[1].question: this key is missing",
    ),
    "pictures that nobody knows": ("source: sample/pictures", "source: imagenet  #!", "not 'imagenet'"),
    "a key of pictures that nobody knows": ("  source: sample", "  x: 1  #!\n  source: sample", "unknown key"),
    "a line end in a title": ("title: A small study", 'title: "A small\\nstudy"  #!', "does not match the pattern"),
    "a place that the batch does not have": ("[2, 5]", "[\n      2,\n      7, #!\n    ]", "no place 7 in a batch of 6"),
    "a place before the first": ("[2, 5]", "[\n      2,\n      0, #!\n    ]", "no place 0 in a batch of 6"),
    "a coefficient nearly as another": (
        "0.5, 0.75]",
        "0.5,\n      0.50000000001, #!\n    ]",
        "is already listed (entry 2",
    ),
    "a coefficient of many decimals": ("0.5, 0.75]", "0.5,\n      0.50001, #!\n    ]", "more than 4 decimals"),
    "a start value nearly as another": (
        "[0.1, 0.9]",
        "[0.1,\n        0.10000000001, #!\n      ]",
        "is already listed (entry 1",
    ),
    "a repeat that occurs twice": ("[2, 5]", "[2,\n      2, #!\n    ]", "place 2 is already listed (entry 1"),
    "a start value that is no tenth": (
        "[0.1, 0.9]",
        "[0.1,\n        0.25, #!\n      ]",
        "0.25 is not a multiple of 0.1",
    ),
    "a start value that occurs twice": ("[0.1, 0.9]", "[0.1,\n        0.1, #!\n      ]", "is already"),
    "an answer beyond the choices": ("answer: 1", "answer: 3  #!", "choice 3 does not exist: there are 2"),
    "two choices alike": (
        "[The middle, The end]",
        "\n            - The end\n            - The end  #!",
        "is already listed (choice 1",
    ),
    "coefficients where all are shown": ("batch_size: 6", "batch_size: 6\n    coefficients: [0.5]  #!", "all eleven"),
    "mixtures of a pair where all are shown": (
        "per_class_pair: 1",
        "per_class_pair: 1\n      coefficients_per_pair: 2  #!",
        "all eleven",
    ),
    "a coefficient that occurs twice": (
        "0.5, 0.75]",
        "0.5,\n      0.5, #!\n    ]",
        "0.5 is already listed (entry 2",
    ),
    "more mixtures than coefficients": ("coefficients_per_pair: 2", "coefficients_per_pair: 4  #!", "4 different"),
    "pairs from nowhere": ("pairs:\n      per_class_pair: 1", "pairs: {}  #!", "none of them is given"),
    "a list outside of the folder": ("per_class_pair: 1", "file: ../x.csv  #!", "not a plain path"),
    "a list elsewhere on the disk": ("per_class_pair: 1", "file: /etc/passwd  #!", "not a plain path"),
    "a class that there is not": (
        "per_class_pair: 1",
        "per_class_pair: 1\n      classes: [dog,\n        frogg, #!\n      ]",
        "did you mean 'frog'?",
    ),
    "a class to draw from, twice": (
        "per_class_pair: 1",
        "per_class_pair: 1\n      classes: [dog, frog,\n        Dog, #!\n      ]",
        "is already listed (entry 1",
    ),
    "one class to draw from": ("per_class_pair: 1", "per_class_pair: 1\n      classes: [dog]  #!", "only one"),
    "two classes the same": (
        "source: sample/pictures",
        "source: sample/pictures\n  classes:\n    - dog\n    - Dog  #!",
        "'Dog' is already listed (entry 1",
    ),
    "one class to choose from": (
        "source: sample/pictures",
        "source: sample/pictures\n  classes: [dog]  #!",
        "needs at least two classes; only scale_rating may have one",
    ),
    "a class that spoils ids": (
        "source: sample/pictures",
        "source: sample/pictures\n  classes: [dog, a/b]  #!",
        "cannot be a class",
    ),
    "more classes than a page offers": (
        "source: sample/pictures",
        f"source: sample/pictures\n  classes: {[f'c{number}' for number in range(201)]}  #!",
        "at most 200 are allowed, not 201",
    ),
    "an example of one picture": ("image_2_index: 3", "image_2_index: 0  #!", "picture 0 with itself"),
    "an example that counts backwards": ("image_2_index: 3", "image_2_index: -3  #!", "not '-3'"),
    "class order in another task": (
        "batch_size: 6",
        "batch_size: 6\n    class_order: shuffled  #!",
        "does not have this key",
    ),
    "sliders in another task": (
        "batch_size: 6",
        "batch_size: 6\n    confidence: true  #!",
        "is for class_choice",
    ),
    "start values in another task": (
        "batch_size: 9",
        "batch_size: 9\n    start:  #!\n      values: [0.5]",
        "is for construct_midpoint",
    ),
    "more batches than a sampler fills": ("batches: 2", "batches: 8  #!", "8 batches of 6 stimuli cannot be filled"),
    "a batch larger than all pairs": ("batch_size: 9", "batch_size: 91  #!", "a batch of 91 stimuli cannot"),
    "mixtures without batches of their own": ("batch_size: 9", "batch_size: 90", "only 1"),
    "going on shorter than the place is kept": ("resume_hours: 24", "resume_hours: 0.5  #!", "after 0.5 h"),
    "a code that is not filled in": ("text: Thank you.", "text: T\n  url: https://x.org/{id}  #!", "{code}"),
    "a brace in the url": ("text: Thank you.", "text: T\n  url: https://x.org/{{code}}  #!", "not a placeholder"),
    "an address that is none": ("text: Thank you.", "text: T\n  url: x.org  #!", "does not match the pattern"),
    "a code in the text": ("text: Thank you.", 'text: "Your code: {code}"  #!', "only replaced in the url"),
    "a word that the interface lacks": ("session:", "words:\n  submitt: x  #!\nsession:", "mean 'submit'?"),
    "a word that is filled in otherwise": ("session:", 'words:\n  trial_number: "{no}"  #!\nsession:', "placeholders"),
    "a licence that is none": ("CC0-1.0", "CC0  #!", "not an SPDX licence expression"),
    "an ORCID with a typing error": (
        "[{ name: Ada Example }]",
        "\n    - name: Ada\n      orcid: 0000-0002-1825-0098  #!",
        "check digit",
    ),
    "a DOI that is none": ("CC0-1.0", 'CC0-1.0\n  doi: "doi:1"  #!', "study.yaml would not be valid"),
    "a tag": ("text: Move it.", "text: |\n          Move <b>it</b>. #!", "'<b>' is markup"),
    "a line break of HTML": ("text: Slide.", "text: |\n          Slide.\n\n          On<br/> #!", "'<br/>' is markup"),
    "a comment of HTML": ("text: Please take part.", "text: Please <!-- do not --> take part.  #!", "markup"),
    "an entity": ("How much of each?", "How much&nbsp;of each?  #!", "'&nbsp;' is markup"),
    "a bell": ("How much of each?", '"How much\\u0007 of each?"  #!', "a control character, U+0007"),
    "something still to be written": ("None was needed.", "TODO the approval  #!", "TODO must still be replaced"),
    "no YAML": ("seed: 3", "seed: [3\nx: y  #!", "did not find expected"),
    "a value that goes on, further in": ("seed: 3", "seed: 3\n  bad: x  #!", "not allowed in this context (column 6)"),
    "a key that occurs twice": ("seed: 3", "seed: 3\nseed: 4  #!", "seed occurs twice"),
    "an alias": ("seed: 3", "seed: &a 3\nx: *a  #!", "an alias"),
    "a tag of YAML": ("seed: 3", "seed: !!int 3  #!", "a tag"),
    "a number with a point for a whole one": ("seed: 3", "seed: 1.0  #!", "seed: '1.0' is not a whole number"),
    "a number with a gap": ("seed: 3", "seed: 1_0  #!", "seed: '1_0' is not a whole number"),
    "a number that others read as octal": ("seed: 3", "seed: 010  #!", "seed: '010' is not a whole number"),
    "a letter for a truth": (
        "seed: 3",
        "seed: 3\nrecruiting:\n  required: t  #!",
        "recruiting.required: 't' is neither true nor false",
    ),
    "a word for a truth": (
        "seed: 3",
        "seed: 3\nrecruiting:\n  required: yes  #!",
        "recruiting.required: 'yes' is neither true nor false",
    ),
    "a coefficient with a gap": (
        "0.5, 0.75]",
        "0.5,\n      7_5e-2, #!\n    ]",
        "coefficients[3]: '7_5e-2' is not a number",
    ),
    "minutes with a gap": (
        "timeout_minutes: 60",
        "timeout_minutes: 6_0  #!",
        "session.timeout_minutes: '6_0' is not a number",
    ),
}
_AT = {"mixtures without batches of their own": "      coefficients_per_pair: 2"}
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

    lines = [found for found in str(error).split("\n") if found.strip().startswith(f"collection.yaml, line {line}: ")]
    assert any(said in found for found in lines), str(error)


def test_one_finding_carries_its_place(tmp_path: Path) -> None:
    error = _told(write_study(tmp_path, changed("batch_size: 6", "batch_sise: 6").replace("repeats", "#", 1)))

    assert (error.where.file, error.where.line) == (None, None)
    error = _told(write_study(tmp_path, changed("seed: 3", "seed: -3")))
    assert (error.where.file, error.where.line) == ("collection.yaml", 4)


def test_everything_is_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = changed("seed: 3", "sed: 3").replace("Slide.", "<i>Slide</i>").replace("batch_size: 6", "batch_size: 0")

    said = str(_told(write_study(tmp_path, text))).split("\n")

    tags = text.split("\n").index("      - text: <i>Slide</i>") + 1
    assert said[0] == "4 problems:"
    assert [int(one.split("line ")[1].split(":")[0]) for one in said[1:]] == [4, 31, tags, tags]


def test_every_repeat_that_is_wrong_is_told(tmp_path: Path) -> None:
    said = str(_told(write_study(tmp_path, changed("[2, 5]", "[2, 2, 7, 0]"))))

    assert said.startswith("3 problems:")
    assert all(part in said for part in ("is already", "no place 7", "no place 0"))


def test_a_coefficient_may_miss_its_decimals_by_a_bit(tmp_path: Path) -> None:
    study = read_study_file(write_study(tmp_path, changed("0.5, 0.75]", f"{0.1 + 0.2!r}, 0.3333]")))

    assert study.tasks["infer_mixing_factor"].coefficients == [0.25, 0.1 + 0.2, 0.3333]


def test_placeholders_may_stand_in_a_draft(tmp_path: Path) -> None:
    folder = write_study(tmp_path, changed("None was needed.", "TODO the approval"))

    assert read_study_file(folder, allow_placeholders=True).about.approval == "TODO the approval"


@pytest.mark.parametrize("text", ["<Please click the picture", "a < b", "AT&T", "x <3 y > 2", "<Please click…>"])
def test_what_only_looks_like_markup_stays_as_it_is(text: str, tmp_path: Path) -> None:
    study = read_study_file(write_study(tmp_path, changed("Please take part.", f"'{text}'")))

    assert study.consent.text == text


def test_a_folder_without_a_study_file_is_told(tmp_path: Path) -> None:
    assert "there is no collection.yaml here" in str(_told(tmp_path))
    assert "hmix collect init" in str(_told(tmp_path))
    assert "the folder does not exist" in str(_told(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "study.toml",
            "TOML is not supported: move the content of study.toml to a collection.yaml; `hmix collect init DIR`",
        ),
        ("collection.toml", "TOML is not supported"),
        ("collection.yml", "rename collection.yml to collection.yaml"),
        ("study.yaml", "study.yaml is the file of a study to contribute"),
    ],
)
def test_a_file_of_another_name_is_told_what_to_do_with(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()

    assert said in str(_told(tmp_path))
    assert "this is a file; name the folder" in str(_told(tmp_path / name))
    assert said in str(_told(tmp_path / name))


def test_a_link_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    outside = write_study(tmp_path / "outside")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / COLLECTION).symlink_to(outside / COLLECTION)

    assert "leads out of the folder" in str(_told(tmp_path / "inside"))


def test_a_file_that_is_no_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    content = STUDY.encode().replace(b"A small study", b"A sm\xe4ll study")
    (tmp_path / COLLECTION).write_bytes(content)

    assert _told(tmp_path).where.line == 3


def test_a_file_beyond_measure_is_refused(tmp_path: Path) -> None:
    assert "larger than" in str(_told(write_study(tmp_path, STUDY + "#" * 2**20)))


def test_values_nested_beyond_measure_are_refused(tmp_path: Path) -> None:
    assert "nested more than 20 levels deep" in str(_told(write_study(tmp_path, "a: " + "[" * 3000 + "]" * 3000)))


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / COLLECTION).write_bytes(b"\xef\xbb\xbf" + STUDY.replace("\n", "\r\n").encode())

    assert read_study_file(tmp_path) == read_study_file(write_study(tmp_path / "other"))


def test_what_is_left_empty_is_left_out(tmp_path: Path) -> None:
    text = changed("batches: 2", "batches:").replace("seed: 3", "seed: 3\ncomments:")

    study = read_study_file(write_study(tmp_path, text))

    assert (study.comments, study.tasks["construct_midpoint"].batches) == (None, None)


def test_truths_and_numbers_are_read(tmp_path: Path) -> None:
    text = changed("seed: 3", "seed: 30\nrecruiting:\n  required: true").replace("_minutes: 60", "_minutes: 6.5e1")

    study = read_study_file(write_study(tmp_path, text))

    assert (study.seed, study.recruiting.required, study.session.timeout_minutes) == (30, True, 65)


def test_json_is_yaml_too(tmp_path: Path) -> None:
    text = json.dumps(yaml.safe_load(STUDY), indent=1)

    assert read_study_file(write_study(tmp_path, text)) == read_study_file(write_study(tmp_path / "other"))


def test_paragraphs_of_a_block_of_text_stay_apart(tmp_path: Path) -> None:
    text = changed("text: Slide.", 'text: |\n          One: # no comment.\n\n          Two, "so" to say.')

    page = read_study_file(write_study(tmp_path, text)).tasks["infer_mixing_factor"].instructions[0]

    assert page.text == 'One: # no comment.\n\nTwo, "so" to say.'
