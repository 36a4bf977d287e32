"""Votes whose voters are not known: from a contributed file to targets, and what is refused since nobody is named."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from made_votes import COUNTS, TASK, counted, load

import hmix_hub
from hmix_hub.cli.main import main
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.description.totals import study_statistics
from hmix_hub.contribute.pseudonyms.pseudonymize import pseudonymize
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.schema.judgment import OF_PARTICIPANTS
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study

WHY = "not single judgments"


def test_the_whole_road(votes, tmp_path):
    folder = votes(counted())
    assert not check_study(Study.open(folder)).errors
    result = publish(Study.open(folder), "lab/votes", dry_run=True)
    assert f"{TASK}/train-00000-of-00001.parquet" in str(result)
    built = tmp_path / "built"
    assert CliRunner().invoke(main, ["contribute", "build", str(folder), "-o", str(built)]).exit_code == 0
    ds = load(built)
    assert ds["class_counts"][:] == COUNTS
    assert ds["class_frequencies"][:] == [[votes / sum(row) for votes in row] for row in COUNTS]
    assert ds["n_votes"][:] == [15, 7, 15, 3]
    assert ds[1]["judgment_id"] == "votes/class_votes/mixed_1.0_Dog_1"
    assert OF_PARTICIPANTS.isdisjoint(ds.column_names)
    assert len(hmix_hub.filter(ds, stimuli="mixed_1.0_Dog_1")) == 1
    assert hmix_hub.filter(ds, labels="cat")["image_1_index"][:] == [0, 3]
    assert hmix_hub.filter(ds, n_votes=(10, None))["n_votes"][:] == [15, 15]
    parts = hmix_hub.split(ds, by="image", fractions={"train": 0.5, "test": 0.5})
    assert sum(map(len, parts.values())) == 4
    batch = next(iter(hmix_hub.batches(ds, batch_size=4, shuffle=False, dtype=torch.float64)))
    assert batch["image"].shape == (4, 3, 4, 4)
    assert batch["soft_label"].tolist() == ds["class_frequencies"][:]
    tensors = hmix_hub.to_tensors(ds)
    assert tensors["class_counts"].tolist() == COUNTS
    assert tensors["class_counts"].dtype == torch.int64
    assert tensors["class_counts_mask"].all()
    frame = hmix_hub.to_pandas(ds)
    assert hmix_hub.from_pandas(frame).features == ds.features


def test_smoothing_adds_votes_to_each_class(votes):
    ds = load(votes(counted()))
    expected = [[(n + 2) / (sum(row) + 6) for n in row] for row in COUNTS]
    batch = next(iter(hmix_hub.batches(ds, images=None, smoothing=2, shuffle=False, dtype=torch.float64)))
    assert np.allclose(batch["soft_label"], expected, rtol=1e-12)
    assert np.allclose(hmix_hub.soft_labels(ds, smoothing=2), expected, rtol=1e-12)


def test_smoothing_needs_to_know_how_many_votes_there_are(votes):
    ds = load(votes([{"class_frequencies": "0.5|0.5|0"}] * 2))
    assert hmix_hub.soft_labels(ds).tolist() == [[0.5, 0.5, 0.0]] * 2
    with pytest.raises(hmix_hub.HMixError, match="n_votes"):
        hmix_hub.soft_labels(ds, smoothing=1)


PARTICIPANT_FILTERS = {
    "participants": "p1",
    "repeats": True,
    "presentation": 1,
    "response_time_ms": (0, 1000),
}


@pytest.mark.parametrize("name", PARTICIPANT_FILTERS)
def test_a_filter_by_participant_or_trial_is_refused_with_the_reason(name, votes):
    folder = votes(counted())
    for refused in (
        lambda: load(folder, **{name: PARTICIPANT_FILTERS[name]}),
        lambda: hmix_hub.filter(load(folder), **{name: PARTICIPANT_FILTERS[name]}),
    ):
        with pytest.raises(hmix_hub.HMixError) as error:
            refused()
        assert WHY in str(error.value.hint)


def test_whatever_needs_people_is_refused_with_the_reason(votes, tmp_path):
    folder = votes(counted())
    ds = load(folder)
    refused = [
        lambda: hmix_hub.split(ds, by="participant"),
        lambda: hmix_hub.aggregate(ds, "dawid_skene"),
        lambda: hmix_hub.report(ds, tmp_path / "report"),
        lambda: hmix_hub.human_fit(np.full((4, 3), 1 / 3), ds),
        lambda: pseudonymize(Study.open(folder), tmp_path / "key"),
    ]
    for call in refused:
        with pytest.raises(hmix_hub.HMixError) as error:
            call()
        assert WHY in str(error.value.hint)
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("method", ["mean", "majority"])
def test_aggregates_are_those_of_the_votes(method, votes):
    labels = hmix_hub.aggregate(load(votes(counted())), method)
    assert labels["soft_label"][:] == [[n / sum(row) for n in row] for row in COUNTS]
    assert labels["top_class"][:] == [0, 1, None, 2]
    assert "n_participants" not in labels.column_names


def test_two_studies_with_other_classes_are_joined_and_pooled(votes):
    one = load(votes(counted([[12, 3, 0], [0, 7, 0]]), name="one"))
    two = load(votes(counted([[1, 2], [4, 4]]), name="two", classes=("dog", "owl")))
    joined = hmix_hub.join([one, two])
    assert joined.features["image_1_label"].names == ["cat", "dog", "fox", "owl"]
    assert joined["class_counts"][:] == [[12, 3, 0, 0], [0, 7, 0, 0], [0, 1, 0, 2], [0, 4, 0, 4]]
    assert joined["class_frequencies"][3] == [0.0, 0.5, 0.0, 0.5]
    again = load(votes(counted([[0, 5, 5], [3, 0, 0]]), name="other"))
    shared = again.map(lambda row: {"image_set": "one/pictures"})
    pooled = hmix_hub.by_stimulus(hmix_hub.join([one, hmix_hub.from_pandas(hmix_hub.to_pandas(shared))]))
    assert pooled["n_judgments"][:] == [2, 2]
    assert pooled["n_votes"][:] == [25, 10]
    assert pooled["class_counts"][:] == [[12, 8, 5], [3, 7, 0]]
    assert pooled["class_frequencies"][1] == [0.3, 0.7, 0.0]
    assert pooled["majority_class"][:] == [0, 1]
    assert pooled["entropy"][1] == pytest.approx(-(0.3 * math.log(0.3) + 0.7 * math.log(0.7)), abs=1e-15)


def test_rows_without_counts_are_pooled_by_their_numbers_of_votes_if_all_are_known(votes):
    def pooled(name, other):
        one = load(votes([{"class_frequencies": "1|0|0", "n_votes": "30"}], name=f"{name}-one"))
        two = load(votes([{"class_frequencies": "0|1|0", "n_votes": other}], name=f"{name}-two"))
        two = two.map(lambda row: {"image_set": f"{name}-one/pictures"})
        return hmix_hub.by_stimulus(hmix_hub.join([one, hmix_hub.from_pandas(hmix_hub.to_pandas(two))]))[0]

    assert pooled("known", "10")["class_frequencies"] == [0.75, 0.25, 0.0]
    unknown = pooled("unknown", "")
    assert unknown["class_frequencies"] == [0.5, 0.5, 0.0]
    assert unknown["n_votes"] is None
    assert unknown["class_counts"] is None


def test_statistics_tell_of_votes_and_of_nobody(votes):
    figures = study_statistics(Study.open(votes(counted())))
    assert (figures["judgments"], figures["people"], figures["votes"]) == (0, None, 40)
    found = figures["tasks"][TASK]
    assert found["votes"]["per_stimulus"]["max"] == 15
    assert found["votes"] | {"per_stimulus": None} == {
        "total": 40,
        "known": 4,
        "missing": 0,
        "with_counts": 4,
        "per_stimulus": None,
    }
    # Pictures of cat, dog, fox, cat: the first two lead, the third is a tie of three, the fourth is a fox to most.
    assert found["of_label"]["share"] == round((1 + 1 + 1 / 3 + 0) / 4, 6)
    assert found["of_label"]["votes"] == round((0.8 + 1 + 1 / 3 + 1 / 3) / 4, 6)
    assert found["most_disputed"][0] == {
        "stimulus": "mixed_1.0_Fox_2",
        "votes": 15,
        "entropy": round(math.log(3), 6),
        "leading": 0.333333,
    }
    assert not {"people", "repeats", "agreement", "retest", "response_time_ms"} & set(found)


def test_the_command_line_shows_them(votes):
    folder = str(votes(counted()))
    run = CliRunner().invoke
    for words in (["stats"], ["card"], ["croissant"], ["validate"]):
        result = run(main, ["contribute", words[0], folder])
        assert result.exit_code == 0, result.output
    card = Path(folder, "README.md").read_text()
    assert "40 votes on single images by participants who cannot be told apart" in card
    assert 'by="participant"' not in card
    shown = run(main, ["load", TASK, "--dataset", folder])
    assert shown.exit_code == 0, shown.output
    assert "12, 3, 0" in shown.output
    refused = run(main, ["load", TASK, "--dataset", folder, "--participants", "p1"])
    assert refused.exit_code != 0
    assert WHY in refused.output
    picture = Path(folder) / "plot.png"
    assert run(main, ["plot", TASK, "--dataset", folder, "-o", str(picture)]).exit_code == 0
    assert picture.stat().st_size > 10_000


@pytest.fixture
def both(tmp_path):
    """A study of single judgments and of votes."""
    files = example_study("class_choice")
    manifest = files["study.yaml"].replace(b"  - class_choice\n", b"  - class_choice\n  - class_votes\n")
    votes_file = f"judgments/{TASK}.csv"
    return write_files(tmp_path / "both", files | {"study.yaml": manifest, votes_file: example_study(TASK)[votes_file]})


def test_beside_single_judgments_votes_are_counted_apart(both):
    study = Study.open(both)
    assert not check_study(study).errors
    figures = study_statistics(study)
    assert (figures["judgments"], figures["people"], figures["votes"]) == (144, 12, 132 * 20)
    assert figures["collection_rounds"] == {"1": {"judgments": 144, "people": 12}}


def test_pseudonyms_are_given_where_there_are_ids_and_nowhere_else(both, tmp_path):
    before = (both / f"judgments/{TASK}.csv").read_bytes()
    done = pseudonymize(Study.open(both), tmp_path / "key")
    assert [file.file for file in done] == ["judgments/class_choice.csv", "participants.csv"]
    assert (both / f"judgments/{TASK}.csv").read_bytes() == before


def test_ids_in_a_file_of_votes_are_found_and_not_passed_over(both, tmp_path):
    path = both / f"judgments/{TASK}.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([f"participant_id,{header}", *(f"5f3a{n:020d},{row}" for n, row in enumerate(rows))]))
    assert "HMX645" in {found.rule.code for found in check_study(Study.open(both)).errors}
    assert f"judgments/{TASK}.csv" in {file.file for file in pseudonymize(Study.open(both), tmp_path / "key")}
