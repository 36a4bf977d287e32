"""The guide to importing: every example, from the raw file to a loaded dataset, and the map that is proposed for it."""

from __future__ import annotations

import re

import pytest
from played_guide import play, run

import hmix_hub
from hmix_hub.importing.column_map import read_column_map

ANSWERS = {
    ("cat7.png", "cat"): 2,
    ("dog3.png", "dog"): 1,
    ("dog3.png", "fox"): 1,
    ("fox2.png", "dog"): 1,
    ("fox2.png", "fox"): 1,
}
"""How many of the two people chose each class of each picture, in every example."""
PICTURES = ("cat7.png", "dog3.png", "fox2.png")


@pytest.fixture(scope="module")
def guide(root):
    """The sections of the guide by heading."""
    text = (root / "dataset_cards" / "importing.md").read_text(encoding="utf-8")
    parts = re.split(r"(?m)^## (.+)$", text)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture
def desk(guide, tmp_path, monkeypatch):
    """A folder with the study of all examples."""
    monkeypatch.chdir(tmp_path)
    play(guide["The study used in the examples"])
    return tmp_path


def judgments():
    """How often each class was chosen of each picture, in the study that was imported."""
    ds = hmix_hub.load_dataset("animals", split="train")
    chosen = ds.features["chosen_class"]
    pairs = zip(ds["image_1_index"], ds["chosen_class"], strict=True)
    found = [(PICTURES[index], chosen.int2str(code)) for index, code in pairs]
    return {pair: found.count(pair) for pair in dict.fromkeys(sorted(found))}


EXAMPLES = (
    *("jsPsych JSON", "JATOS", "Pavlovia", "PsychoPy", "Qualtrics", "Label Studio", "Zooniverse", "Excel", "psiTurk"),
    "Other delimiters and encodings",
)


@pytest.mark.parametrize("heading", EXAMPLES)
def test_an_example_goes_from_the_raw_file_to_a_loaded_dataset(heading, guide, desk):
    play(guide[heading])
    assert judgments() == ANSWERS


def test_the_examples_of_how_to_say_it_run(guide, desk):
    play(guide["How do I map …"])
    ratings = hmix_hub.load_dataset("both", "scale_rating", split="train") if (desk / "both").is_dir() else None
    assert ratings is not None
    assert ratings["rating"] == [0.4, 0.7, 0.4, 0.7, 0.5]


PROPOSED = {
    "JATOS": {"'0': TODO": "'0': cat", "'1': TODO": "'1': dog", "'2': TODO": "'2': fox"},
    "Qualtrics": {},
    "Other delimiters and encodings": {
        "chosen_class: Tier ": "chosen_class: {column: Tier, values: {Kätzchen: cat, Hund: dog, Fuchs: fox}} "
    },
}
"""What is decided by hand in the proposed map; in that of other examples, nothing is left to."""


@pytest.mark.parametrize("heading", EXAMPLES)
def test_the_proposed_map_imports_the_same_judgments(heading, guide, desk):
    _, commands = play(guide[heading])
    raw = next(re.findall(r"import (.+) --map", command)[0] for command in commands if " import " in command)
    layout = "--sheet answers --skip 1" if heading == "Excel" else ""
    run(f"hmix contribute map {raw} {layout} -o proposed.yaml")
    text = (desk / "proposed.yaml").read_text(encoding="utf-8")
    for open_part, decided in PROPOSED.get(heading, {}).items():
        assert open_part in text
        text = text.replace(open_part, decided)
    (desk / "proposed.yaml").write_text(text, encoding="utf-8")
    assert "TODO" not in re.sub(r"#.*", "", text)
    assert heading in PROPOSED or "Every line is decided." in text
    assert read_column_map(desk / "proposed.yaml").task == "class_choice"
    run(f"hmix contribute import {raw} --map proposed.yaml --to animals --replace")
    assert judgments() == ANSWERS


def test_every_form_of_the_table_has_an_example(guide):
    anchors = re.findall(r"(?m)^\| \[[^\]]+\]\(#([\w-]+)\)", guide[""])
    assert anchors == [re.sub(r"\W+", "-", heading.lower()) for heading in EXAMPLES]
