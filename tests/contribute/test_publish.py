"""Publishing: against a Hub on this machine, through the real client."""

from __future__ import annotations

import pytest

from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.errors import PublishError, StudyError
from hmix_hub.studies.built_tables import CHECKSUMS, read_checksums
from hmix_hub.studies.folder import RECORD
from hmix_hub.studies.study import Study

REPOSITORY = "lab/example-study"


@pytest.fixture
def commits(hub):
    return lambda: len(hub.commits(REPOSITORY))


def test_a_dry_run_tells_every_file_and_asks_nobody(hub, study):
    done = publish(Study.open(study), REPOSITORY, dry_run=True)
    assert done.action == "dry run"
    assert {"README.md", "study.yaml", CHECKSUMS, RECORD, "croissant.json"} <= set(done.files)
    assert all(mark.size > 0 for mark in done.files.values())
    assert hub.requests == []


def test_a_push_puts_every_file_on_main_and_tags_the_version(hub, login, study):
    done = publish(Study.open(study), REPOSITORY, push=True)
    assert (done.action, done.version) == ("pushed", "1.0.0")
    there = hub.files(REPOSITORY, "main")
    assert set(there) - {".gitattributes"} == set(done.files)
    assert {name: len(there[name]) for name in done.files} == {name: mark.size for name, mark in done.files.items()}
    assert hub.tags(REPOSITORY)["1.0.0"] == hub.commits(REPOSITORY)[0].oid
    assert set(read_checksums(there[CHECKSUMS].decode())) == set(done.files) - {CHECKSUMS}


def test_a_pull_request_changes_nothing_until_it_is_merged(hub, login, study):
    done = publish(Study.open(study), REPOSITORY)
    assert done.action == "requested"
    (request,) = hub.pull_requests(REPOSITORY)
    assert request.title == "example-study 1.0.0"
    assert done.url.endswith(f"/discussions/{request.number}")
    assert "study.yaml" not in hub.files(REPOSITORY, "main")
    assert "study.yaml" in hub.files(REPOSITORY, f"refs/pr/{request.number}")
    assert "1.0.0" not in hub.tags(REPOSITORY)


def test_after_the_merge_the_same_call_sets_the_tag(hub, login, study):
    publish(Study.open(study), REPOSITORY)
    hub.merge(REPOSITORY, 1)
    assert publish(Study.open(study), REPOSITORY).action == "tagged"
    assert hub.tags(REPOSITORY)["1.0.0"] == hub.commits(REPOSITORY)[0].oid
    assert publish(Study.open(study), REPOSITORY).action == "nothing"


def test_publishing_a_version_again_does_nothing(hub, login, study, commits):
    publish(Study.open(study), REPOSITORY, push=True)
    before = commits()
    assert publish(Study.open(study), REPOSITORY, push=True).action == "nothing"
    assert publish(Study.open(study), REPOSITORY).action == "nothing"
    assert commits() == before
    assert hub.pull_requests(REPOSITORY) == []


def test_requesting_again_finds_the_open_request(hub, login, study):
    first = publish(Study.open(study), REPOSITORY)
    assert publish(Study.open(study), REPOSITORY).url == first.url
    assert len(hub.pull_requests(REPOSITORY)) == 1


def test_a_request_that_is_open_takes_changes(hub, login, study, edit):
    publish(Study.open(study), REPOSITORY)
    edit(study / "study.yaml", "an example study", "an amended study")
    publish(Study.open(study), REPOSITORY)
    assert len(hub.pull_requests(REPOSITORY)) == 1
    assert b"an amended study" in hub.files(REPOSITORY, "refs/pr/1")["study.yaml"]


def test_other_content_under_a_published_version_is_refused(hub, login, study, edit, commits):
    publish(Study.open(study), REPOSITORY, push=True)
    before = commits()
    edit(study / "judgments/infer_mixing_factor.csv", "4435.6", "4435.7")
    with pytest.raises(PublishError, match=r"version 1\.0\.0 is already published with other content"):
        publish(Study.open(study), REPOSITORY, push=True)
    assert commits() == before


def test_a_raised_version_is_published_beside_the_old_one(hub, login, study, edit):
    publish(Study.open(study), REPOSITORY, push=True)
    edit(study / "study.yaml", "version: 1.0.0\n", "version: 1.1.0\n")
    (study / "participants.csv").unlink()
    assert publish(Study.open(study), REPOSITORY, push=True).action == "pushed"
    assert set(hub.tags(REPOSITORY)) >= {"1.0.0", "1.1.0"}
    assert not any(name.startswith("participants/") for name in hub.files(REPOSITORY, "main"))
    assert any(name.startswith("participants/") for name in hub.files(REPOSITORY, "1.0.0"))


def test_an_older_version_is_refused(hub, login, study, edit):
    edit(study / "study.yaml", "version: 1.0.0\n", "version: 1.10.0\n")
    publish(Study.open(study), REPOSITORY, push=True)
    edit(study / "study.yaml", "version: 1.10.0\n", "version: 1.9.0\n")
    with pytest.raises(PublishError, match=r"newer than 1\.9\.0"):
        publish(Study.open(study), REPOSITORY, push=True)


def test_a_repository_that_holds_something_else_is_refused(hub, login, study):
    hub.create(REPOSITORY, {"data.csv": b"a,b\n1,2\n"})
    with pytest.raises(PublishError, match="something other than a study"):
        publish(Study.open(study), REPOSITORY, push=True)


def test_a_repository_of_another_study_is_refused(hub, login, study, edit):
    publish(Study.open(study), REPOSITORY, push=True)
    edit(study / "study.yaml", "id: example-study", "id: another-study")
    with pytest.raises(PublishError, match="contains the study 'example-study'"):
        publish(Study.open(study), REPOSITORY, push=True)


def test_a_study_with_errors_is_not_published(hub, login, study, edit):
    edit(study / "study.yaml", "0000-0002-1825-0097", "0000-0002-1825-0098")
    with pytest.raises(StudyError, match="HMX522"):
        publish(Study.open(study), REPOSITORY, push=True)
    assert hub.requests == []


def test_a_study_that_gives_people_away_is_not_published(hub, login, study, edit):
    table = study / "judgments/infer_mixing_factor.csv"
    table.write_text(table.read_text().replace("p02,", "5f2d9ac84b1c0d00a1b2c3d4,"))
    people = study / "participants.csv"
    people.write_text(people.read_text().replace("p02,", "5f2d9ac84b1c0d00a1b2c3d4,"))
    with pytest.raises(PublishError, match="may identify participants") as refused:
        publish(Study.open(study), REPOSITORY, push=True)
    assert "5f2d9ac84b1c0d00a1b2c3d4" not in str(refused.value)
    assert hub.requests == []


def test_a_private_repository_is_made_private(hub, login, study):
    publish(Study.open(study), REPOSITORY, push=True, private=True)
    login(None)
    with pytest.raises(PublishError, match="nobody is logged in"):
        publish(Study.open(study), REPOSITORY)
