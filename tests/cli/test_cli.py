"""The command `hmix`, as a user and a program call it."""

import csv
import io
import json
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner
from datasets import load_dataset

from hmix_hub.cli.main import VERBS, main
from hmix_hub.judgments.grammar import FILTERS
from hmix_hub.tasks import CONFIGURATIONS, RELEASED_CONFIGURATIONS, RELEASED_FORMS

GOOD, DATA_ARE_WRONG, CALL_IS_WRONG = 0, 1, 2


@pytest.fixture(autouse=True)
def sample(monkeypatch):
    monkeypatch.setenv("HMIX_SOURCE", "sample")


def hmix(*arguments, status=GOOD):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    return result


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_list_counts_every_configuration():
    found = json.loads(hmix("list", "--json").stdout)
    assert found["synthetic"] is True
    assert found["participants"] == 50
    listed = found["configurations"]
    assert [row["configuration"] for row in listed] == list(RELEASED_CONFIGURATIONS)
    assert listed[2] == {
        "configuration": "infer_mixing_factor",
        "rows": 1236,
        "repeats": 38,
        "participants": 20,
        "stimuli": 360,
    }
    text = hmix("list").stdout
    assert all(name in text for name in RELEASED_CONFIGURATIONS)
    assert "synthetic" in text


def test_registered_studies_are_listed_where_the_release_cannot_be_had(tmp_path):
    result = hmix("list", "--source", tmp_path, status=DATA_ARE_WRONG)
    assert "cifar10h" in result.stdout
    assert "hmix_construct_midpoint.csv" in result.stderr
    assert hmix("list", "--source", tmp_path, "--json", status=DATA_ARE_WRONG).stdout == ""


def test_list_counts_the_flagged_rows(load_sample):
    found = json.loads(hmix("list", "--flags", "--json").stdout)
    listed = {(row["task"], row["flag"]): row["rows"] for row in found["flags"]}
    flags = load_sample("construct_midpoint")["flags"]
    assert listed["construct_midpoint", "endpoint_not_shown"] == sum("endpoint_not_shown" in row for row in flags) > 0


@pytest.mark.parametrize("config", CONFIGURATIONS)
def test_info_tells_every_column_with_its_unit(config):
    described = json.loads(hmix("info", config, "--json").stdout)
    assert [column["column"] for column in described["columns"]] == [c.name for c in CONFIGURATIONS[config].columns()]
    assert all(column["meaning"] and column["type"] for column in described["columns"])
    text = hmix("info", config).stdout
    assert all(column["column"] in text for column in described["columns"])


def test_info_of_the_released_layout():
    described = json.loads(hmix("info", "construct_midpoint", "--schema-version", "1.0.0", "--json").stdout)
    assert "final_value" in [column["column"] for column in described["columns"]]
    assert described["flags"] == []


def test_info_needs_no_data(monkeypatch, tmp_path):
    monkeypatch.setenv("HMIX_SOURCE", str(tmp_path / "nowhere"))
    hmix("info", "infer_mixing_factor")


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "CSV"])
def test_load_writes_what_the_loader_gives(ending, tmp_path, load_sample):
    file = tmp_path / f"judgments.{ending}"
    hmix("load", "infer_mixing_factor", "--mixing-coefficient", "0.25:0.75", "--labels", "dog", "-o", file)
    expected = load_sample(mixing_coefficient=(0.25, 0.75), labels="dog")
    assert len(expected) > 0
    kind = "json" if ending == "jsonl" else ending.lower()
    written = load_dataset(kind, data_files=str(file), split="train", cache_dir=str(tmp_path))
    assert written["judgment_id"][:] == expected["judgment_id"][:]
    assert written["inferred_coefficient"][:] == expected["inferred_coefficient"][:]
    if ending == "parquet":
        assert written.features == expected.features
    else:
        names = expected.features["image_1_label"].names
        assert written["image_1_label"][:] == [names[code] for code in expected["image_1_label"]]


def test_csv_keeps_every_bit_and_tells_null_from_a_value(load_sample):
    rows = rows_of(hmix("load", "categorical_soft_labels", "--format", "csv").stdout)
    expected = load_sample("categorical_soft_labels")
    assert [json.loads(row["soft_label"]) for row in rows] == expected["soft_label"][:]
    assert [row["second_class"] == "" for row in rows] == [code is None for code in expected["second_class"]]
    assert [json.loads(row["flags"]) for row in rows] == expected["flags"][:]


