"""Habits: commands of one word, checks before a commit, forms and citation are true to the project they belong to."""

import re
import shlex
import subprocess
import sys

import pytest
import yaml

import hmix_hub
from hmix_hub.cli.main import VERBS


def read_yaml(root, name):
    return yaml.safe_load((root / name).read_text(encoding="utf-8"))


def recipes(root):
    """The commands of each recipe of the Justfile."""
    found, name = {}, None
    for line in (root / "Justfile").read_text(encoding="utf-8").splitlines():
        if head := re.match(r"([a-z_]+)( \*[a-z]+)?:(?! *=)", line):
            name = head[1]
            assert name not in found, f"just has two recipes called {name}"
            found[name] = []
        elif name and line.startswith("    "):
            found[name].append(line.strip())
    return found


WORDS = ("setup", "test", "docs", "build", "bench", "house", "screens", "release", "explore")


def test_there_is_a_word_for_each_thing_that_is_done_often(root):
    assert set(WORDS) <= recipes(root).keys()


def test_every_recipe_runs_what_exists(root):
    for name, commands in recipes(root).items():
        for command in commands:
            words = shlex.split(command.replace("{{ python }}", "python3"))
            if words[:2] == ["python3", "-m"]:
                assert words[3] in VERBS if words[2] == "hmix_hub" else words[2] in {"pre_commit", "ruff"}, name
            elif words[0] == "python3":
                assert (root / words[1]).is_file(), name
            else:
                assert words[:2] == ["@just", "--list"], name


def test_the_hooks_are_the_checks_of_the_test_command(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    from test import CHECKS

    (repository,) = read_yaml(root, ".pre-commit-config.yaml")["repos"]
    hooks = repository["hooks"]
    # Of the environment alone: a hook of another repository would be downloaded.
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in hooks} == {"system"}
    assert [hook["id"] for hook in hooks] == list(CHECKS)
    assert [hook["entry"] for hook in hooks] == [f"python3 scripts/test.py --checks {name}" for name in CHECKS]


def test_words_that_are_misspelt_are_found(root, tmp_path):
    (tmp_path / "page.md").write_text("Teh judgments of ohter participants.\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_bytes((root / "pyproject.toml").read_bytes())
    command = [sys.executable, "-m", "codespell_lib", "."]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode
    assert re.findall(r"(\w+) ==>", ran.stdout) == ["Teh", "ohter"]


def test_the_citation_is_of_this_version_and_prefers_the_paper(root):
    citation = read_yaml(root, "CITATION.cff")
    # What version 1.2.0 of the Citation File Format requires.
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert (citation["cff-version"], citation["type"]) == ("1.2.0", "software")
    assert citation["version"] == hmix_hub.__version__
    paper, bibtex = citation["preferred-citation"], hmix_hub.citation("h-mix")
    assert {"type", "title", "authors"} <= paper.keys()
    names = [f"{author['family-names']}, {author['given-names']}" for author in paper["authors"]]
    for words in (paper["title"], " and ".join(names), paper["url"], f"{paper['start']}--{paper['end']}"):
        assert words in bibtex


FORMS = ("bug", "data", "study")
KINDS = {"markdown": {"value"}, "textarea": {"label"}, "input": {"label"}, "checkboxes": {"label", "options"}}
"""Kinds of fields of GitHub's forms that are in use, and the attributes that each requires."""


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_one_of_githubs_and_asks_for_no_participant(name, root):
    form = read_yaml(root, f".github/ISSUE_TEMPLATE/{name}.yml")
    assert {"name", "description", "body"} <= form.keys() <= {"name", "description", "labels", "body"}
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert all(KINDS[field["type"]] <= field["attributes"].keys() for field in form["body"])
    assert len({field["id"] for field in fields}) == len({field["attributes"]["label"] for field in fields})
    assert len(fields) > 2
    assert re.search(r"\*\*Never .*ids of participants", form["body"][0]["attributes"]["value"], re.S)
    (privacy,) = fields[-1]["attributes"]["options"]
    assert privacy["required"] is True


RIGHTS = {
    ("docs", "publish"): {"pages": "write", "id-token": "write"},
    ("release", "publish"): {"id-token": "write"},
}
"""Jobs with rights beyond reading, in any workflow."""


def test_only_the_jobs_that_publish_have_an_identity_and_no_job_a_token(root):
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (root / ".github" / "workflows").iterdir()}
    workflows = {name: yaml.safe_load(text) for name, text in texts.items()}
    assert texts.keys() == {"test", "docs", "release"}
    assert all(workflow["permissions"] == {"contents": "read"} for workflow in workflows.values())
    jobs = {(name, job): value for name, workflow in workflows.items() for job, value in workflow["jobs"].items()}
    assert {job: value["permissions"] for job, value in jobs.items() if "permissions" in value} == RIGHTS
    assert jobs["release", "publish"]["needs"] == ["test", "build"]
    assert not re.search(r"secrets\.|password|(?<!id-)token:", "".join(texts.values()))
    # A branch moves under whoever uses it; what uploads is named by its version.
    used = re.findall(r"uses: ([\w./-]+)@(\S+)", "".join(texts.values()))
    assert [action for action, version in used if not re.fullmatch(r"v\d+(\.\d+)*|[0-9a-f]{40}", version)] == []
    assert ".ci/run" in texts["test"]


def test_the_changelog_is_kept_by_version_and_kind_in_short_lines(root):
    lines = (root / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    versions = [line for line in lines if line.startswith("## ")]
    assert versions[0] == "## Unreleased"
    assert all(re.fullmatch(r"## \d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", line) for line in versions[1:])
    kinds = {line.removeprefix("### ") for line in lines if line.startswith("### ")}
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert [line for line in lines if len(line) > 150] == []
