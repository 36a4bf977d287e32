"""Study folders: a valid contribution as it is, of those who finished, whole or not at all."""

import csv
import json
import os
import re
import signal
import subprocess
import sys

import pytest
from matplotlib.text import Text
from suite.export.collected import RECRUITING_ID, collecting
from suite.export.studies import frozen_study
from suite_maker import rows_of_a_trial

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.errors import CollectionError, ConfigurationError
from hmix_hub.origin import SYNTHETIC_MARK
from hmix_hub.plots.figure import WARNING
from hmix_hub.studies.study import Study
from hmix_hub.suite.export.layouts import export_study
from hmix_hub.suite.store.database import open_writing
from hmix_hub.suite.store.layout import put_meta
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import INFER, SELECT
from hmix_hub.yaml_file import parse_yaml


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A full collection of all four tasks, and its export."""
    root = tmp_path_factory.mktemp("whole")
    with collecting(root / "collection", frozen_study(batches=2)) as collection:
        people = collection.fill()
        names = [collection.participant(session) for session in people]
        exported = export_study(collection.folder, root / "export")
    return exported, names


@pytest.fixture
def small(tmp_path):
    """A collection of one task, with two places."""
    with collecting(tmp_path / "collection", frozen_study((INFER,))) as collection:
        yield collection


def rows_of(folder, task=INFER):
    with (folder / f"judgments/{task}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def people_of(folder, task=INFER):
    return list(dict.fromkeys(row["participant_id"] for row in rows_of(folder, task)))


def test_it_is_a_valid_contribution_as_it_is(whole):
    study = Study.open(whole[0].path)
    assert check_study(study).findings == []
    assert scan_privacy(Study.open(whole[0].path)).findings == []
    assert list(study.manifest.tasks) == list(SUITE_TASKS)


def test_it_counts_what_it_wrote(whole):
    assert whole[0].judgments == {f"judgments/{task}.csv": 4 * 14 * rows_of_a_trial(task) for task in SUITE_TASKS}
    gathered = whole[0].gathered
    assert (gathered.unfinished, gathered.late, gathered.quarantined, gathered.conflicts) == (0, 0, 0, 0)


def test_the_manifest_says_when_to_the_month_and_what_was_agreed_to(whole):
    manifest = parse_yaml((whole[0].path / "study.yaml").read_text(encoding="utf-8")).content
    assert manifest["collected"] == {"first": "2026-06", "last": "2026-06"}
    assert manifest["ethics"]["consent"] == "You may stop at any time, and your answers are published."
    assert manifest["stimuli"] == {"source": "sample/pictures", "mixing": "pixel-linear", "classes": "cifar10"}


def test_it_loads(whole, task):
    judgments = hmix_hub.load_dataset(os.fspath(whole[0].path), task, split="train")
    assert len(judgments) == 4 * 14
    assert sum(judgments["is_repeat"]) == 4 * 2
    assert set(judgments["image_set"]) == {"sample/pictures"}


def test_it_builds(whole, tmp_path):
    built = build(Study.open(whole[0].path), tmp_path / "built")
    assert {f"{task}/train-00000-of-00001.parquet" for task in SUITE_TASKS} <= set(built.files)


def test_ids_are_sorted_and_tell_no_order_of_joining(whole):
    exported, names = whole
    for task in SUITE_TASKS:
        assert people_of(exported.path, task) == sorted(people_of(exported.path, task))
    assert sorted(name for task in SUITE_TASKS for name in people_of(exported.path, task)) == sorted(names)


def test_nothing_in_it_tells_who_or_at_what_time(small, tmp_path):
    session = small.take_part()
    small.store.put_comments(session.id, "I live in the yellow house.").result()
    path = export_study(small.folder, tmp_path / "export").path
    content = "".join(file.read_text(encoding="utf-8") for file in path.rglob("*") if file.is_file())
    secrets = [RECRUITING_ID, small.store.key.recruiting(f"{RECRUITING_ID}1"), session.id, "yellow house"]
    assert not [secret for secret in secrets if secret in content]
    assert sorted(file.name for file in path.rglob("*")) == ["infer_mixing_factor.csv", "judgments", "study.yaml"]


def test_people_who_have_not_finished_are_left_out_unless_asked_for(small, tmp_path):
    done, begun = small.take_part(), small.join()
    small.answer(begun, trials=9)
    exported = export_study(small.folder, tmp_path / "export")
    assert people_of(exported.path) == [small.participant(done)]
    assert exported.gathered.unfinished == 1
    both = export_study(small.folder, tmp_path / "both", unfinished=True)
    assert sorted(people_of(both.path)) == sorted([small.participant(done), small.participant(begun)])
    assert both.judgments == {"judgments/infer_mixing_factor.csv": 14 + 9}


def test_who_withdrew_is_nowhere(small, tmp_path):
    done, gone = small.take_part(), small.take_part()
    small.store.withdraw(gone.id).result()
    exported = export_study(small.folder, tmp_path / "export", unfinished=True)
    assert people_of(exported.path) == [small.participant(done)]


def test_quarantined_answers_are_counted_and_left_out(small, tmp_path):
    session = small.join()
    first, *rest = small.payloads(session).items()
    small.store.put_trial(session.id, first[0], '{"share": "much"}', fault="share is not a whole number").result()
    for index, payload in rest:
        small.store.put_trial(session.id, index, json.dumps(payload), fault=None).result()
    assert small.store.finish(session.id).result() == []
    exported = export_study(small.folder, tmp_path / "export")
    assert exported.gathered.quarantined == 1
    assert str(first[0]) not in {row["trial_index"] for row in rows_of(exported.path)}
    assert check_study(Study.open(exported.path)).errors == []


def test_of_two_answers_the_first_counts(small, tmp_path):
    session = small.take_part()
    payloads = small.payloads(session)
    index, first = next(iter(payloads.items()))
    other = first | {"response_time_ms": first["response_time_ms"] + 1000}
    small.store.put_trial(session.id, index, json.dumps(other), fault=None).result()
    exported = export_study(small.folder, tmp_path / "export")
    assert exported.gathered.conflicts == 1
    assert float(rows_of(exported.path)[0]["response_time_ms"]) == first["response_time_ms"]


def test_late_finishers_are_kept_and_marked(tmp_path):
    with collecting(tmp_path / "collection", frozen_study((INFER, SELECT), design={"people_per_batch": 1})) as made:
        late = made.join(INFER)
        made.seconds += 61 * 60
        in_time = made.take_part(INFER)
        made.answer(late)
        assert made.store.finish(late.id).result() == []
        made.take_part(SELECT)
        exported = export_study(made.folder, tmp_path / "export")
        marks = {(row["participant_id"], row["x_late"]) for row in rows_of(exported.path)}
        assert marks == {(made.participant(late), "true"), (made.participant(in_time), "false")}
        assert "x_late" not in rows_of(exported.path, SELECT)[0]
        assert exported.gathered.late == 1
        assert check_study(Study.open(exported.path)).findings == []


def test_time_on_the_server_is_told_until_it_is_started_again(tmp_path):
    with collecting(tmp_path / "collection", frozen_study((INFER,), design={"people_per_batch": 2})) as made:
        session = made.join()
        store = made.store
        store.put_quiz(session.id, 1, "[1]", True).result()
        payloads = [(index, json.dumps(payload)) for index, payload in made.payloads(session).items()]
        for index, payload in payloads[:2]:
            made.seconds += 30
            store.put_trial(session.id, index, payload, fault=None).result()
        store.close()
        made.store = Store.open(made.folder)
        for index, payload in payloads[2:]:
            made.store.put_trial(session.id, index, payload, fault=None).result()
        assert made.store.finish(session.id).result() == []
        exported = export_study(made.folder, tmp_path / "export")
        elapsed = [row["server_elapsed_ms"] for row in rows_of(exported.path)]
        assert elapsed == ["30000", "60000", *[""] * (len(payloads) - 2)]


def test_who_was_excluded_is_counted_and_not_among_the_answers(tmp_path):
    with collecting(tmp_path / "collection", frozen_study((INFER,), design={"people_per_batch": 2})) as made:
        bot, person = made.take_part(), made.take_part()
        made.store.exclude(bot.id, "a bot").result()
        exported = export_study(made.folder, tmp_path / "export")
        assert {row["participant_id"] for row in rows_of(exported.path)} == {made.participant(person)}
        assert exported.gathered.excluded == 1


def test_months_that_are_still_to_come_are_refused_unless_they_are_given(tmp_path):
    with collecting(tmp_path / "collection", frozen_study((INFER,))) as made:
        made.take_part()
        database = open_writing(made.folder)
        put_meta(database, "last_month", "2941-04")
        database.close()
        with pytest.raises(CollectionError, match="2941-04") as refused:
            export_study(made.folder, tmp_path / "export")
        assert "--months" in refused.value.hint
        exported = export_study(made.folder, tmp_path / "export", months=("2026-03", "2026-04"))
        assert Study.open(exported.path).manifest.collected.last == "2026-04"


def test_a_synthetic_collection_says_so(tmp_path):
    with collecting(tmp_path / "collection", frozen_study((INFER,)), is_synthetic=True) as made:
        made.take_part()
        exported = export_study(made.folder, tmp_path / "export")
    assert exported.is_synthetic
    manifest = (exported.path / "study.yaml").read_text(encoding="utf-8")
    assert "no person took part" in manifest
    assert "synthetic: true" in manifest
    assert {row["flags"] for row in rows_of(exported.path)} == {"synthetic"}


def test_a_collection_of_participants_has_no_mark(small, tmp_path):
    small.take_part()
    exported = export_study(small.folder, tmp_path / "export")
    assert "synthetic: true" not in (exported.path / "study.yaml").read_text(encoding="utf-8")
    assert "flags" not in rows_of(exported.path)[0]


def test_a_trial_run_keeps_its_mark_from_the_store_to_the_figure(tmp_path):
    with collecting(tmp_path / "collection", frozen_study((INFER,)), is_synthetic=True) as made:
        made.take_part()
        exported = export_study(made.folder, tmp_path / "export")
    assert check_study(Study.open(exported.path)).findings == []
    built = build(Study.open(exported.path), tmp_path / "built")
    assert "**SYNTHETIC: made by a program, not by people.**" in (built.path / "README.md").read_text(encoding="utf-8")
    for config in (INFER, f"{INFER}_by_stimulus"):
        figure = hmix_hub.plot(hmix_hub.load_dataset(built.path, config, split="train"))
        red = [text.get_text() for text in figure.findobj(Text) if text.get_color() == WARNING]
        assert red == [SYNTHETIC_MARK]


@pytest.mark.parametrize(("begun", "said"), [(0, "nobody has finished yet$"), (1, "participants who have started: 1$")])
def test_without_anybody_who_finished_there_is_nothing_to_export(small, tmp_path, begun, said):
    for _ in range(begun):
        small.answer(small.join(), trials=2)
    with pytest.raises(CollectionError) as refused:
        export_study(small.folder, tmp_path / "export")
    assert re.search(said, refused.value.message)
    assert (refused.value.hint is None) == (begun == 0)
    assert not (tmp_path / "export").exists()


@pytest.mark.parametrize("kind", ["file", "folder", "empty folder", "broken link"])
def test_nothing_is_written_over(small, tmp_path, kind):
    small.take_part()
    target = tmp_path / "export"
    if kind == "file":
        target.write_text("mine")
    elif kind == "broken link":
        target.symlink_to(tmp_path / "nowhere")
    else:
        target.mkdir()
        if kind == "folder":
            (target / "mine.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="exists"):
        export_study(small.folder, target)
    assert target.is_symlink() or target.is_file() or [file.name for file in target.iterdir()] in [[], ["mine.txt"]]


def test_a_failure_in_the_middle_leaves_nothing(small, tmp_path, monkeypatch):
    small.take_part()
    monkeypatch.setattr("hmix_hub.suite.export.layouts.manifest_of", lambda *_, **__: {}["nothing"])
    with pytest.raises(KeyError):
        export_study(small.folder, tmp_path / "new" / "export")
    assert list((tmp_path / "new").iterdir()) == []


_KILLED = """
import os, signal, sys
from hmix_hub.suite.export import layouts
layouts.plain_yaml = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
layouts.export_study(sys.argv[1], sys.argv[2])
"""


def test_killed_in_the_middle_it_leaves_no_target(small, tmp_path):
    small.take_part()
    target = tmp_path / "export"
    ran = subprocess.run([sys.executable, "-c", _KILLED, small.folder, target], check=False)
    assert ran.returncode == -signal.SIGKILL
    assert not target.exists()
    assert export_study(small.folder, target).judgments == {"judgments/infer_mixing_factor.csv": 14}
