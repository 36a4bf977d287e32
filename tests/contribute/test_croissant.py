"""Croissant description of a study: accepted by mlcroissant, which reads the values of the tables through it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import mlcroissant
import pytest
from pyarrow import parquet
from study_generator.changed_example import example

from hmix_hub.contribute.building import marks, write_tables
from hmix_hub.contribute.description.croissant import CONFORMS_TO, CONTEXT, croissant, croissant_text
from hmix_hub.errors import ConfigurationError
from hmix_hub.schema import CIFAR10
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, INFER, TASKS

# rdflib's own parser uses what rdflib deprecates, and mlcroissant what pandas does.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index is deprecated:DeprecationWarning"),
]

PARQUET = f"{INFER}/train-00000-of-00001.parquet"


def describe(content, out):
    """Write tables and description as a built study has them; give the description."""
    if not out.exists():
        write_tables(content, out)
    found = croissant(content, {name: tuple(mark) for name, mark in marks(out).items()})
    (out / "croissant.json").write_text(croissant_text(found), encoding="utf-8")
    return found


def open_dataset(out):
    dataset = mlcroissant.Dataset(jsonld=out / "croissant.json")
    assert not dataset.metadata.ctx.issues.errors
    assert not dataset.metadata.ctx.issues.warnings
    return dataset


def records(dataset, name):
    def plain(value):
        if isinstance(value, list):
            return [plain(item) for item in value]
        return value.decode() if isinstance(value, bytes) else value

    return [
        {key.removeprefix(f"{name}/"): plain(value) for key, value in record.items()}
        for record in dataset.records(name)
    ]


@pytest.mark.parametrize("task", TASKS)
def test_every_table_is_read_through_it_value_by_value(task, tmp_path):
    content = example(tmp_path, task)
    describe(content, tmp_path / "built")
    dataset = open_dataset(tmp_path / "built")
    for name in content.configurations:
        assert records(dataset, name) == content.table(name).to_pylist()


def test_single_pictures_and_answers_not_given_are_null(tmp_path):
    files = example_study(CATEGORICAL)
    lines = files[f"judgments/{CATEGORICAL}.csv"].decode().splitlines()
    names = lines[0].split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]
    for row in rows[::2]:
        row |= {"image_2_label": "", "image_2_index": "", "mixing_coefficient": "1.0", "response_time_ms": ""}
        row |= {"second_class": "", "second_probability": "", "impossible_classes": ""}
    text = "\n".join([lines[0], *(",".join(row.values()) for row in rows)]) + "\n"
    content = Study.open(write_files(tmp_path / "study", files | {f"judgments/{CATEGORICAL}.csv": text.encode()}))
    describe(content, tmp_path / "built")
    found = records(open_dataset(tmp_path / "built"), CATEGORICAL)
    assert found == content.tables[CATEGORICAL].to_pylist()
    assert found[0]["image_2_label"] is found[0]["second_class"] is found[0]["response_time_ms"] is None


def test_what_stands_in_the_description(tmp_path):
    content = example(tmp_path)
    found = describe(content, tmp_path / "built")
    assert (found["@context"], found["conformsTo"]) == (CONTEXT, CONFORMS_TO)
    assert (found["name"], found["version"]) == ("Mixed pictures, an example study", "1.0.0")
    assert found["license"] == "https://spdx.org/licenses/CC0-1.0.html"
    assert found["citeAs"] == "https://doi.org/10.5281/zenodo.1234567"
    assert found["datePublished"] == "2025-05"
    assert found["creator"] == [
        {
            "@type": "sc:Person",
            "name": "Ada Example",
            "url": "https://orcid.org/0000-0002-1825-0097",
            "affiliation": {"@type": "sc:Organization", "name": "Example University"},
        }
    ]
    data = (tmp_path / "built" / PARQUET).read_bytes()
    assert found["distribution"][0] == {
        "@type": "cr:FileObject",
        "@id": PARQUET,
        "name": "train-00000-of-00001.parquet",
        "contentUrl": PARQUET,
        "contentSize": f"{len(data)} B",
        "encodingFormat": "application/x-parquet",
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def test_fields_have_the_types_of_their_columns(tmp_path):
    found = describe(example(tmp_path, CATEGORICAL), tmp_path / "built")
    sets = {part["name"]: {field["name"]: field for field in part["field"]} for part in found["recordSet"]}
    assert list(sets) == ["classes", CATEGORICAL, f"{CATEGORICAL}_by_stimulus", "participants"]
    fields = sets[CATEGORICAL] | {"soft_labels": sets[f"{CATEGORICAL}_by_stimulus"]["soft_labels"]}
    types = {name: (fields[name]["dataType"], fields[name].get("arrayShape")) for name in fields}
    assert types["judgment_id"] == ("sc:Text", None)
    assert types["is_repeat"] == ("sc:Boolean", None)
    assert types["top_class"] == ("sc:Integer", None)
    assert types["top_probability"] == ("sc:Float", None)
    assert types["flags"] == ("sc:Text", "-1")
    assert types["impossible_classes"] == ("sc:Integer", "-1")
    assert types["soft_label"] == ("sc:Float", "10")
    assert types["soft_labels"] == ("sc:Float", "-1,10")
    assert fields["top_class"]["references"] == {"field": {"@id": "classes/code"}}
    assert fields["top_probability"]["description"] == (
        "its probability; 1 if not asked; unit: probability; range: 0 to 1"
    )


def test_a_table_in_several_files_is_one_record_set(tmp_path):
    content = example(tmp_path)
    out = tmp_path / "built"
    write_tables(content, out)
    table = parquet.read_table(out / PARQUET)
    (out / PARQUET).unlink()
    for number, part in enumerate([table.slice(0, 100), table.slice(100)]):
        parquet.write_table(part, out / INFER / f"train-0000{number}-of-00002.parquet")
    found = describe(content, out)
    assert [part["@id"] for part in found["distribution"] if part["@type"] == "cr:FileSet"] == [f"{INFER}/train"]
    assert records(open_dataset(out), INFER) == content.tables[INFER].to_pylist()


def test_own_classes_and_hostile_words_are_kept_as_they_are(tmp_path):
    classes = ['"<b>', "null", "a b", *CIFAR10.names]
    stimuli = {"source": "own", "mixing": "morph", "mixing_note": "x", "classes": classes}
    words = '</script>\n{"@id": "x"} \u2028 "quoted" \\'
    content = example(
        tmp_path,
        without=["participants.csv"],
        stimuli=stimuli,
        description=words,
        citation={"bibtex": "@misc{a}"},
    )
    found = describe(content, tmp_path / "built")
    assert json.loads(croissant_text(found)) == found
    assert found["citeAs"] == "@misc{a}"
    assert [row["classes/name"] for row in found["recordSet"][0]["data"]] == classes
    dataset = open_dataset(tmp_path / "built")
    assert [record["classes/name"] for record in dataset.records("classes")] == classes
    assert dataset.metadata.description in {words, words.strip()}


def test_a_table_that_is_not_among_the_files_is_missed(tmp_path):
    with pytest.raises(ConfigurationError, match=r"no infer_mixing_factor/train-\*\.parquet"):
        croissant(example(tmp_path), {"study.yaml": (3, "0" * 64)})


def test_the_command_of_mlcroissant_accepts_it(tmp_path):
    describe(example(tmp_path, CATEGORICAL), tmp_path / "built")
    command = [Path(sys.executable).with_name("mlcroissant"), "validate", "--jsonld", "croissant.json"]
    done = subprocess.run(command, cwd=tmp_path / "built", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Done." in done.stderr


def test_the_same_study_gives_the_same_text(tmp_path):
    texts = [
        croissant_text(describe(example(tmp_path / part, CATEGORICAL), tmp_path / part / "built")) for part in "ab"
    ]
    assert texts[0] == texts[1]