@pytest.mark.parametrize(
    ("options", "filters"),
    [
        (["--mixing-coefficient", "0.5"], {"mixing_coefficient": 0.5}),
        (["--mixing-coefficient", "0.25:"], {"mixing_coefficient": (0.25, None)}),
        (["--mixing-coefficient", ":0.25"], {"mixing_coefficient": (None, 0.25)}),
        (["--mixing-coefficient", "0.1", "--mixing-coefficient", "0.9"], {"mixing_coefficient": [0.1, 0.9]}),
        (["--repeats"], {"repeats": True}),
        (["--no-repeats"], {"repeats": False}),
        (["--class-pair", "dog,frog", "--class-pair", "Cat, Ship"], {"class_pair": [("dog", "frog"), ("cat", "ship")]}),
        (["--exclude-flags", "untouched_sliders"], {"exclude_flags": "untouched_sliders"}),
        (
            ["--confidence", "0.9:1", "--response-time-ms", ":4000"],
            {"confidence": (0.9, 1), "response_time_ms": (0, 4000)},
        ),
    ],
)
def test_an_option_is_the_filter_of_the_call(options, filters, load_sample):
    rows = rows_of(hmix("load", "infer_mixing_factor", "--columns", "judgment_id", "--format", "csv", *options).stdout)
    assert [row["judgment_id"] for row in rows] == load_sample(**filters)["judgment_id"][:]
    assert 0 < len(rows) < 1236


def test_participants_are_chosen_by_repeating_the_option(load_sample):
    people = load_sample().unique("participant_id")[:2]
    options = [word for person in people for word in ("--participants", person)]
    rows = rows_of(hmix("load", "infer_mixing_factor", "--format", "csv", *options).stdout)
    assert {row["participant_id"] for row in rows} == set(people)


def test_every_filter_has_its_option():
    help_text = hmix("load", "--help").stdout
    assert all("--" + name.replace("_", "-") in help_text for name in FILTERS)


def test_columns_are_chosen_in_order():
    rows = rows_of(
        hmix("load", "construct_midpoint", "--columns", "selected_coefficient,task", "--format", "csv").stdout
    )
    assert list(rows[0]) == ["selected_coefficient", "task"]


def test_a_table_says_how_much_more_there_is():
    text = hmix("load", "infer_mixing_factor").stdout
    assert text.startswith("1236 rows\n")
    assert "rows more" in text


def test_synthetic_rows_are_told_beside_the_output():
    ran = run("-m", "hmix_hub", "load", "infer_mixing_factor", "--format", "csv")
    assert "synthetic" in ran.stderr
    assert "synthetic" not in ran.stdout.splitlines()[0]


def test_the_released_layout_is_written_too():
    rows = rows_of(hmix("load", "construct_midpoint", "--schema-version", "1.0.0", "--format", "csv").stdout)
    assert "final_value" in rows[0]


def test_cite_prints_the_bibtex():
    assert hmix("cite").stdout.startswith("@inproceedings{collins2023")


def test_verify_prints_both_recomputations(release):
    text = hmix("verify", "--source", release).stdout
    assert "2070/2070" in text
    assert "216/216" in text


def test_verify_of_the_sample_in_json():
    found = json.loads(hmix("verify", "--json").stdout)
    assert found["is_good"]
    assert [part["equal"] == part["total"] > 0 for part in found["recomputations"]] == [True, True]


def test_verify_tells_the_wrong_file_and_exits_1(release, tmp_path):
    mirror = tmp_path / "mirror"
    shutil.copytree(release, mirror)
    with (mirror / "hmix_construct_midpoint.csv").open("ab") as stream:
        stream.write(b"\n")
    text = hmix("verify", "--source", mirror, status=DATA_ARE_WRONG).stdout
    assert "WRONG   hmix_construct_midpoint.csv is not the expected file" in text
    assert "225752 bytes" in text
    found = json.loads(hmix("verify", "--source", mirror, "--json", status=DATA_ARE_WRONG).stdout)
    assert [check["name"] for check in found["files"] if check["problem"]] == ["hmix_construct_midpoint.csv"]


def test_verify_tells_missing_files_from_wrong_ones(tmp_path):
    text = hmix("verify", "--source", tmp_path, status=DATA_ARE_WRONG).stdout
    assert text.count("MISSING") == 6
    assert "WRONG" not in text
    found = json.loads(hmix("verify", "--source", tmp_path, "--json", status=DATA_ARE_WRONG).stdout)
    assert all(check["is_missing"] for check in found["files"])


@pytest.mark.parametrize("task", RELEASED_FORMS)
def test_plot_writes_a_picture(task, tmp_path):
    picture = tmp_path / "picture.png"
    hmix("plot", task, "-o", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["mixed_0.1_Bird_113_Ship_35", "Bird_113_Ship_35"])
