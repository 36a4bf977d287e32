"""A registered study, from its entry to a dataset: fetched, verified, imported once, and loaded as any other."""

from __future__ import annotations

import http.server
import shutil
import threading
from functools import partial

import pytest
from at_once import run_at_once
from click.testing import CliRunner
from registered_entry import NAME, PEOPLE, PICTURES, entry

import hmix_hub
from hmix_hub.cli.main import main
from hmix_hub.errors import (
    CacheWarning,
    ConfigurationError,
    PublishError,
    SourceError,
    SourceMissingError,
    SourceNameError,
)
from hmix_hub.loading.entries import read_entry

ROWS = PEOPLE * PICTURES


def load(made_up, **options):
    return hmix_hub.load_dataset(NAME, **{"split": "train", "source": made_up.files} | options)


def test_it_is_loaded_by_its_name(made_up):
    dataset = load(made_up)
    assert len(dataset) == ROWS
    assert set(dataset["study_id"]) == {NAME}
    assert dataset[0]["judgment_id"] == f"{NAME}/categorical_soft_labels/p0/0"
    assert (dataset[0]["source_file"], dataset[0]["source_row"]) == ("answers.csv", 0)


def test_a_session_that_stands_twice_is_flagged_and_left_out_unless_asked_for(made_up):
    every = load(made_up, exclude_flags=[])
    twice = every.filter(lambda row: "exported_twice" in row["flags"])
    assert (len(every), len(twice)) == (ROWS + PICTURES, PICTURES)
    assert set(twice["participant_id"]) == {f"p{PEOPLE - 1}"}
    assert twice[0]["judgment_id"].endswith("/0#2")
    assert twice["source_row"] == list(range(ROWS, ROWS + PICTURES))
    assert every["source_row"] == list(range(ROWS + PICTURES))
    # A copy is no second showing.
    assert set(every["presentation"]) == {1}
    # Another flag that is excluded brings no copies back.
    assert len(load(made_up, exclude_flags="straightlining")) == ROWS
    by_stimulus = load(made_up, name="categorical_soft_labels_by_stimulus")
    assert by_stimulus["n_judgments"] == [PEOPLE] * PICTURES


def test_filters_slices_streams_versions_and_splits_are_those_of_any_study(made_up):
    label = read_entry(NAME).manifest.vocabulary.names[load(made_up)[0]["image_1_label"]]
    chosen = load(made_up, labels=label)
    assert set(chosen["image_1_label"]) == {load(made_up)[0]["image_1_label"]}
    assert len(load(made_up, split="train[:5]")) == 5
    assert [row["judgment_id"] for row in load(made_up, streaming=True)] == load(made_up)["judgment_id"]
    assert "class_order" not in load(made_up, schema_version="2.0.0").column_names
    parts = hmix_hub.split(load(made_up), by="image", fractions={"train": 0.5, "test": 0.5})
    assert sum(map(len, parts.values())) == ROWS


def test_it_joins_the_others_each_with_a_source_of_its_own(made_up):
    joined = hmix_hub.load_dataset(["h-mix", NAME], split="train", source={"h-mix": "sample", NAME: made_up.files})
    assert {study: joined["study_id"].count(study) for study in ("sample", NAME)} == {"sample": 216, NAME: ROWS}
    with pytest.raises(ConfigurationError, match=r"'made_up', which is not one of") as refused:
        hmix_hub.load_dataset(["h-mix", NAME], source={"made_up": made_up.files})
    assert NAME in refused.value.hint


def test_a_folder_of_folders_is_named_by_the_environment_or_by_the_source(made_up, monkeypatch):
    shutil.copytree(made_up.files, made_up.files.parent / "all" / NAME)
    assert len(load(made_up, source=made_up.files.parent / "all")) == ROWS
    shutil.rmtree(made_up.cache)
    monkeypatch.setenv("HMIX_REGISTERED", str(made_up.files.parent / "all"))
    assert len(load(made_up, source=None)) == ROWS


def test_once_built_neither_files_nor_network_are_needed(made_up, monkeypatch):
    load(made_up)
    shutil.rmtree(made_up.files)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert len(load(made_up, source=None)) == ROWS


