"""The guides to collecting: what they show of a study file is one, and the options of their commands are there."""

from __future__ import annotations

import re
import shlex

import click
import pytest
import yaml

from hmix_hub.cli.main import main
from hmix_hub.suite.starter import write_collection
from hmix_hub.suite.study.reading import COLLECTION, read_study_file
from hmix_hub.suite.tasks import SUITE_TASKS

GUIDES = ("collecting", "running")


def blocks(root, guide, kind):
    text = (root / "dataset_cards" / f"{guide}.md").read_text(encoding="utf-8")
    return re.findall(rf"(?ms)^```{kind}\n(.*?)^```$", text)


def merged(base, part):
    """Return a study file with the keys that a guide shows; a task keeps what is not shown, but for what it draws."""
    if "pairs" in (part if isinstance(part, dict) else {}):
        base = {key: value for key, value in base.items() if key not in {"pairs", "coefficients"}}
    if not (isinstance(base, dict) and isinstance(part, dict)):
        return part
    return base | {key: merged(base.get(key), value) for key, value in part.items()}


def words_of(line):
    """Return the words of a command line up to what the shell does with it."""
    words = shlex.split(line, comments=True)
    end = next((place for place, word in enumerate(words) if word in {"&&", "|", ";"}), len(words))
    return words[:end]


@pytest.fixture
def starter(tmp_path):
    """Write a study of all tasks, with the lists that guides name."""
    write_collection(tmp_path / "pilot", tasks=list(SUITE_TASKS))
    (tmp_path / "pilot" / "ids.csv").write_text("id\n" + "5f" * 12 + "\n", encoding="utf-8")
    return tmp_path / "pilot"


@pytest.mark.parametrize("guide", GUIDES)
def test_what_is_shown_of_a_study_file_is_taken(guide, root, starter):
    path = starter / COLLECTION
    base = yaml.safe_load(path.read_text(encoding="utf-8"))
    parts = [yaml.safe_load(block) for block in blocks(root, guide, "yaml")]
    assert parts
    for part in parts:
        study = merged(base, part)
        kept = part.get("sitting", {}).get("tasks", list(study["tasks"]))
        study["tasks"] = {task: study["tasks"][task] for task in kept}
        path.write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
        read_study_file(starter)


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_that_is_shown_has_its_options(guide, root):
    lines = [line for block in blocks(root, guide, "bash") for line in block.splitlines() if line.startswith("hmix ")]
    assert len(lines) > 5
    for line in lines:
        command, words = main, words_of(line)[1:]
        while isinstance(command, click.Group):
            command = command.get_command(click.Context(command), words.pop(0))
            assert command is not None, line
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        given = {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"}
        assert given <= known, line
