"""`hmix collect export` and `hmix collect simulate`."""

import ast
import importlib
import json
import shlex
import stat

import pytest
from click.testing import CliRunner
from suite.export.collected import collecting
from suite.export.studies import frozen_study, study_file, write_study

from hmix_hub.cli.main import main
from hmix_hub.sources.cifar10 import known_labels
from hmix_hub.tasks import INFER


@pytest.fixture
def hmix():
    def call(*arguments):
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return call


@pytest.fixture
def collection(tmp_path):
    """A collection with one person who finished, one who began, a faulty answer, a conflict and a comment."""
    with collecting(tmp_path / "my collection", frozen_study((INFER,))) as made:
        done = made.take_part()
        index, payload = next(iter(made.payloads(done).items()))
        twice = json.dumps(payload | {"response_time_ms": 9999.9})
        made.store.put_trial(done.id, index, twice, fault=None).result()
        made.store.put_comments(done.id, "It was half a frog, \u00e0 mon avis.").result()
        begun = made.join()
        made.answer(begun, trials=3)
        made.store.put_trial(begun.id, begun.plan.trials[3].trial_index, "{]", fault="malformed").result()
        yield made


def test_a_study_folder_and_what_is_beside_it(hmix, collection, tmp_path):
    comments, aside, target = tmp_path / "comments.jsonl", tmp_path / "aside.jsonl", tmp_path / "my export"
    ran = hmix("collect", "export", collection.folder, target, "--comments", comments, "--quarantine", aside)
    assert ran.exit_code == 0, ran.output
    lines = ran.output.splitlines()
    assert lines == [
        f"wrote 14 judgments to {target}/judgments/infer_mixing_factor.csv",
        "  participants who have not finished: 1, left out",
        "  answers received twice that differ: 1; the first one counts",
        f"wrote 1 texts to {comments}",
        f"wrote 2 quarantined answers to {aside}",
        f"next: hmix contribute validate '{target}'",
    ]
    # Free text is for its owner alone.
    assert {stat.S_IMODE(path.stat().st_mode) for path in (comments, aside)} == {0o600}
    done, begun = (collection.participant(session) for session in collection.store.sessions())
    assert [json.loads(line) for line in comments.read_text(encoding="utf-8").splitlines()] == [
        {"participant_id": done, "task": INFER, "question": None, "text": "It was half a frog, \u00e0 mon avis."}
    ]
    kept = {line["participant_id"]: line for line in map(json.loads, aside.read_text(encoding="utf-8").splitlines())}
    assert (kept[done]["fault"], kept[done]["kind"], json.loads(kept[done]["sent"])["response_time_ms"]) == (
        None,
        "trial",
        9999.9,
    )
    assert (kept[begun]["fault"], kept[begun]["sent"]) == ("malformed", "{]")
    assert sorted(file.name for file in target.iterdir()) == ["judgments", "study.yaml"]


def test_unfinished_people_are_taken_where_asked_for(hmix, collection, tmp_path):
    ran = hmix("collect", "export", collection.folder, tmp_path / "export", "--unfinished")
    assert "wrote 17 judgments" in ran.output
    assert "participants who have not finished: 1, included" in ran.output
    assert "faulty answers, left out: 1" in ran.output


@pytest.mark.parametrize("option", ["--comments", "--quarantine"])
def test_free_text_never_lies_in_the_study_folder(hmix, collection, tmp_path, option):
    ran = hmix("collect", "export", collection.folder, tmp_path / "export", option, tmp_path / "export" / "file.jsonl")
    assert ran.exit_code == 2
    assert "would be in the study folder" in ran.output
    assert not (tmp_path / "export").exists()


def test_comments_and_what_was_kept_aside_are_two_files(hmix, collection, tmp_path):
    same = (tmp_path / "file.jsonl", tmp_path / "folder" / ".." / "file.jsonl")
    ran = hmix(
        "collect", "export", collection.folder, tmp_path / "export", "--comments", same[0], "--quarantine", same[1]
    )
    assert ran.exit_code == 2
    assert "to the same file" in ran.output
    assert not (tmp_path / "export").exists()
    assert not same[0].exists()


def test_how_the_released_layout_is_read_is_told(hmix, tmp_path):
    frozen = frozen_study((INFER,), image_set="cifar10/test", labels=known_labels())
    with collecting(tmp_path / "collection", frozen) as made:
        made.take_part()
        ran = hmix("collect", "export", made.folder, tmp_path / "my export", "--layout", "released")
    assert ran.exit_code == 0, ran.output
    *_, command, call = ran.output.splitlines()
    words = shlex.split(command.removeprefix("next: hmix "))
    imported = hmix(*words[:-1], tmp_path / "study")
    assert (words[-1], imported.exit_code) == ("STUDY", 0), imported.output
    assert (tmp_path / "study" / "judgments" / f"{INFER}.csv").exists()
    name, arguments = call.removeprefix("or in Python: ").split("(")
    module, function = name.rsplit(".", 1)
    path, task = ast.literal_eval(f"({arguments}")
    assert getattr(importlib.import_module(module), function)(path, task).num_rows == 14


def test_a_target_that_is_there_is_refused(hmix, collection, tmp_path):
    ran = hmix("collect", "export", collection.folder, tmp_path)
    assert ran.exit_code == 2
    assert "nothing is overwritten" in ran.output


def test_the_released_layout_of_other_pictures_is_refused(hmix, collection, tmp_path):
    ran = hmix("collect", "export", collection.folder, tmp_path / "export", "--layout", "released")
    assert ran.exit_code == 2
    assert "cifar10/test" in ran.output


def test_a_folder_that_is_no_collection_is_refused(hmix, tmp_path):
    ran = hmix("collect", "export", tmp_path, tmp_path / "export")
    assert ran.exit_code == 1
    assert ran.output.startswith("hmix: ")


def test_simulate_tells_the_planted_bias_and_what_comes_next(hmix, tmp_path):
    design = {"batch_size": 4, "people_per_batch": 2, "repeats": [], "batches": 1}
    study = write_study(tmp_path / "study", study_file((INFER,), design=design))
    ran = hmix("collect", "simulate", study, tmp_path / "made", "--bias", "-0.1", "--seed", "3")
    assert ran.exit_code == 0, ran.output
    assert ran.output.splitlines() == [
        "2 simulated participants gave 8 answers; 0 left before the end",
        "  infer_mixing_factor: 2 finished",
        "  every batch is full",
        "planted bias -0.1 towards image 1 (noise 0.12, spread 0.02, seed 3)",
        f"next: hmix collect export {tmp_path}/made {tmp_path}/made-export",
    ]
    exported = hmix("collect", "export", tmp_path / "made", tmp_path / "made-export")
    assert "synthetic" in exported.output
    validated = hmix("contribute", "validate", tmp_path / "made-export")
    assert (validated.exit_code, "no problems found" in validated.output) == (0, True)


def test_simulate_needs_a_place(hmix, tmp_path):
    ran = hmix("collect", "simulate", tmp_path)
    assert ran.exit_code == 2
    assert "--url" in ran.output
