"""Publishing versions: which commit gets a tag, whose files are deleted, and what is refused before an upload."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
from pydantic import ValidationError

from hmix_hub.cli.main import main
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.contribute.publishing.remote import is_version, precedence
from hmix_hub.errors import PublishError
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.study import Study

REPOSITORY = "lab/example-study"


@pytest.fixture
def merged(hub, login, study):
    """The study, merged and not tagged."""
    publish(Study.open(study), REPOSITORY)
    hub.merge(REPOSITORY, 1)
    return study


@pytest.fixture
def raised(edit):
    return lambda study: edit(study / "study.yaml", "version: 1.0.0\n", "version: 1.1.0\n")


@pytest.fixture
def as_guest(hub, login):
    def change():
        hub.add_user("ann", orgs=[])
        login("ann")

    return change


def sent(hub):
    return [call for call in hub.calls if call.method in {"POST", "PUT"}]


@pytest.mark.parametrize("push", [True, False])
def test_private_into_a_public_repository_is_refused_before_anything_is_sent(hub, login, study, push):
    hub.create(REPOSITORY)
    with pytest.raises(PublishError, match="is public") as refused:
        publish(Study.open(study), REPOSITORY, push=push, private=True)
    assert refused.value.hint
    assert sent(hub) == []


def test_private_into_a_private_repository_is_published(hub, login, study):
    hub.create(REPOSITORY, private=True)
    assert publish(Study.open(study), REPOSITORY, push=True, private=True).action == "pushed"


def test_what_was_changed_on_main_after_the_merge_gets_no_tag(hub, merged):
    name = next(name for name in hub.files(REPOSITORY) if name.endswith(".parquet"))
    hub.commit(REPOSITORY, {name: b"something else"})
    with pytest.raises(PublishError, match=f"main has a {name} that differs from the one published") as refused:
        publish(Study.open(merged), REPOSITORY)
    assert "raise the version" in refused.value.hint
    assert "1.0.0" not in hub.tags(REPOSITORY)


@pytest.mark.parametrize("content", [b"title: another\n", None])
def test_a_small_file_that_was_changed_or_is_gone_is_seen_too(hub, merged, content):
    hub.commit(REPOSITORY, {"study.yaml": content})
    with pytest.raises(PublishError, match=r"a study\.yaml that differs"):
        publish(Study.open(merged), REPOSITORY)


def test_checksums_that_were_changed_together_with_a_file_of_the_study_are_seen(hub, merged):
    there = hub.files(REPOSITORY)
    old, new = (hashlib.sha256(text).hexdigest() for text in (there["study.yaml"], b"other"))
    sums = there["SHA256SUMS"].decode().replace(old, new).encode()
    hub.commit(REPOSITORY, {"study.yaml": b"other", "SHA256SUMS": sums})
    with pytest.raises(PublishError, match=r"a study\.yaml that differs"):
        publish(Study.open(merged), REPOSITORY)


@pytest.mark.parametrize("sums", [None, b""])
def test_a_version_without_its_checksums_gets_no_tag(hub, merged, sums):
    hub.commit(REPOSITORY, {"SHA256SUMS": sums})
    with pytest.raises(PublishError, match="a SHA256SUMS that differs"):
        publish(Study.open(merged), REPOSITORY)


def test_a_card_that_was_edited_after_the_merge_leaves_the_tag_to_the_commit_before(hub, merged):
    published = hub.commits(REPOSITORY)[0].oid
    for text in (b"# Edited", b"# Edited again"):
        hub.commit(REPOSITORY, {"README.md": text})
    assert publish(Study.open(merged), REPOSITORY).action == "tagged"
    assert hub.tags(REPOSITORY)["1.0.0"] == published


def test_files_of_others_do_not_hinder_the_tag(hub, merged):
    hub.commit(REPOSITORY, {"docs/paper.pdf": b"%PDF"})
    assert publish(Study.open(merged), REPOSITORY).action == "tagged"


@pytest.mark.parametrize("push", [True, False])
def test_files_that_no_publish_wrote_stay(hub, login, study, raised, push):
    publish(Study.open(study), REPOSITORY, push=True)
    others = {"docs/paper.pdf": b"%PDF", "LICENSE.md": b"MIT", "CITATION.cff": b"cff-version: 1.2.0"}
    hub.commit(REPOSITORY, others)
    raised(study)
    (study / "participants.csv").unlink()
    publish(Study.open(study), REPOSITORY, push=push)
    there = hub.files(REPOSITORY, "main" if push else "refs/pr/1")
    assert others.items() <= there.items()
    assert not any(name.startswith("participants/") for name in there)


def test_without_checksums_nothing_is_deleted(hub, login, study, raised):
    publish(Study.open(study), REPOSITORY, push=True)
    hub.commit(REPOSITORY, {"SHA256SUMS": None})
    before = set(hub.files(REPOSITORY))
    raised(study)
    (study / "participants.csv").unlink()
    publish(Study.open(study), REPOSITORY, push=True)
    assert before <= set(hub.files(REPOSITORY))


def test_a_request_that_takes_changes_drops_what_it_wrote_alone(hub, login, study, edit):
    publish(Study.open(study), REPOSITORY)
    hub.commit(REPOSITORY, {"docs/paper.pdf": b"%PDF"}, revision="refs/pr/1")
    (study / "participants.csv").unlink()
    publish(Study.open(study), REPOSITORY)
    there = hub.files(REPOSITORY, "refs/pr/1")
    assert "docs/paper.pdf" in there
    assert not any(name.startswith("participants/") for name in there)


@pytest.mark.parametrize("push", [True, False])
def test_a_merged_version_gets_its_tag_with_the_next_one(hub, merged, raised, push):
    first = hub.commits(REPOSITORY)[0].oid
    raised(merged)
    publish(Study.open(merged), REPOSITORY, push=push)
    assert hub.tags(REPOSITORY)["1.0.0"] == first


def test_a_guest_publishes_the_next_version_though_the_tag_is_refused(hub, merged, raised, as_guest):
    as_guest()
    raised(merged)
    said = []
    assert publish(Study.open(merged), REPOSITORY, tell=said.append).action == "requested"
    assert any("1.0.0 was merged but has no tag" in text for text in said)


def test_a_previous_version_that_was_changed_since_is_not_tagged(hub, merged, raised):
    hub.commit(REPOSITORY, {"study.yaml": b"other"})
    raised(merged)
    said = []
    assert publish(Study.open(merged), REPOSITORY, push=True, tell=said.append).action == "pushed"
    assert set(hub.tags(REPOSITORY)) == {"1.1.0"}
    assert any("1.0.0 is not tagged" in text for text in said)


@pytest.mark.parametrize("files", [{}, {"build.json": json.dumps({"study": "example-study", "version": "9"}).encode()}])
def test_a_tag_of_something_else_is_refused(hub, login, study, files):
    hub.create(REPOSITORY, files)
    hub.tag(REPOSITORY, "1.0.0")
    hub.commit(REPOSITORY, {"build.json": b'{"study": "example-study", "version": "0.9.0"}'})
    with pytest.raises(PublishError, match=r"a tag 1\.0\.0 with content other than this version"):
        publish(Study.open(study), REPOSITORY, push=True)
    assert sent(hub) == []


def test_a_guest_whose_request_was_merged_is_told_whom_to_ask(hub, merged, as_guest, capsys):
    as_guest()
    assert publish(Study.open(merged), REPOSITORY).action == "merged"
    with pytest.raises(SystemExit) as left:
        main(["contribute", "publish", str(merged), "--repo-id", REPOSITORY])
    assert not left.value.code
    assert "ask an owner to run the same command" in capsys.readouterr().out


def test_other_faults_of_tagging_are_errors(hub, merged):
    hub.fail(method="POST", path="/tag/", status=400)
    with pytest.raises(PublishError, match="status 400"):
        publish(Study.open(merged), REPOSITORY)


@pytest.mark.parametrize("study_id", ["\x1b[2Jevil", "a\nb", "x" * 5000, ["\x1b"], None])
def test_texts_of_a_repository_are_shown_escaped(hub, login, study, study_id):
    hub.create(REPOSITORY, {"build.json": json.dumps({"study": study_id}).encode()})
    with pytest.raises(PublishError, match="contains the study") as refused:
        publish(Study.open(study), REPOSITORY, push=True)
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 200


def test_versions_are_ordered_as_semver_says():
    ordered = "x 0.9.0 1.0.0-1 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1".split()
    ordered += ["1.0.0-rc.2", "1.0.0", "1.0.1-a", "1.2.0", "1.10.0"]
    assert all(precedence(older) < precedence(newer) for older, newer in pairwise(ordered))


def test_a_release_follows_its_candidates(hub, login, study, edit):
    for old, new in pairwise(["1.0.0", "3.0.0-rc.1", "3.0.0-rc.2", "3.0.0"]):
        edit(study / "study.yaml", f"version: {old}\n", f"version: {new}\n")
        assert publish(Study.open(study), REPOSITORY, push=True).action == "pushed"
    edit(study / "study.yaml", "version: 3.0.0\n", "version: 3.0.0-rc.3\n")
    with pytest.raises(PublishError, match=r"newer than 3\.0\.0-rc\.3"):
        publish(Study.open(study), REPOSITORY, push=True)


GOOD = ["1.0.0", "1.0.0-rc.1", "1.0.0-0", "1.0.0--", "1.0.0-0a.b-c", "1.0.0-lock", "1.0.0-a.lock.1"]
BAD = [
    "1.0",
    "01.0.0",
    "1.0.0-",
    "1.0.0-a..b",
    "1.0.0-.",
    "1.0.0-.a",
    "1.0.0-a.",
    "1.0.0-01",
    "1.0.0-a.lock",
    "1.0.0\n",
]


@pytest.mark.parametrize(("version", "is_good"), [*((text, True) for text in GOOD), *((text, False) for text in BAD)])
def test_versions_of_a_manifest_are_semver_and_names_of_tags(version, is_good):
    assert is_version(version) == is_good
    with pytest.raises(ValidationError) as refused:
        Manifest.model_validate({"version": version})
    assert all(error["loc"] != ("version",) for error in refused.value.errors()) == is_good


@pytest.mark.parametrize("name", ["a..b", "a.lock", ".a", "a b", "a~1", "a.", "a@{b"])
def test_the_hub_takes_no_tag_that_is_no_reference(hub, name):
    hub.create(REPOSITORY)
    with pytest.raises(HfHubHTTPError) as refused:
        HfApi().create_tag(REPOSITORY, tag=name, repo_type="dataset")
    assert refused.value.response.status_code == 400
