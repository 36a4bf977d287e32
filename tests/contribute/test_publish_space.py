"""Publishing of an explorer beside the dataset, as a static Space: against a Hub on this machine."""

from __future__ import annotations

import re

import pytest
import yaml
from click.testing import CliRunner
from explored import metadata_of

from hmix_hub.cli.main import main
from hmix_hub.contribute.publishing.space import publish_space
from hmix_hub.errors import PublishError
from hmix_hub.explorer.writing import write_explorer
from hmix_hub.studies.study import Study

REPOSITORY = "lab/example-study"
SPACE = f"{REPOSITORY}-explorer"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    """Let CIFAR-10 be nowhere, so that no network is asked for it."""
    monkeypatch.setenv("HMIX_CIFAR10", "/nowhere")


@pytest.fixture
def dataset(hub, login):
    """A public dataset, to which explorers are published."""
    hub.create(REPOSITORY)
    return hub.repository(REPOSITORY)


def publish(study, *options):
    return CliRunner().invoke(main, ["contribute", "publish", str(study), "--repo-id", REPOSITORY, *options])


def test_the_explorer_is_pushed_beside_the_dataset(hub, login, study, tmp_path):
    done = publish(study, "--push", "--space")
    assert done.exit_code == 0, done.output
    assert done.output.endswith(f"published the explorer: {hub.url}/spaces/{SPACE}\n")
    files = hub.files(f"spaces/{SPACE}")
    head = yaml.safe_load(files["README.md"].decode().split("---")[1])
    assert (head["sdk"], head["app_file"], head["datasets"]) == ("static", "index.html", [REPOSITORY])
    assert {"index.html", "data/infer_mixing_factor.arrow", "data/infer_mixing_factor.stimuli.arrow"} <= files.keys()
    assert not any(name.endswith(".arrow.js") for name in files)
    # Large files come from other hosts of the Hub; scripts come from the Space alone.
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', files["index.html"].decode())[1]
    allowed = dict(part.split(maxsplit=1) for part in policy.split("; "))
    assert {"https://*.hf.co", "https://*.huggingface.co"} <= set(allowed["connect-src"].split())
    assert allowed["script-src"] == "'self'"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "explorer.js").write_bytes(files["data/explorer.js"])
    assert metadata_of(tmp_path)["tasks"][0]["code"] == {
        "python": f'"{REPOSITORY}"',
        "python_options": 'revision="1.0.0"',
        "command": f"--dataset {REPOSITORY} --revision 1.0.0",
    }


def test_a_dry_run_shows_its_files_and_asks_nobody(hub, study):
    done = publish(study, "--dry-run", "--space")
    assert done.exit_code == 0, done.output
    assert "data/explorer.js" in done.output
    assert f"files for the Space {SPACE}, version 1.0.0\nnothing was uploaded\n" in done.output
    assert hub.requests == []


def test_the_explorer_of_a_pull_request_waits_until_it_is_merged(hub, login, study):
    done = publish(study, "--space")
    assert "run the same command to publish the explorer" in done.output
    assert not hub.exists(f"spaces/{SPACE}")
    hub.merge(REPOSITORY, 1)
    assert publish(study, "--space").exit_code == 0
    assert hub.exists(f"spaces/{SPACE}")


def test_a_study_that_gives_people_away_has_no_explorer(hub, login, study, edit):
    for name in ("judgments/infer_mixing_factor.csv", "participants.csv"):
        text = (study / name).read_text()
        (study / name).write_text(text.replace("p02,", "5f2d9ac84b1c0d00a1b2c3d4,"))
    done = publish(study, "--push", "--space")
    assert done.exit_code == 1
    assert "may identify participants" in done.output
    assert hub.requests == []


def test_again_it_uploads_what_changed_and_deletes_what_is_gone(hub, dataset, study):
    publish_space(Study.open(study), REPOSITORY, SPACE)
    hub.commit(f"spaces/{SPACE}", {"data/old.arrow": b"old"})
    before = len(hub.commits(f"spaces/{SPACE}"))
    publish_space(Study.open(study), REPOSITORY, SPACE)
    assert "data/old.arrow" not in hub.files(f"spaces/{SPACE}")
    publish_space(Study.open(study), REPOSITORY, SPACE)
    assert len(hub.commits(f"spaces/{SPACE}")) == before + 1