def test_show_draws_a_stimulus(name, tmp_path):
    picture = tmp_path / "picture.png"
    told = hmix("show", name, "-o", picture).stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"drew {name} into {picture}" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["load", "infer_mixing_facto"], "did you mean 'infer_mixing_factor'"),
        (["load", "infer_mixing_factor", "--participants", "nobody"], "not found"),
        (["load", "infer_mixing_factor", "--mixing-coefficient", "0.75:0.25"], "reversed"),
        (["load", "infer_mixing_factor", "--mixing-coefficient", "1.5"], "0 to 1"),
        (["load", "infer_mixing_factor", "--mixing-coefficient", "nan"], "not a number"),
        (["load", "infer_mixing_factor", "--mixing-coefficient", "half"], "0.25:0.75"),
        (["load", "infer_mixing_factor", "--labels", "hors"], "did you mean 'horse'"),
        (["load", "infer_mixing_factor", "--class-pair", "dog"], "dog,frog"),
        (["load", "infer_mixing_factor", "--exclude-flags", "untouched"], "untouched_sliders"),
        (["load", "construct_midpoint", "--mixing-coefficient", "0.5"], "selected_coefficient"),
        (["load", "infer_mixing_factor", "--columns", "confidenc"], "did you mean 'confidence'"),
        (["load", "infer_mixing_factor", "--format", "parquet"], "-o"),
        (["load", "infer_mixing_factor", "-o", "rows.json"], ".jsonl"),
        (["load", "infer_mixing_factor", "-o", "rows"], "--format"),
        (["load", "infer_mixing_factor", "-o", "rows.csv.gz"], ".csv"),
        (["load", "infer_mixing_factor", "--format", "table", "-o", "rows.txt"], "for the screen"),
        (["load", "infer_mixing_factor", "--schema-version", "3.0.0"], "newer"),
        (["load", "infer_mixing_factor", "-o", "/nowhere/at/all.csv"], "all.csv"),
        (["info", "nothing"], "configurations are"),
        (["cite", "h-mux"], "did you mean 'h-mix'"),
        (["plot", "infer_mixing_factor", "-o", "picture.bmp9"], "picture.bmp9"),
        (["plot", "infer_mixing_factor"], "--output"),
        (["show", "sample/infer_mixing_factor/nobody/1", "-o", "out.png"], "there is no judgment"),
        (["show", "mixed_0.1_Bird_113_Ship_35", "-o", "/nowhere/at/all.png"], "all.png"),
        (["show", "mixed_0.1_Bird_113_Ship_35"], "--output"),
        (["lode"], "lode"),
    ],
)
def test_a_wrong_call_exits_2_and_says_what_to_do(arguments, told):
    result = CliRunner().invoke(main, arguments)
    assert told in result.output
    assert "Traceback" not in result.output
    assert result.exit_code == CALL_IS_WRONG


@pytest.mark.parametrize("source", ["/no/such/folder", "smaple", "~nobody-of-that-name/h_mix"])
def test_a_source_that_is_none_exits_2(source):
    result = hmix("load", "infer_mixing_factor", "--source", source, status=CALL_IS_WRONG)
    assert "sample" in result.stderr


def test_a_source_without_its_files_exits_1(tmp_path):
    result = hmix("load", "construct_midpoint", "--source", tmp_path, "--format", "csv", status=DATA_ARE_WRONG)
    assert "hmix_construct_midpoint.csv" in result.stderr


def test_an_empty_result_is_allowed_with_a_warning():
    arguments = ["load", "infer_mixing_factor", "--mixing-coefficient", "0.5", "--response-time-ms", "0:1"]
    ran = run("-m", "hmix_hub", *arguments)
    assert ran.returncode == GOOD
    assert "response_time_ms" in ran.stderr
    assert ran.stdout == "0 rows\n"


def run(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


def test_help_imports_neither_datasets_torch_nor_pandas():
    code = (
        "import sys; from hmix_hub.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'datasets', 'torch', 'pandas', 'pyarrow', 'matplotlib', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    ran = run("-c", code)
    assert ran.returncode == 0, ran.stderr
    assert all(verb in ran.stdout for verb in VERBS)


def test_a_pipe_that_closes_early_is_no_traceback():
    command = f"{sys.executable} -m hmix_hub load infer_mixing_factor --format jsonl | head -1"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout)["task"] == "infer_mixing_factor"
    assert "Traceback" not in ran.stderr
