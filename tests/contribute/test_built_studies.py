"""Built studies: read by their exact path, checked when they are prepared, loaded again without the network."""

from __future__ import annotations

import hashlib
import os
import shutil

import pyarrow as pa
import pytest
from huggingface_hub import errors
from pyarrow import parquet

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.contribute.publishing.faults import persist
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.errors import CacheWarning, ConfigurationError, PublishError, SourceError, SourceMissingError
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.reading import parquet_file
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, INFER

REPOSITORY = "lab/example-study"
TABLE = f"{INFER}/train-00000-of-00001.parquet"
NEIGHBOURS = {"run[1]": "run1", "a*": "ab", "w?": "wx", "[!b]": "c"}
NAMES = [*NEIGHBOURS, "x::y", "file:z", "zip:a", "with space", "ünïcode", "100%20", "~nobody", "#part", "{a,b}"]
CHANGED = 9435.6


def load(place, name=None, **options):
    return hmix_hub.load_dataset(place, name, split="train", **options)


@pytest.fixture
def built(study, tmp_path):
    return build(Study.open(study), tmp_path / "built").path


@pytest.fixture
def other(study, edit, built, tmp_path):
    """The same study with another response time in its first row, built."""
    edit(study / "judgments/infer_mixing_factor.csv", "4435.6", str(CHANGED))
    return build(Study.open(study), tmp_path / "other").path


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """Three versions of the study as they are published: the content of their files by path."""
    made = {}
    for version, time in (("1.0.0", b"4435.6"), ("1.1.0", b"5435.6"), ("1.2.0", b"6435.6")):
        files = example_study(INFER)
        files["study.yaml"] = files["study.yaml"].replace(b"version: 1.0.0\n", f"version: {version}\n".encode())
        name = "judgments/infer_mixing_factor.csv"
        files[name] = files[name].replace(b"4435.6", time, 1)
        folder = write_files(tmp_path_factory.mktemp("study"), files)
        out = build(Study.open(folder), tmp_path_factory.mktemp("built")).path
        made[version] = {
            path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()
        }
    return made


def with_sums(folder):
    """Write the checksums of a folder again, as who changes a file may do."""
    lines = []
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        name = line.split("  ", 1)[1]
        lines.append(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n")
    (folder / "SHA256SUMS").write_text("".join(lines))


def change(folder, column, value):
    """Set a column of the table's third row to another value."""
    file = folder / TABLE
    table = parquet.read_table(file)
    at = table.schema.get_field_index(column)
    values = table[column].to_pylist()
    values[2] = value
    parquet.write_table(
        table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type)), file
    )


def test_a_path_is_no_pattern_and_no_address(built, other, study, tmp_path, monkeypatch):
    root = tmp_path / "places"
    for name in NAMES:
        shutil.copytree(other, root / name)
    for name in NEIGHBOURS.values():
        shutil.copytree(built, root / name)
    monkeypatch.chdir(root)
    for name in NAMES:
        assert load(root / name)[0]["response_time_ms"] == CHANGED, name
        assert next(iter(load(str(root / name), streaming=True)))["response_time_ms"] == CHANGED, name
        assert load(f"./{name}", "participants").num_rows == 12, name
        assert load(shutil.copytree(study, root / "raw" / name))[0]["response_time_ms"] == CHANGED, name


def test_a_cache_is_the_folder_that_is_named(built, tmp_path):
    for name in NAMES:
        folder = tmp_path / "caches" / name
        if "::" in name:
            with pytest.raises(ConfigurationError, match="not a local folder"):
                load(built, cache_dir=folder)
        else:
            assert load(built, cache_dir=folder).cache_files[0]["filename"].startswith(f"{folder}/")


