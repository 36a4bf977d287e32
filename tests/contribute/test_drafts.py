"""Drafts: study.yaml begins without claims that nobody made, and can be checked, loaded and described meanwhile."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.description.card import card_text
from hmix_hub.contribute.description.totals import study_statistics
from hmix_hub.contribute.importer import import_raw
from hmix_hub.contribute.starter import write_starter
from hmix_hub.errors import DraftWarning, StudyError
from hmix_hub.schema import CIFAR10
from hmix_hub.studies.findings import Report
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.manifest_fields import PLACEHOLDER, WITH_PLACEHOLDERS
from hmix_hub.studies.manifest_file import read_manifest
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, INFER
from hmix_hub.yaml_file import parse_yaml

CLAIMS = {
    "licence",
    "collected.first",
    "collected.last",
    "language",
    "stimuli.source",
    "stimuli.mixing",
    "stimuli.classes",
    "soft_labels.asked",
    "soft_labels.procedure",
}
MAP = """\
task: categorical_soft_labels
columns:
  participant_id: who
  trial_index: n
  response_time_ms: ms
  image_1_label: picture
  image_1_index: {constant: "0"}
  image_2_label: other
  image_2_index: {constant: "1"}
  mixing_coefficient: {constant: "1"}
  top_class: answer
"""


@pytest.fixture
def bring(tmp_path):
    """Import rows of (picture, other picture, answer), with more of a column map, into a new study folder."""

    def bring_rows(rows, more=""):
        lines = [
            f"p{number},{number},900,{picture},{other},{answer}"
            for number, (picture, other, answer) in enumerate(rows, 1)
        ]
        (tmp_path / "raw.csv").write_text("\n".join(["who,n,ms,picture,other,answer", *lines, ""]))
        text = (
            MAP
            if any(other for _, other, _ in rows)
            else MAP.replace('image_2_index: {constant: "1"}', 'image_2_index: {constant: ""}')
        )
        (tmp_path / "map.yaml").write_text(text + more)
        import_raw([tmp_path / "raw.csv"], tmp_path / "study", map_file=tmp_path / "map.yaml")
        return tmp_path / "study"

    return bring_rows


def begun(folder):
    manifest = read_manifest(folder, Report(), is_draft=True)
    stimuli, soft_labels = manifest.stimuli, manifest.soft_labels
    return stimuli.source, stimuli.mixing, stimuli.classes, soft_labels.asked, soft_labels.procedure


def codes(folder, **options):
    return {found.rule.code for found in check_study(Study.open(folder, **options))}


def test_a_starter_claims_nothing_and_each_claim_that_it_leaves_open_is_asked_for(tmp_path):
    write_starter(tmp_path / "study", [CATEGORICAL])
    (found,) = (f for f in check_study(Study.open(tmp_path / "study")) if f.file == "study.yaml")
    assert found.rule.code == "HMX524"
    assert {spot.note.partition(",")[0] for spot in found.spots} > CLAIMS
    (found,) = (f for f in check_study(Study.open(tmp_path / "study", is_draft=True)) if f.file == "study.yaml")
    assert found.rule.code == "HMX525"
    assert "2025" not in (tmp_path / "study/study.yaml").read_text().replace("# 2025-01", "")


def test_the_starter_of_another_task_says_nothing_of_soft_labels(tmp_path):
    write_starter(tmp_path / "study", [INFER])
    assert "soft_labels" not in (tmp_path / "study/study.yaml").read_text()


def test_a_placeholder_is_taken_in_a_draft_alone(tmp_path):
    write_starter(tmp_path / "study", [CATEGORICAL])
    content = parse_yaml((tmp_path / "study/study.yaml").read_text()).content
    assert Manifest.model_validate(content, context=WITH_PLACEHOLDERS).collected.first == PLACEHOLDER
    with pytest.raises(ValidationError) as refused:
        Manifest.model_validate(content)
    wrong = {".".join(str(part) for part in problem["loc"][:2]) for problem in refused.value.errors()}
    assert wrong == CLAIMS


def test_what_has_another_form_and_is_no_placeholder_is_refused_in_a_draft_too(tmp_path):
    write_starter(tmp_path / "study", [CATEGORICAL])
    path = tmp_path / "study/study.yaml"
    path.write_text(path.read_text().replace("licence: TODO", "licence: free").replace("first: TODO", "first: 2025"))
    found = {f.column for f in check_study(Study.open(tmp_path / "study", is_draft=True)) if f.rule.code == "HMX522"}
    assert found == {"licence", "collected.first"}


HARD = [("cat", "", "cat"), ("dog", "", "cat"), ("dog", "", "dog")]


def test_an_import_states_what_its_rows_show_and_leaves_the_rest_open(bring):
    folder = bring(HARD)
    assert begun(folder) == (PLACEHOLDER, "none", PLACEHOLDER, [], "one_hot")
    assert codes(folder, is_draft=True) == {"HMX525"}
    assert codes(folder) == {"HMX524"}


def test_an_import_of_pairs_does_not_say_how_they_were_mixed(bring):
    assert begun(bring([("cat", "dog", "cat"), ("cat", "dog", "dog")]))[1] == PLACEHOLDER


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ('  top_probability: {constant: "1"}\n', []),
        ('  top_probability: {constant: "0.9"}\n', ["probabilities"]),
        ("  second_class: picture\n", ["second_class"]),
        ("  impossible_classes: {constant: ship|truck}\n", ["impossible_classes"]),
        ('  impossible_classes: {constant: ""}\n  second_class: {constant: ""}\n', []),
    ],
)
def test_what_was_asked_is_what_a_row_answers_and_the_procedure_is_left_open_where_it_is_a_choice(more, asked, bring):
    folder = bring(HARD, more)
    assert begun(folder)[3:] == (asked, PLACEHOLDER if asked else "one_hot")
    assert codes(folder, is_draft=True) <= {"HMX525", "HMX583"}


def test_classes_that_are_none_of_cifar10s_are_listed_once_without_words_for_nothing(bring):
    folder = bring([("bear", "", "Bear"), ("oven", "", "cat"), ("no entry", "", "null island"), ("oven", "", "NA")])
    assert begun(folder)[2] == ["bear", "cat", "no entry", "null island", "oven"]
    assert codes(folder, is_draft=True) == {"HMX525", "HMX545"}


def test_a_misspelling_of_a_class_of_cifar10_is_no_class_of_its_own(bring):
    folder = bring([*HARD, ("airplane", "", "aeroplane")])
    assert begun(folder)[2] == PLACEHOLDER
    assert codes(folder, is_draft=True) == {"HMX525", "HMX560"}


def test_digits_are_classes_in_the_order_of_their_numbers(bring):
    folder = bring([(str(number), "", str((number + 1) % 11)) for number in range(11)])
    assert begun(folder)[2] == [str(number) for number in range(11)]


def test_a_draft_that_names_no_classes_is_checked_and_loaded_with_those_that_its_files_hold(tmp_path):
    write_starter(tmp_path / "study", [CATEGORICAL])
    header = "participant_id,trial_index,response_time_ms,image_1_label,image_1_index,image_2_label,image_2_index"
    rows = ["p1,0,900,zebra,3,,,1,zebra,1,,,", "p2,0,800,zebra,3,,,1,yak,1,,,ant|zebu"]
    answers = "mixing_coefficient,top_class,top_probability,second_class,second_probability,impossible_classes"
    text = "\n".join([f"{header},{answers}", *rows, ""])
    (tmp_path / f"study/judgments/{CATEGORICAL}.csv").write_text(text)
    assert codes(tmp_path / "study", is_draft=True) == {"HMX525"}
    with pytest.warns(DraftWarning, match="soft_label is computed by 'released'"):
        dataset = hmix_hub.load_dataset(str(tmp_path / "study"), CATEGORICAL, split="train")
    assert dataset.features["top_class"].names == ["ant", "yak", "zebra", "zebu"]
    with pytest.raises(StudyError, match="HMX524"):
        build(Study.open(tmp_path / "study"), tmp_path / "built")


def described(folder):
    content = Study.open(folder)
    statistics = study_statistics(content)
    return card_text(content), statistics, content


def prose(card):
    """The card without its metadata, code and names of columns, files and configurations."""
    body = card.split("\n---\n", 1)[1]
    return re.sub(r"`[^`]*`|```.*?```|!\[.*?\]\(.*?\)|categorical_soft_labels|<[^>]*>", "", body, flags=re.DOTALL)


def test_the_card_of_single_pictures_speaks_of_no_mixture_and_of_no_probability_that_was_not_asked(bring):
    card, _, _ = described(bring(HARD))
    assert not re.search(r"mix(ed|ture|up|ing)|probab|lambda", prose(card).replace("H-Mix", ""), re.IGNORECASE)
    assert "3 judgments of single images by 3 participants" in card
    assert "the participant chooses one class for one picture (paper" in card
    assert "- mixup\n" not in card
    assert "- soft-labels\n" not in card


def test_the_figure_of_single_pictures_speaks_of_no_mixture_and_of_no_probability(bring):
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    from hmix_hub.contribute.description.panels import panels_of

    _, statistics, _ = described(bring(HARD))
    axes = list(Figure().subplots(2, 3).flat)
    for one, draw in zip(axes, panels_of(CATEGORICAL), strict=True):
        draw(one, statistics["tasks"][CATEGORICAL])
    words = {text.get_text() for one in axes for text in one.findobj(Text)}
    assert {"Which classes are named", "Flags", "class of the picture"} < words
    assert not re.search(r"mix|probab[^i]|probability (of|on|goes)|image [12]|coefficient", " ".join(words))


def test_the_card_of_single_pictures_says_what_else_was_asked(bring):
    folder = bring(HARD, '  top_probability: {constant: "0.9"}\n')
    with pytest.warns(DraftWarning):
        card, _, _ = described(folder)
    assert "the participant names the most probable class of one picture and its probability (paper" in card
    assert "participants were asked: how probable each named class is. The column soft_label follows" in card
    assert "`second_class` | ClassLabel, null |  |  | null: not asked |" in card


def test_card_statistics_and_croissant_say_what_was_asked_and_which_procedure_made_the_labels(make_study, tmp_path):
    def with_cifar10s(files):
        files["study.yaml"] = files["study.yaml"].replace(b"procedure: released", b"procedure: cifar10s")

    folder = make_study(CATEGORICAL, with_cifar10s)
    card, statistics, content = described(folder)
    asked = ["probabilities", "second_class", "impossible_classes"]
    assert statistics["tasks"][CATEGORICAL]["soft_label"] == {"asked": asked, "procedure": "cifar10s"}
    said = "follows the procedure cifar10s: the published top-2 clamp of CIFAR-10S."
    assert said in card
    assert "names the most probable class of one mixture and its probability, optionally a second, and rules" in card
    build(Study.open(folder), tmp_path / "built")
    text = (tmp_path / "built/croissant.json").read_text()
    assert said in text
    assert "computed from the answer by the procedure cifar10s" in text
    assert content.manifest.vocabulary == CIFAR10
