"""Tables on the screen: the columns that a reader needs, no wider than the terminal, with ids that can be pasted."""

import pytest
from click.testing import CliRunner

import hmix_hub
from hmix_hub.cli.data import readable_columns
from hmix_hub.cli.main import main
from hmix_hub.cli.screen_table import empty_columns, table_text
from hmix_hub.tasks import RELEASED_CONFIGURATIONS


@pytest.fixture(autouse=True)
def sample(monkeypatch):
    monkeypatch.setenv("HMIX_SOURCE", "sample")


def printed(*arguments):
    result = CliRunner().invoke(main, ["load", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def core_of(config, load_sample):
    return load_sample(config).select_columns(RELEASED_CONFIGURATIONS[config].core)


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_the_core_columns_are_columns_of_their_configuration_the_stimulus_first(config):
    configuration = RELEASED_CONFIGURATIONS[config]
    assert set(configuration.core) <= {column.name for column in configuration.columns()}
    assert configuration.core[0] in {"stimulus_id", "pair_id"}


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_a_table_fits_the_width_and_names_what_it_leaves_out(config, width, load_sample):
    core = core_of(config, load_sample)
    lines = table_text(core, 20, width).splitlines()
    rows = lines[1 : next(number for number, line in enumerate(lines) if line.startswith("…"))]
    assert max(map(len, rows)) <= width
    hidden = lines[-1].split(":")[1].split(";")[0].split(",") if lines[-1].startswith("hidden") else []
    assert core.column_names[len(core.column_names) - len(hidden) :] == [name.strip() for name in hidden]


def test_ids_are_whole_however_narrow_the_terminal(load_sample):
    dataset = load_sample().select_columns(["judgment_id", "confidence"])
    assert dataset[0]["judgment_id"] in table_text(dataset, 1, 20)
    assert "hidden to fit the terminal: confidence;" in table_text(dataset, 1, 20)


def test_names_are_broken_where_their_values_are_narrow(load_sample):
    dataset = load_sample().select([0]).select_columns(["mixing_coefficient", "participant_id"])
    row = dataset[0]
    assert table_text(dataset, 1).splitlines() == [
        "1 rows",
        "    mixing_",
        "coefficient  participant_id",
        f"{row['mixing_coefficient']:>11g}  {row['participant_id']}",
    ]


def test_columns_without_values_are_left_out_of_a_table(load_sample):
    frame = hmix_hub.to_pandas(load_sample().select(range(30)))
    frame["flags"] = [[] for _ in range(30)]
    frame["confidence"] = None
    dataset = hmix_hub.from_pandas(frame)
    assert {"flags", "confidence", "image_1_side", "inferred_path"} <= empty_columns(dataset)
    assert not {"inferred_coefficient", "is_repeat", "condition"} & empty_columns(dataset)
    shown = readable_columns(dataset, "infer_mixing_factor").column_names
    core = RELEASED_CONFIGURATIONS["infer_mixing_factor"].core
    assert shown == [name for name in core if name not in {"flags", "confidence"}]


def test_core_can_be_named_among_columns_and_written():
    header = printed("infer_mixing_factor", "--columns", "core,task,confidence", "--format", "csv").splitlines()[0]
    assert header.split(",") == [*RELEASED_CONFIGURATIONS["infer_mixing_factor"].core, "task"]


def test_the_released_layout_is_shown_whole():
    assert "class_" in printed("infer_mixing_factor", "--schema-version", "1.0.0")


def test_columns_that_are_named_are_shown_even_without_values():
    assert "image_1_side" in printed("infer_mixing_factor", "--columns", "confidence,image_1_side")