class TestChanges:
    @pytest.mark.parametrize("streaming", [False, True])
    def test_a_file_that_was_changed_is_refused(self, built, streaming):
        change(built, "response_time_ms", 1.0)
        with pytest.raises(SourceError, match=r"was changed(.|\n)*rebuild the study"):
            load(built, streaming=streaming)

    @pytest.mark.parametrize("streaming", [False, True])
    @pytest.mark.parametrize(
        ("column", "value"), [("mixing_coefficient", 7.5), ("image_1_label", 9999), ("participant_id", None)]
    )
    def test_a_value_that_no_column_may_hold_is_refused(self, built, column, value, streaming):
        change(built, column, value)
        with_sums(built)
        with pytest.raises(SourceError, match=rf"row 2, column {column}: "):
            list(load(built, streaming=streaming))

    @pytest.mark.parametrize("streaming", [False, True])
    def test_more_rows_than_its_bytes_can_hold_are_refused(self, built, streaming, monkeypatch, tmp_path):
        monkeypatch.setattr(parquet_file, "ROWS_FREE", 0)
        monkeypatch.setattr(parquet_file, "ROWS_PER_BYTE", 1e-6)
        # In a cache of its own: a table of the same bytes may be prepared already.
        with pytest.raises(SourceError, match=r"144 rows in .* bytes cannot be judgments"):
            list(load(built, streaming=streaming, cache_dir=tmp_path / "cache"))

    def test_a_table_without_a_column_is_refused(self, built):
        parquet.write_table(parquet.read_table(built / TABLE).drop_columns("pair_id"), built / TABLE)
        with_sums(built)
        with pytest.raises(SourceError, match="no column pair_id"):
            load(built)

    def test_labels_of_other_classes_than_the_manifest_lists_are_refused(self, built, edit):
        names = [*reversed(hmix_hub.features()["image_1_label"].names)]
        edit(built / "study.yaml", "classes: cifar10", f"classes: [{', '.join(names)}]")
        with pytest.raises(SourceError, match="coded by other classes"):
            load(built)

    @pytest.mark.parametrize("damage", ["gone", "cut", "binary"])
    def test_checksums_that_are_damaged_are_named(self, built, damage):
        sums = built / "SHA256SUMS"
        content = sums.read_bytes()
        sums.unlink()
        if damage != "gone":
            sums.write_bytes(content[:-30] if damage == "cut" else b"\xff" + content)
        with pytest.raises(SourceError, match=r"SHA256SUMS(.|\n)*rebuild the study"):
            load(built)

    @pytest.mark.parametrize("kind", ["missing", "pipe", "link", "loop", "folder", "more"])
    def test_a_table_that_is_no_file_of_the_study_is_named(self, built, tmp_path, kind):
        file = built / TABLE
        if kind == "more":
            shutil.copy(file, file.with_name("train-00001-of-00001.parquet"))
        else:
            elsewhere = shutil.move(file, tmp_path / "elsewhere.parquet")
            {
                "missing": lambda: None,
                "pipe": lambda: os.mkfifo(file),
                "link": lambda: file.symlink_to(elsewhere),
                "loop": lambda: file.symlink_to(file),
                "folder": file.mkdir,
            }[kind]()
        with pytest.raises(SourceError, match=r"missing|not a file of the study|does not list this file"):
            load(built)

    def test_a_table_that_was_changed_on_the_hub_is_refused(self, hub, login, study, other):
        publish(Study.open(study), REPOSITORY, push=True)
        assert len(load(REPOSITORY)) == 144
        change(other, "response_time_ms", 1.0)
        hub.commit(REPOSITORY, {TABLE: (other / TABLE).read_bytes()})
        with pytest.raises(SourceError, match="changed after the study was published"):
            load(REPOSITORY)

    def test_a_copy_of_the_hubs_table_that_was_damaged_is_loaded_again(self, hub, login, study, tmp_path):
        publish(Study.open(study), REPOSITORY, push=True)
        before = load(REPOSITORY).to_list()
        (copy,) = (tmp_path / "huggingface/hub").glob(f"**/snapshots/*/{TABLE}")
        copy.resolve().write_bytes(b"no table")
        shutil.rmtree(tmp_path / "huggingface/datasets")
        assert load(REPOSITORY).to_list() == before


class TestWithoutTheNetwork:
    @pytest.fixture
    def loaded(self, hub, login, versions, waits):
        """A study on the Hub of which 1.0.0 and main, 1.1.0, were loaded, and 1.2.0 was not."""
        hub.create(REPOSITORY)
        for version, files in versions.items():
            hub.commit(REPOSITORY, files)
            hub.tag(REPOSITORY, version)
            if version == "1.1.0":
                assert load(REPOSITORY)[0]["response_time_ms"] == 5435.6
                assert load(REPOSITORY, revision="1.0.0")[0]["response_time_ms"] == 4435.6
        return hub

    @pytest.mark.parametrize("how", ["HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "away"])
    def test_the_revision_that_was_loaded_is_loaded_again_and_no_other(self, loaded, how, monkeypatch, recwarn):
        if how == "away":
            loaded.fail(status=503, times=None)
        else:
            monkeypatch.setenv(how, "1")
        assert load(REPOSITORY, revision="1.0.0")[0]["response_time_ms"] == 4435.6
        assert load(REPOSITORY)[0]["response_time_ms"] == 5435.6
        assert load(REPOSITORY, INFER)[0]["response_time_ms"] == 5435.6
        stale = [str(one.message) for one in recwarn if one.category is CacheWarning]
        assert all("as last loaded, main at commit" in said for said in stale)
        assert bool(stale) == (how == "away")
        with pytest.raises(SourceMissingError, match=r"1\.2\.0 is not cached(.|\n)*revision=: 1\.0\.0, main"):
            load(REPOSITORY, revision="1.2.0")

    def test_a_version_that_was_loaded_asks_the_hub_nothing(self, loaded):
        asked = len(loaded.requests)
        load(REPOSITORY, revision="1.0.0")
        assert len(loaded.requests) == asked

    @pytest.mark.parametrize(
        ("error", "said"),
        [("OfflineModeIsEnabled", "network access is disabled"), ("LocalTokenNotFoundError", "logged in")],
    )
    def test_publishing_tells_what_the_hub_was_not_asked(self, error, said):
        def attempt():
            raise getattr(errors, error)("refused")

        told = []
        with pytest.raises(PublishError, match=said):
            persist(attempt, REPOSITORY, told.append)
        assert told == []


def test_a_distribution_of_a_stimulus_is_checked_too(make_study, tmp_path):
    folder = build(Study.open(make_study(CATEGORICAL)), tmp_path / "categorical").path
    name = f"{CATEGORICAL}_by_stimulus"
    assert load(folder, name).num_rows == len(hmix_hub.by_stimulus(load(folder, CATEGORICAL)))
    file = folder / f"{name}/train-00000-of-00001.parquet"
    table = parquet.read_table(file)
    at = table.schema.get_field_index("soft_labels")
    labels = table["soft_labels"].to_pylist()
    labels[2][-1][3] = 1.5
    field = table.schema.field(at)
    parquet.write_table(table.set_column(at, field, pa.array(labels, field.type)), file)
    with_sums(folder)
    with pytest.raises(SourceError, match=r"row 2, column soft_labels: (.|\n)*1\.5"):
        load(folder, name)