def test_only_tables_are_cached_and_no_word_that_a_person_wrote(made_up):
    load(made_up)
    assert [name.split("/", 2)[2] for name in made_up.cached()] == [
        "SHA256SUMS",
        "categorical_soft_labels/train-00000-of-00001.parquet",
        "categorical_soft_labels_by_stimulus/train-00000-of-00001.parquet",
        "study.yaml",
    ]
    assert not any(b"me@x.org" in (made_up.cache / name).read_bytes() for name in made_up.cached())


@pytest.fixture
def served(made_up, monkeypatch):
    """Serve the files as the pinned repository has them, below an address."""
    (made_up.files / "data").mkdir()
    made_up.raw.rename(made_up.files / "data/answers.csv")
    handler = partial(_Quiet, directory=str(made_up.files))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def test_files_are_fetched_below_an_address_and_not_kept_where_they_are_private(made_up, served):
    assert len(load(made_up, source=served)) == ROWS
    assert not any("answers.csv" in name for name in made_up.cached())


def test_files_without_private_text_are_kept(made_up, served):
    content = entry((made_up.files / "data/answers.csv").read_bytes())
    content["source"]["keep"] = True
    made_up.write(content)
    assert len(load(made_up, source=served)) == ROWS
    assert f"{NAME}/answers.csv" in made_up.cached()


def test_offline_it_is_told_what_to_do(made_up, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(SourceMissingError, match="nothing is downloaded") as refused:
        load(made_up, source=None)
    assert "a-lab/a-study" in str(refused.value)
    assert "answers.csv in a folder" in refused.value.hint
    assert "HMIX_REGISTERED" in refused.value.hint
    assert "sample" not in refused.value.hint
    assert made_up.cached() == []


def test_a_missing_and_a_changed_file_are_refused_and_leave_nothing(made_up):
    content = made_up.raw.read_bytes()
    made_up.raw.write_bytes(content.replace(b"p0", b"p9", 1))
    with pytest.raises(SourceError, match=r"answers\.csv is not the expected file: expected .* sha256"):
        load(made_up)
    made_up.raw.unlink()
    with pytest.raises(SourceMissingError, match=r"answers\.csv cannot be read") as refused:
        load(made_up)
    assert "HMIX_REGISTERED" in refused.value.hint
    assert made_up.cached() == []


def test_a_source_that_is_none_is_refused(made_up):
    for source in (made_up.files / "no", "sample", made_up.raw):
        with pytest.raises(SourceNameError, match="neither a folder nor an address"):
            load(made_up, source=source)


def test_other_counts_than_expected_are_refused(made_up):
    content = entry(made_up.raw.read_bytes())
    content["expected"]["categorical_soft_labels"] |= {"participants": 5, "stimuli": 7}
    made_up.write(content)
    with pytest.raises(SourceError, match="participants 4, not 5; categorical_soft_labels: stimuli 6, not 7"):
        load(made_up)


def test_judgments_that_break_a_rule_are_refused(made_up):
    text = made_up.raw.read_text().replace("0_cat.png", "0_dog.png", 1).encode()
    made_up.raw.write_bytes(text)
    made_up.write(entry(text))
    with pytest.raises(hmix_hub.HMixError, match="HMX5") as refused:
        load(made_up)
    assert refused.value.where.row == 0
    assert refused.value.hint == f"correct the map or the manifest in {made_up.entries / f'{NAME}.yaml'}"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda e: e["source"].update(commit="main"), "source.commit"),
        (lambda e: e["source"]["files"][0].update(path="../answers.csv"), "source.files.0.path"),
        (lambda e: e["source"]["files"][0].update(sha256="0"), "source.files.0.sha256"),
        (lambda e: e["source"]["files"].append(dict(e["source"]["files"][0])), "two files share a name"),
        (lambda e: e["map"]["columns"].pop("participant_id"), "participant_id"),
        (lambda e: e["manifest"].pop("title"), "manifest.title"),
        (lambda e: e.update(leave_out=["exported_thrice"]), "exported_thrice"),
        (lambda e: e.update(expected={}), "the tasks are categorical_soft_labels"),
        (lambda e: e.update(more=1), "more"),
        (
            lambda e: e["manifest"]["stimuli"].update(source="elsewhere", classes=["cat", "dog"]),
            "pictures of cifar10/test",
        ),
    ],
)
def test_an_entry_that_is_none_is_told_with_its_field(made_up, change, told):
    content = entry(made_up.raw.read_bytes())
    change(content)
    made_up.write(content)
    with pytest.raises(SourceError, match="not a valid entry of a registered study") as refused:
        load(made_up)
    assert told in refused.value.message
    assert refused.value.where.file == str(made_up.entries / f"{NAME}.yaml")