def test_a_space_of_something_else_is_left_alone(hub, dataset, study):
    hub.create("spaces/lab/demo", {"app.py": b"print()"})
    with pytest.raises(PublishError, match="something other than an explorer"):
        publish_space(Study.open(study), REPOSITORY, "lab/demo")
    assert hub.files("spaces/lab/demo")["app.py"] == b"print()"


def test_a_space_that_was_made_by_hand_and_holds_nothing_is_used(hub, dataset, study):
    hub.create("spaces/lab/demo", {"README.md": b"", "index.html": b"", "style.css": b""})
    assert publish_space(Study.open(study), REPOSITORY, "lab/demo").action == "pushed"
    assert "data/explorer.js" in hub.files("spaces/lab/demo")


def test_it_is_private_if_asked_for_and_no_public_one_is_used(hub, dataset, study):
    publish_space(Study.open(study), REPOSITORY, SPACE, private=True)
    assert hub.repository(f"spaces/{SPACE}").private
    hub.create("spaces/lab/demo")
    with pytest.raises(PublishError, match="the Space is public"):
        publish_space(Study.open(study), REPOSITORY, "lab/demo", private=True)


def test_the_explorer_of_a_private_dataset_is_private(hub, login, study):
    assert publish(study, "--push", "--private").exit_code == 0
    assert publish(study, "--push", "--space").exit_code == 0
    assert hub.repository(f"spaces/{SPACE}").private


def test_no_public_space_is_used_for_a_private_dataset(hub, dataset, study):
    dataset.private = True
    hub.create("spaces/lab/demo")
    with pytest.raises(PublishError, match="the Space is public"):
        publish_space(Study.open(study), REPOSITORY, "lab/demo")
    assert "data/explorer.js" not in hub.files("spaces/lab/demo")


def test_a_gated_dataset_has_no_space(hub, dataset, study):
    dataset.gated = "auto"
    with pytest.raises(PublishError, match="open to everybody"):
        publish_space(Study.open(study), REPOSITORY, SPACE)
    assert not hub.exists(f"spaces/{SPACE}")


def test_a_dataset_that_is_not_published_has_no_space(hub, login, study):
    with pytest.raises(PublishError, match="the dataset is not published"):
        publish_space(Study.open(study), REPOSITORY, SPACE)
    assert not hub.exists(f"spaces/{SPACE}")


def test_what_is_no_name_of_a_space_is_told(hub, study):
    done = publish(study, "--push", "--space", "demo")
    assert done.exit_code == 2
    assert "not the name of a repository on the Hub" in done.output
    assert hub.requests == []


def test_a_synthetic_study_is_marked(hub, dataset, study, edit):
    edit(study / "study.yaml", "version: 1.0.0", "version: 1.0.0\nsynthetic: true")
    publish_space(Study.open(study), REPOSITORY, SPACE)
    card = hub.files(f"spaces/{SPACE}")["README.md"].decode()
    assert "synthetic: they were simulated" in card


def test_a_published_study_is_explored_by_its_repository(hub, login, study, tmp_path):
    publish(study, "--push")
    write_explorer(REPOSITORY, tmp_path / "page")
    told = metadata_of(tmp_path / "page")
    assert told["tasks"][0]["code"]["command"] == f"--dataset {REPOSITORY}"
    assert (told["datasets"][0]["version"], told["tasks"][0]["n_judgments"]) == ("1.0.0", 144)


def test_the_code_of_a_version_loads_that_version(hub, login, study, edit, tmp_path):
    assert publish(study, "--push").exit_code == 0
    table = study / "judgments" / "infer_mixing_factor.csv"
    table.write_text("\n".join(table.read_text().splitlines()[:-1]))
    edit(study / "study.yaml", "version: 1.0.0", "version: 1.1.0")
    assert publish(study, "--push").exit_code == 0
    write_explorer(REPOSITORY, tmp_path / "page", revision="1.0.0", for_disk=False)
    (task,) = metadata_of(tmp_path / "page")["tasks"]
    assert task["code"]["python_options"] == 'revision="1.0.0"'
    for options, n in ((task["code"]["command"].split(), 144), (["--dataset", REPOSITORY], 143)):
        done = CliRunner().invoke(main, ["load", task["name"], *options, "-o", str(tmp_path / "judgments.csv")])
        assert f"wrote {n} rows" in done.output
