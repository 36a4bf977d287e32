"""A study that is amended while people take part: who began goes on as before, who comes has the new version."""

from __future__ import annotations

import contextlib

import pytest
import yaml
from click.testing import CliRunner
from suite_maker import Asker, Person, study_content

import hmix_hub
from hmix_hub.cli.main import main
from hmix_hub.errors import CollectionError, StudyFileError
from hmix_hub.suite.export.layouts import export_study
from hmix_hub.suite.operator.actions import Amend
from hmix_hub.suite.operator.channel import carry_out
from hmix_hub.suite.server.app import build_app
from hmix_hub.suite.server.beginning import begin_collection
from hmix_hub.suite.store.database import StoreRefusedError
from hmix_hub.suite.store.store import Store
from hmix_hub.tasks import INFER

NEW = "Which share of the picture is the first class?"


@pytest.fixture
def folder(tmp_path):
    """A collection folder with its study file: one task, a batch for two people."""
    folder = tmp_path / "collection"
    folder.mkdir()
    write(folder)
    return folder


def write(folder, change=lambda content: None):
    """Write the study file, changed."""
    content = study_content(INFER)
    content["tasks"][INFER] |= {"batches": 1, "people_per_batch": 2}
    change(content)
    (folder / "collection.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def new_texts(content):
    """Ask another question, after other instructions and another consent form."""
    design = content["tasks"][INFER]
    example = {"image_1_index": 4, "image_2_index": 9, "coefficients": [0.5], "text": "Half of each."}
    design |= {"question": NEW, "instructions": [{"text": "Look closely.", "examples": [example]}]}
    del design["quiz"]
    content["consent"] = {"version": "2", "text": "I agree to more."}


def more_people(content):
    content["tasks"][INFER]["people_per_batch"] = 5


@pytest.fixture
def served(folder):
    """The collection as it is served: its store, and how to ask the server."""
    store, image_set = begin_collection(folder)
    with store, Asker(build_app(store, image_set)) as asker:
        yield store, asker


def person(served, seed=0):
    store, asker = served
    return Person(asker, store.frozen.consent_sha256, seed=seed)


def test_who_began_goes_on_with_the_texts_they_agreed_to(folder, served):
    store, _ = served
    early = person(served)
    pages = early.begin(INFER)
    before = early.view()
    write(folder, new_texts)
    assert Amend().carry_out(store)["number"] == 1
    # Where answers were given already, and where the person has yet to read.
    assert early.view() == before
    assert early.answer(pages[0]).json == {"outcome": "stored"}
    late = person(served, seed=1)
    assert late.join(INFER).status == 200
    view = late.view()
    assert (view["question"], view["quiz"]["passed"]) == (NEW, True)
    assert [page["text"] for page in late.pages("instructions")] == ["Look closely."]
    assert [session.amendment for session in store.sessions()] == [0, 1]
    for one in (early, late):
        examples = [example for page in one.pages("instructions") for example in page["examples"]]
        pictures = [name for example in examples for name in example["pictures"]]
        assert {one.ask("GET", f"/pictures/{name}.png").status for name in pictures} == {200}
    store.check_integrity()


def test_whoever_read_the_form_before_it_changed_is_asked_to_read_it_again(folder, served):
    store, asker = served
    reader, place = person(served), asker.ask("GET", "/api/study").json["place"]
    write(folder, new_texts)
    Amend().carry_out(store)
    assert (reader.join().status, reader.replies[-1].json["error"]) == (409, "consent_changed")
    told = asker.ask("GET", "/api/study").json
    assert told["consent"]["text"] == "I agree to more."
    # Browsers find what they keep under the same name as before.
    assert told["place"] == place


def test_more_people_may_come_at_once(folder, served):
    store, _ = served
    for seed in range(2):
        person(served, seed).begin(INFER)
    assert person(served, 2).join(INFER).status == 409
    write(folder, more_people)
    assert Amend().carry_out(store) == {
        "number": 1,
        "changes": [
            {"key": f"tasks.{INFER}.people_per_batch", "was": "2", "is": "5", "holds": "all participants, immediately"},
        ],
    }
    for seed in range(3, 6):
        person(served, seed).begin(INFER)
    assert person(served, 6).join(INFER).status == 409
    assert [count.quota for count in store.counts()] == [5]
    with Store.open(folder, read_only=True) as looking:
        assert [count.open_places for count in looking.counts()] == [0]
    store.check_integrity()


def test_another_time_out_holds_for_those_who_are_at_it(folder, served, monkeypatch):
    store, _ = served
    person(served).join(INFER)
    now = store.now()
    monkeypatch.setattr(store._clock, "now", lambda: now + 120_000)
    assert [session.state for session in store.sessions()] == ["live"]
    write(folder, lambda content: content.update(session={"timeout_minutes": 1}))
    Amend().carry_out(store)
    assert [session.state for session in store.sessions()] == ["lapsed"]
    write(folder, lambda content: content.update(session={"timeout_minutes": 10}))
    Amend().carry_out(store)
    assert [amendment.changed for amendment in store.versions.amendments] == [("session.timeout_minutes",)] * 2


def test_what_may_not_change_is_refused_and_nothing_of_it_holds(folder, served):
    store, _ = served

    def change(content):
        content["seed"] = 5
        content["tasks"][INFER] |= {"batch_size": 3, "question": NEW}
        content["session"] = {"timeout_minutes": 5}

    write(folder, change)
    with pytest.raises(StudyFileError) as told:
        Amend().carry_out(store)
    lines = str(told.value).splitlines()
    assert len(lines) == 4
    assert all("collection.yaml" in line for line in lines[1:])
    assert "seed cannot change while the study runs: the batches are already drawn" in str(told.value)
    assert "consent.version must be a new version" in str(told.value)
    assert (store.frozen.version, store.frozen.study.session.timeout_minutes) == (0, 60)


def test_fewer_people_than_take_part_are_refused(folder, served):
    store, _ = served
    for seed in range(2):
        person(served, seed).begin(INFER)
    write(folder, lambda content: content["tasks"][INFER].update(people_per_batch=1))
    with pytest.raises(StoreRefusedError, match="would need 1 participants, but already has 2") as told:
        Amend().carry_out(store)
    assert "set people_per_batch to 2 or more" in told.value.hint
    assert (store.frozen.version, [count.quota for count in store.counts()]) == (0, [2])


def test_a_file_that_cannot_be_used_is_refused_as_it_is_at_the_beginning(folder, served):
    store, _ = served

    def show_nothing(content):
        new_texts(content)
        content["tasks"][INFER]["instructions"][0]["examples"][0]["image_1_index"] = 9999

    write(folder, show_nothing)
    with pytest.raises(StudyFileError, match="there is no picture 9999"):
        Amend().carry_out(store)
    (folder / "collection.yaml").write_text("id: [", encoding="utf-8")
    with pytest.raises(StudyFileError):
        Amend().carry_out(store)
    assert store.frozen.version == 0


def test_the_server_begins_again_as_the_study_was_amended(folder):
    begin_collection(folder)[0].close()
    write(folder, more_people)
    with pytest.raises(CollectionError, match=f"tasks.{INFER}.people_per_batch is 5, was 2") as told:
        begin_collection(folder)
    assert "with `hmix collect amend`" in told.value.hint
    carry_out(folder, Amend())
    with begin_collection(folder)[0] as store:
        assert (store.frozen.version, store.frozen.batches[0].quota) == (1, 5)
        assert store.versions.begun.batches[0].quota == 2
        store.check_integrity()
    write(folder)
    with pytest.raises(CollectionError, match="people_per_batch is 2, was 5"):
        begin_collection(folder)


def test_a_backup_has_the_amendments(folder, tmp_path):
    begin_collection(folder)[0].close()
    write(folder, more_people)
    carry_out(folder, Amend())
    with Store.open(folder, read_only=True) as store:
        store.backup(tmp_path / "backup")
    with contextlib.closing(begin_collection(tmp_path / "backup")[0]) as copy:
        assert copy.versions.amendments[0].changed == (f"tasks.{INFER}.people_per_batch",)


@pytest.fixture
def hmix(folder):
    def call(command, *words):
        return CliRunner().invoke(main, ["collect", command, str(folder), *words])

    return call


def test_the_command_tells_what_changes_before_it_does(folder, hmix):
    begin_collection(folder)[0].close()
    assert "contains no change" in hmix("amend").output
    write(folder, lambda content: (more_people(content), new_texts(content)))
    dry = hmix("amend", "--dry-run")
    assert dry.exit_code == 0
    assert "participants who agree from now on" in dry.output
    assert "dry run" in dry.output
    assert "amendment 1 is in effect" in hmix("amend").output
    assert "contains no change" in hmix("amend").output
    write(folder, lambda content: content.update(seed=5))
    refused = hmix("amend")
    assert refused.exit_code == 1
    assert "cannot change while the study runs" in refused.output


def test_the_export_says_which_version_a_person_agreed_to(folder, served, tmp_path):
    store, _ = served
    early = person(served)
    assert early.take_part(INFER).status == 200
    write(folder, lambda content: (more_people(content), new_texts(content)))
    Amend().carry_out(store)
    late = person(served, 1)
    assert late.join(INFER).status == 200
    for page in late.pages():
        late.answer(page)
    assert late.ask("POST", "/api/session/finish", {}).status == 200
    export_study(folder, tmp_path / "study")
    judgments = hmix_hub.load_dataset(str(tmp_path / "study"), INFER, split="train")
    versions = {row["participant_id"]: row["x_amendment"] for row in judgments}
    sessions = {store.key.participant(session.sitting): session.amendment for session in store.sessions()}
    assert versions == sessions
    assert set(versions.values()) == {0, 1}
    notes = (tmp_path / "study/NOTES.md").read_text(encoding="utf-8")
    assert f"Question of {INFER}, version 1: {NEW}" in notes
    consent = yaml.safe_load((tmp_path / "study/study.yaml").read_text(encoding="utf-8"))["ethics"]["consent"]
    assert consent.startswith("Version 1:\n\n")
    assert consent.endswith("Version 2:\n\nI agree to more.")
    assert CliRunner().invoke(main, ["contribute", "validate", str(tmp_path / "study")]).exit_code == 0


def test_a_list_of_those_who_may_take_part_holds_at_once_and_may_be_taken_away(folder, served):
    store, _ = served
    ann, ben = "5f3c9e8ab1d2c34e5f607182", "5f3c9e8ab1d2c34e5f607183"

    def statuses(seed):
        return [
            person(served, seed + place).join(INFER, recruiting_id=name).status for place, name in enumerate((ann, ben))
        ]

    listed = lambda content: content.update(recruiting={"allow_list": "ids.csv"})  # noqa: E731
    write(folder, listed)
    (folder / "ids.csv").write_text(ann, encoding="utf-8")
    Amend().carry_out(store)
    assert statuses(0) == [200, 403]
    # The study file is as it was, and the list is longer.
    (folder / "ids.csv").write_text(f"{ann}\n{ben}", encoding="utf-8")
    Amend(dry_run=True).carry_out(store)
    assert statuses(2) == [409, 403]
    assert Amend().carry_out(store)["changes"] == []
    assert statuses(4) == [409, 200]
    write(folder)
    Amend().carry_out(store)
    assert person(served, 6).join(INFER).status == 200


def test_an_amendment_leaves_places_kept_for_links(folder, served):
    store, _ = served
    store.issue_links(1).result(30)
    person(served).begin(INFER)
    write(folder, lambda content: content.update(title="Pictures"))
    Amend().carry_out(store)
    assert store.is_full()