def test_a_changed_entry_is_imported_anew(made_up):
    load(made_up)
    content = entry(made_up.raw.read_bytes())
    content["manifest"]["version"] = "1.0.1"
    made_up.write(content)
    load(made_up)
    assert len({name.split("/")[1] for name in made_up.cached()}) == 2


def test_a_damaged_table_is_built_again(made_up):
    load(made_up)
    (table,) = made_up.cache.rglob("categorical_soft_labels/*.parquet")
    table.write_bytes(table.read_bytes()[:-1])
    with pytest.warns(CacheWarning, match=f"tables of {NAME} are damaged"):
        assert len(load(made_up)) == ROWS
    assert len(load(made_up)) == ROWS


_LOAD = """
from pathlib import Path
from hmix_hub import datasets_by_name
datasets_by_name.ENTRIES = Path({entries!r})
import hmix_hub
print(len(hmix_hub.load_dataset({name!r}, split="train", source={files!r})))
"""


def test_eight_processes_on_an_empty_cache_all_get_it(made_up, tmp_path):
    code = _LOAD.format(entries=str(made_up.entries), name=NAME, files=str(made_up.files))
    home = str(tmp_path / "hf")
    lines = run_at_once(code, "hmix_hub.loading.road", "pyarrow.parquet", HF_HOME=home)
    assert lines == [str(ROWS)] * 8
    assert len(made_up.cached()) == 4
    assert [path.name for path in (made_up.cache / "registered").iterdir() if path.name.startswith(".")] == []


def test_commands_list_cite_and_load_it(made_up, tmp_path):
    run = partial(CliRunner().invoke, main, catch_exceptions=False)
    listed = run(["list", "--source", "sample"]).output
    assert [line.split() for line in listed.splitlines() if line.startswith(NAME)] == [
        [NAME, "categorical_soft_labels", "24", "4", "6", "CC0-1.0"]
    ]
    assert run(["cite", NAME]).output == "@misc{example2026,\n  title = {A made-up study}\n}\n"
    words = ["load", "categorical_soft_labels", "--dataset", NAME, "--source", str(made_up.files), "--format", "csv"]
    assert len(run(words).stdout.splitlines()) == ROWS + 1
    assert len(run([*words, "--exclude-flags", ""]).stdout.splitlines()) == ROWS + PICTURES + 1


def test_a_report_names_the_rows_of_the_pinned_file(made_up):
    report = hmix_hub.report(NAME, source=made_up.files, resamples=100)
    (file,) = report.sources
    assert (file.study_id, file.file) == (NAME, "answers.csv")
    assert file.sha256 == entry(made_up.raw.read_bytes())["source"]["files"][0]["sha256"]


def test_it_is_never_published(made_up, tmp_path):
    from hmix_hub.contribute.publishing.publisher import publish
    from hmix_hub.studies.study import Study

    load(made_up)
    (built,) = (made_up.cache / "registered").iterdir()
    with pytest.raises(PublishError, match=f"{NAME} is a registered study"):
        publish(Study.open(built), "lab/study", dry_run=True)


def test_a_name_goes_before_a_folder_of_that_name(made_up, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).mkdir()
    assert len(load(made_up)) == ROWS


def test_its_labels_are_downloaded_when_that_is_asked_for(made_up, served):
    source = {"h-mix": "sample", NAME: served}
    with pytest.warns(CacheWarning, match=f"left out, as not on this machine: {NAME}"):
        assert hmix_hub.labels_of("cifar10/test", 0, source=source).empty
    (row,) = hmix_hub.labels_of("cifar10/test", 0, source=source, download=True).to_dict("records")
    assert (row["dataset"], row["n_judgments"]) == (NAME, PEOPLE)
