"""Publishing through faults: whatever breaks, running it again ends with the study published once."""

from __future__ import annotations

import pytest

from hmix_hub.contribute.publishing.faults import TRIES
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.errors import PublishError
from hmix_hub.studies.study import Study

REPOSITORY = "lab/example-study"
COMMIT = r"/commit/"


@pytest.fixture(autouse=True)
def slept(monkeypatch):
    """Collect what publishing waits, in seconds, and do not wait."""
    seconds = []
    monkeypatch.setattr("hmix_hub.contribute.publishing.faults.sleep", seconds.append)
    return seconds


def is_published_once(hub):
    """Return whether main holds one commit of the study, beside that which the repository began with, and its tag."""
    commits = hub.commits(REPOSITORY)
    return len(commits) == 2 and hub.tags(REPOSITORY).get("1.0.0") == commits[0].oid


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_hub_is_waited_for(hub, login, waits, study, status):
    hub.fail(method="POST", path=COMMIT, status=status, times=2)
    said = []
    assert publish(Study.open(study), REPOSITORY, push=True, tell=said.append).action == "pushed"
    assert is_published_once(hub)
    assert any("trying again in 1 s" in text for text in said)


def test_the_hub_is_waited_for_as_long_as_it_asks(hub, waits, study, slept):
    hub.fail(method="POST", path=COMMIT, status=429, headers={"Retry-After": "7"})
    said = []
    publish(Study.open(study), REPOSITORY, push=True, tell=said.append)
    assert any("asks to wait (status 429); trying again in 7 s" in text for text in said)
    assert slept == [7]
    assert is_published_once(hub)


def test_it_is_not_waited_for_ever(hub, login, waits, study):
    hub.fail(method="POST", path=COMMIT, status=503, times=None)
    with pytest.raises(PublishError, match="status 503"):
        publish(Study.open(study), REPOSITORY, push=True)
    assert sum(path.endswith("/commit/main") for _, path, _ in hub.requests) == TRIES
    hub.heal()
    assert publish(Study.open(study), REPOSITORY, push=True).action == "pushed"
    assert is_published_once(hub)


@pytest.mark.parametrize("path", [COMMIT, r"/preupload/", r"/api/repos/create", r"/api/whoami", r"/tag/", r"/refs$"])
def test_a_cut_connection_is_tried_again(hub, login, waits, study, path):
    hub.fail(path=path, cut=True)
    publish(Study.open(study), REPOSITORY, push=True)
    assert is_published_once(hub)


@pytest.mark.parametrize("path", [COMMIT, r"/tag/", r"/api/repos/create"])
def test_what_was_done_though_the_answer_was_lost_is_not_done_again(hub, login, waits, study, path):
    hub.fail(method="POST", path=path, applied=True)
    publish(Study.open(study), REPOSITORY, push=True)
    assert is_published_once(hub)


def test_a_request_whose_answer_was_lost_is_not_opened_twice(hub, login, waits, study):
    hub.fail(method="POST", path="create_pr=1", applied=True)
    assert publish(Study.open(study), REPOSITORY).action == "requested"
    assert len(hub.pull_requests(REPOSITORY)) == 1


def test_an_interrupted_upload_goes_on_where_it_stopped(hub, login, waits, study):
    hub.fail(method="PUT", path="^/lfs/", after=1, times=None, status=403)
    with pytest.raises(PublishError, match="403"):
        publish(Study.open(study), REPOSITORY, push=True)
    stored = {call.path for call in hub.calls if call.method == "PUT" and call.status == 200}
    assert stored, "one object was to be stored before the fault"
    hub.heal()
    hub.forget_calls()
    publish(Study.open(study), REPOSITORY, push=True)
    sent = {call.path for call in hub.calls if call.method == "PUT"}
    assert sent, "the other objects were to be sent now"
    assert stored.isdisjoint(sent)
    assert is_published_once(hub)


def test_somebody_who_was_quicker_is_seen(hub, login, waits, study):
    hub.create(REPOSITORY)
    hub.fail(method="POST", path=COMMIT, status=412)
    publish(Study.open(study), REPOSITORY, push=True)
    assert is_published_once(hub)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "not logged in to the Hub"),
        (403, "do not have permission to do this"),
        (404, "the repository does not exist"),
        (413, "larger than the Hub accepts"),
    ],
)
def test_a_refusal_says_what_to_do_and_is_not_tried_again(hub, login, study, status, said):
    hub.fail(method="POST", path=COMMIT, status=status, times=None)
    with pytest.raises(PublishError, match=said) as refused:
        publish(Study.open(study), REPOSITORY, push=True)
    assert refused.value.hint
    assert sum(path.endswith("/commit/main") for _, path, _ in hub.requests) == 1


def test_somebody_without_the_right_to_push_can_request(hub, login, study):
    publish_as_owner = publish(Study.open(study), REPOSITORY, push=True)
    assert publish_as_owner.action == "pushed"
    hub.add_user("ann", token="hf_ann", orgs=[])
    login("ann")
    text = (study / "study.yaml").read_text()
    (study / "study.yaml").write_text(text.replace("version: 1.0.0\n", "version: 1.0.1\n"))
    with pytest.raises(PublishError, match="do not have permission to do this"):
        publish(Study.open(study), REPOSITORY, push=True)
    assert publish(Study.open(study), REPOSITORY).action == "requested"


def test_the_token_is_shown_to_nobody(hub, login, study, capfd):
    said = []
    publish(Study.open(study), REPOSITORY, push=True, tell=said.append)
    hub.fail(path=r"/api/whoami", status=401, times=None, message="token hf_tester is wrong")
    with pytest.raises(PublishError) as refused:
        publish(Study.open(study), REPOSITORY, push=True)
    out = capfd.readouterr()
    for text in (*said, str(refused.value), repr(refused.value), out.out, out.err):
        assert "hf_tester" not in text
    assert not any("hf_tester" in content.decode("latin-1") for content in hub.files(REPOSITORY).values())
    assert all("hf_tester" not in str(call.headers) for call in hub.calls if call.server == "storage")
