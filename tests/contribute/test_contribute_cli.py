"""`hmix contribute` and `hmix rules`: exit status, what is printed, and where."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from hmix_hub.cli.contribute import contribute
from hmix_hub.cli.main import main
from hmix_hub.studies.catalogue import catalogue
from hmix_hub.tasks import INFER, TASKS

TABLE = f"judgments/{INFER}.csv"


@pytest.fixture
def hmix():
    def call(*words):
        return CliRunner().invoke(main, list(map(str, words)))

    return call


@pytest.mark.parametrize("name", contribute.commands)
def test_every_command_has_help(hmix, name):
    told = hmix("contribute", name, "--help")
    assert told.exit_code == 0
    assert told.output.startswith(f"Usage: main contribute {name}")


class TestInit:
    @pytest.mark.parametrize("task", TASKS)
    def test_an_example_is_valid(self, hmix, tmp_path, task):
        assert hmix("contribute", "init", tmp_path / "ex", "--example", "--task", task).exit_code == 0
        told = hmix("contribute", "validate", tmp_path / "ex")
        assert (told.exit_code, "no problems found" in told.output) == (0, True)

    def test_a_starter_asks_for_what_is_missing(self, hmix, tmp_path):
        hmix("contribute", "init", tmp_path / "new-study", "--task", INFER, "--task", "construct_midpoint")
        found = json.loads(hmix("contribute", "validate", tmp_path / "new-study", "--draft", "--json").output)
        assert {one["code"] for one in found["findings"]} == {"HMX508", "HMX525"}
        strict = json.loads(hmix("contribute", "validate", tmp_path / "new-study", "--json").output)
        assert {one["code"] for one in strict["findings"] if one["severity"] == "error"} == {"HMX508", "HMX524"}

    def test_an_example_is_written_over_nothing(self, hmix, tmp_path):
        (tmp_path / "participants.csv").write_text("participant_id\n", encoding="utf-8")
        told = hmix("contribute", "init", tmp_path, "--example")
        assert (told.exit_code, "not an empty folder" in told.stderr) == (2, True)
        assert [path.name for path in tmp_path.iterdir()] == ["participants.csv"]

    def test_a_folder_that_is_not_empty_is_left_alone(self, hmix, study):
        before = (study / "study.yaml").read_bytes()
        told = hmix("contribute", "init", study)
        assert told.exit_code == 2
        assert "not an empty folder" in told.stderr
        assert (study / "study.yaml").read_bytes() == before


class TestValidate:
    def test_errors_give_status_1(self, hmix, study, edit):
        edit(study / TABLE, "deer", "dear")
        told = hmix("contribute", "validate", study)
        assert told.exit_code == 1
        assert "error HMX560 class-unknown" in told.output
        assert "row 0 (line 2): 'dear': did you mean 'deer'?" in told.output
        assert "1 error" in told.output

    def test_warnings_alone_give_status_0(self, hmix, study, edit):
        edit(study / TABLE, "4435.6", "12")
        told = hmix("contribute", "validate", study)
        assert (told.exit_code, "1 warning" in told.output) == (0, True)

    def test_no_folder_gives_status_1_and_a_hint(self, hmix, tmp_path):
        told = hmix("contribute", "validate", tmp_path / "nowhere")
        assert told.exit_code == 1
        assert "hint:" in told.stderr

    def test_many_findings_are_counted_and_not_all_shown(self, hmix, study, edit):
        text = (study / TABLE).read_text().replace("deer", "dear")
        (study / TABLE).write_text(text)
        told = hmix("contribute", "validate", study)
        assert "… and" in told.output
        found = json.loads(hmix("contribute", "validate", study, "--json").output)
        (first, second) = found["findings"]
        assert first["count"] + second["count"] == text.count("dear")

    def test_json_is_whole(self, hmix, study, edit):
        edit(study / TABLE, "deer", "dear")
        told = hmix("contribute", "validate", study, "--json")
        assert told.exit_code == 1
        found = json.loads(told.output)
        assert (found["is_valid"], found["errors"], found["rows"]) == (False, 1, {TABLE: 144})
        (finding,) = found["findings"]
        assert finding["places"][0] == {"row": 0, "value": "dear", "note": "did you mean 'deer'?"}
        assert (finding["file"], finding["column"], finding["fixable"]) == (TABLE, "image_1_label", False)


class TestRules:
    def test_all_are_listed(self, hmix):
        told = hmix("rules").output
        assert all(code in told and rule.name in told for code, rule in catalogue().items())

    def test_one_is_explained_by_code_or_name(self, hmix):
        assert hmix("rules", "HMX543").output == hmix("rules", "percent").output
        assert "divides the column by 100" in hmix("rules", "hmx543").output

    def test_an_unknown_one_is_told_with_the_nearest(self, hmix):
        far = hmix("rules", "HMX999").output
        assert "did you mean" not in far
        assert "such as HMX500" in far
        assert "did you mean 'HMX592'" in hmix("rules", "HMX5992").output
        told = hmix("rules", "precent")
        assert (told.exit_code, "percent" in told.stderr) == (2, True)

    def test_json(self, hmix):
        (rule,) = json.loads(hmix("rules", "HMX543", "--json").output)
        assert rule["code"] == "HMX543"


class TestTheOthers:
    def test_privacy_gives_status_1_while_an_error_stands(self, hmix, study, edit):
        assert hmix("contribute", "privacy", study).exit_code == 0
        text = (study / TABLE).read_text().replace("p01,", "5f2d9ac84b1c0d00a1b2c3d4,")
        (study / TABLE).write_text(text)
        told = hmix("contribute", "privacy", study)
        assert (told.exit_code, "HMX600" in told.output) == (1, True)
        assert "5f2d9ac84b1c0d00a1b2c3d4" not in told.output

    def test_pseudonymize_then_validate(self, hmix, study, tmp_path):
        key = tmp_path / "study.key"
        assert hmix("contribute", "pseudonymize", study, "--key", key).exit_code == 0
        assert key.read_text().strip() not in hmix("contribute", "pseudonymize", study, "--key", key).output
        assert hmix("contribute", "validate", study).exit_code == 0

    def test_stats_card_and_croissant_are_current_at_once(self, hmix, study):
        assert json.loads(hmix("contribute", "stats", study, "--json").output)["tasks"][INFER]["judgments"] == 144
        for name in ("card", "croissant"):
            assert hmix("contribute", name, study).exit_code == 0
        assert hmix("contribute", "validate", study).exit_code == 0
        assert {path.name for path in study.iterdir()} >= {"README.md", "croissant.json", "statistics.json"}

    def test_fix_tells_what_is_left(self, hmix, study, edit):
        edit(study / TABLE, "4435.6", " 4435.6")
        edit(study / TABLE, "deer", "dear")
        told = hmix("contribute", "fix", study)
        assert told.exit_code == 1
        assert "HMX546" in told.output
        assert "HMX560" in told.output

    def test_a_dry_run_of_publishing(self, hmix, study):
        told = hmix("contribute", "publish", study, "--repo-id", "lab/x", "--dry-run")
        assert told.exit_code == 0
        assert "README.md" in told.output
        assert "nothing was uploaded" in told.output

    def test_a_study_with_errors_is_not_built(self, hmix, study, tmp_path, edit):
        edit(study / TABLE, "deer", "dear")
        told = hmix("contribute", "build", study, "-o", tmp_path / "out")
        assert (told.exit_code, "HMX560" in told.stderr) == (1, True)

    def test_publishing_and_listing(self, hmix, hub, study):
        told = hmix("contribute", "publish", study, "--repo-id", "lab/x", "--push")
        assert told.exit_code == 0, told.stderr
        assert f"published version 1.0.0: {hub.url}/datasets/lab/x" in told.output
        assert "lab/x" in hmix("list", "--hub").output
        assert json.loads(hmix("list", "--hub", "--json").output)[0]["repository"] == "lab/x"
        loaded = hmix("load", INFER, "--dataset", "lab/x", "--participants", "p01", "--format", "jsonl")
        assert len(loaded.output.splitlines()) == 12

    def test_a_name_cannot_steer_the_terminal(self, hmix, tmp_path):
        told = hmix("contribute", "validate", str(tmp_path / "a\x1b[2Jb"))
        assert (told.exit_code, "\x1b" in told.stderr, "a\\x1b[2Jb" in told.stderr) == (1, False, True)

    def test_an_empty_hub(self, hmix, hub):
        assert "no study is published yet" in hmix("list", "--hub").output

    def test_the_schema_is_printed(self, hmix):
        schema = json.loads(hmix("contribute", "schema").output)
        assert set(schema["required"]) >= {"id", "title", "version", "authors", "licence"}
        assert schema["additionalProperties"] is False


def test_what_a_desktop_leaves_behind_is_passed_over(hmix, study):
    for name in ("desktop.ini", "Thumbs.db", ".DS_Store", f"judgments/~${INFER}.csv"):
        (study / name).write_bytes(b"\0")
    assert hmix("contribute", "validate", study).exit_code == 0


class TestSpace:
    def test_a_study_takes_the_memory_and_the_folder_that_it_is_allowed(self, hmix, study, tmp_path):
        space = ("--memory", "900MB", "--temporary-folder", tmp_path / "space")
        assert hmix("contribute", "build", study, "-o", tmp_path / "built", *space).exit_code == 0
        assert not any((tmp_path / "space").glob("*"))

    @pytest.mark.parametrize("verb", ["validate", "stats", "card", "croissant"])
    def test_what_is_no_size_is_refused(self, hmix, study, verb):
        told = hmix("contribute", verb, study, "--memory", "much")
        assert (told.exit_code, "'much' is not a size" in told.stderr) == (2, True)
