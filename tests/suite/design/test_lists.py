"""Lists of pairs: read with care, put in order, refused with the line."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suite.study.files import pair_study, write_study

from hmix_hub.errors import StudyFileError
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.design.pair_file import SIZE_LIMIT, read_pair_file, unused_rows
from hmix_hub.suite.study.reading import Findings, read_study_file
from hmix_hub.tasks import CONSTRUCT, INFER

# Pictures of the sample: 0 and 17 are airplanes, 3 and 10 automobiles, 6 and 13 birds, 9 a cat, 2 a deer, 5 a dog.
_TWO = "image_1_index,image_2_index"


def _drawn(folder: Path, columns: str, rows: list[str], *, task: str = CONSTRUCT, keys: str) -> FrozenStudy:
    study, pairs = pair_study(columns, rows, task=task, keys=keys)
    write_study(folder, study)
    (folder / "pairs.csv").write_text(pairs)
    return draw_design(folder, read_study_file(folder))[0]


def _told(folder: Path, columns: str, rows: list[str], *, task: str = CONSTRUCT, keys: str = "batch_size: 2") -> str:
    with pytest.raises(StudyFileError) as told:
        _drawn(folder, columns, rows, task=task, keys=keys)
    return str(told.value)


def test_a_list_is_dealt_to_batches(tmp_path: Path) -> None:
    frozen = _drawn(tmp_path, _TWO, ["0,3", "17,10", "", "6,9", "13,2"], keys="batch_size: 2")

    pairs = [{(one.image_1_index, one.image_2_index) for one in batch.stimuli} for batch in frozen.batches]
    assert set.union(*pairs) == {(0, 3), (17, 10), (6, 9), (13, 2)}
    # Two pairs of one class pair do not stand in one batch.
    assert [len(batch & {(0, 3), (17, 10)}) for batch in pairs] == [1, 1]


@pytest.mark.parametrize(
    ("columns", "rows", "task"),
    [
        (_TWO, ["0,3", "6,9", "13,2"], CONSTRUCT),
        (f"{_TWO},mixing_coefficient", ["0,3,0.1", "13,2,0.9", "6,9,0.5"], INFER),
    ],
)
def test_rows_that_a_design_does_not_show_are_counted(tmp_path: Path, columns: str, rows: list[str], task: str) -> None:
    some = _drawn(tmp_path / "some", columns, rows, task=task, keys="batch_size: 2")
    every = _drawn(tmp_path / "every", columns, rows, task=task, keys="batch_size: 3")

    [said] = unused_rows(tmp_path / "some", some)
    assert f"tasks.{task}.pairs.file: only 2 of the 3 rows of pairs.csv are shown" in said
    assert unused_rows(tmp_path / "every", every) == []


def test_a_pair_is_turned_so_that_the_first_class_of_the_alphabet_comes_first(tmp_path: Path) -> None:
    columns = f"{_TWO},mixing_coefficient"

    [batch] = _drawn(tmp_path, columns, ["3,0,0.9", "6,9,0.9"], task=INFER, keys="batch_size: 2").batches

    first, second = batch.stimuli
    assert (first.image_1_index, first.image_2_index, first.mixing_coefficient) == (0, 3, 0.1)
    assert (second.image_1_index, second.image_2_index, second.mixing_coefficient) == (6, 9, 0.9)


def test_coefficients_of_a_list_are_of_four_decimals(tmp_path: Path) -> None:
    columns = f"{_TWO},mixing_coefficient"

    [batch] = _drawn(tmp_path, columns, [f"0,3,{0.1 + 0.2!r}", "6,9,0.3333"], task=INFER, keys="batch_size: 2").batches

    assert [one.mixing_coefficient for one in batch.stimuli] == [0.3, 0.3333]
    said = _told(tmp_path, columns, ["0,3,0.5", "6,9,0.33333"], task=INFER)
    assert "pairs.csv, line 3: mixing_coefficient: '0.33333' has more than 4 decimals" in said
    assert "is already listed, in line 2" in _told(tmp_path, columns, ["0,3,0.5", "0,3,0.50000000001"], task=INFER)


def test_listed_batches_are_kept_in_their_order(tmp_path: Path) -> None:
    columns = f"{_TWO},mixing_coefficient,batch"
    rows = ["0,3,0.5,1", "6,9,0.5,0", "0,3,0.25,1", "0,3,0.5,0"]

    frozen = _drawn(tmp_path, columns, rows, task=INFER, keys="batch_size: 2")

    listed = [[(one.image_1_index, one.mixing_coefficient) for one in batch.stimuli] for batch in frozen.batches]
    assert listed == [[(6, 0.5), (0, 0.5)], [(0, 0.5), (0, 0.25)]]


def test_labels_that_agree_are_taken_whatever_their_case(tmp_path: Path) -> None:
    columns = f"{_TWO},image_1_label,image_2_label"

    assert len(_drawn(tmp_path, columns, ["0,3,Airplane,AUTOMOBILE"], keys="batch_size: 1").batches) == 1


@pytest.mark.parametrize(
    ("columns", "rows", "line", "said"),
    [
        (_TWO, ["0,3", "0,0"], 3, "picture 0 with itself"),
        (_TWO, ["0,17"], 2, "are of the class airplane"),
        (_TWO, ["0,3", "0,200"], 3, "there is no picture 200"),
        (_TWO, ["0,3", "0,3"], 3, "this pair is already listed, in line 2"),
        (_TWO, ["0,3", "", "3,0"], 4, "this pair is already listed, in line 2"),
        (_TWO, ["0,3", "-1,3"], 3, "'-1' is not a whole number"),
        (_TWO, ["0,3", "0,3.0"], 3, "'3.0' is not a whole number"),
        (_TWO, ["0,3", "0"], 3, "1 cells under 2 columns"),
        (_TWO, ["0,3,6"], 2, "3 cells under 2 columns"),
        (_TWO, ['0,"3'], 2, "not a CSV file"),
        (_TWO, [], 0, "the list is empty"),
        ("image_1_index", ["0"], 1, "the column image_2_index is missing"),
        (f"{_TWO},bach", ["0,3,0"], 1, "did you mean 'batch'?"),
        (f"{_TWO},batch,batch", ["0,3,0,0"], 1, "the column batch occurs twice"),
        (f"{_TWO},image_1_label", ["0,3,airplane"], 1, "the column image_2_label is missing"),
        (f"{_TWO},image_1_label,image_2_label", ["0,3,airplane,ship"], 2, "picture 3 is of the class automobile"),
        (f"{_TWO},mixing_coefficient", ["0,3,0.5"], 1, "shows all eleven"),
        (f"{_TWO},batch", ["0,3,0", "6,9,0", "3,0,0"], 4, "is already listed in batch 0, in line 2"),
        (f"{_TWO},batch", ["0,3,0", "6,9,2"], 3, "there is no batch 1"),
        (f"{_TWO},batch", ["0,3,0", "6,9,"], 3, "'' is not a whole number"),
        (f"{_TWO},batch", ["0,3,0", "6,9,0", "17,10,0"], 2, "batch 0 has 3 stimuli"),
    ],
)
def test_a_list_that_is_not_right_is_refused_with_its_line(
    columns: str, rows: list[str], line: int, said: str, tmp_path: Path
) -> None:
    told = _told(tmp_path, columns, rows)

    place = f"pairs.csv, line {line}: " if line else "pairs.csv: "
    assert any(one.strip().startswith(place) and said in one for one in told.split("\n")), told


@pytest.mark.parametrize(
    "fault",
    [
        (f"{_TWO},mixing_coefficient", ["0,3,0.5", "6,9,0.5"], "coefficients: [0.5]", "coefficients", "remove one"),
        (_TWO, ["0,3", "6,9"], "", "infer_mixing_factor", "one mixture of a pair; give it"),
        (
            f"{_TWO},batch",
            ["0,3,0", "6,9,0"],
            "coefficients: [0.5]",
            "file",
            "also requires a column mixing_coefficient",
        ),
        (_TWO, ["0,3"], "coefficients: [0.5]", "batch_size", "there are only 1"),
        (_TWO, ["0,3", "6,9"], "coefficients: [0.5]\nbatches: 2", "batches", "2 batches of 2 stimuli"),
        (f"{_TWO},mixing_coefficient", ["0,3,0.5", "0,3,0.25"], "", "file", "the 2 mixtures of the pictures 0 and 3"),
        (f"{_TWO},mixing_coefficient,batch", ["0,3,0.5,0"], "", "batch_size", "the largest has 1"),
        (f"{_TWO},mixing_coefficient,batch", ["0,3,0.5,0", "6,9,0.5,0"], "batches: 3", "batches", "has 1 batches"),
        (
            f"{_TWO},mixing_coefficient,batch",
            ["0,3,0.5,0", "6,9,0.5,0", "6,9,0.1,1"],
            "repeats: [2]",
            "repeats",
            "batch 1 has no place 2",
        ),
    ],
)
def test_a_list_that_its_task_has_no_use_for_is_refused_at_the_key(
    fault: tuple[str, list[str], str, str, str], tmp_path: Path
) -> None:
    columns, rows, keys, key, said = fault
    told = _told(tmp_path, columns, list(rows), task=INFER, keys=f"batch_size: 2\n{keys}")

    lines = (tmp_path / "collection.yaml").read_text().split("\n")
    line = next(number for number, content in enumerate(lines, start=1) if content.strip().startswith(key))
    assert any(one.strip().startswith(f"collection.yaml, line {line}: ") and said in one for one in told.split("\n")), (
        told
    )


def test_every_row_that_is_wrong_is_told(tmp_path: Path) -> None:
    told = _told(tmp_path, _TWO, ["0,0", "x,3", "0,3", "0,17"])

    assert [int(one.split("line ")[1].split(":")[0]) for one in told.split("\n")[1:]] == [2, 3, 5]


def test_a_list_that_is_missing_or_leads_elsewhere_is_told(tmp_path: Path) -> None:
    study, pairs = pair_study(_TWO, ["0,3"], keys="batch_size: 1")
    (tmp_path / "outside.csv").write_text(pairs)
    folder = write_study(tmp_path / "study", study)

    with pytest.raises(StudyFileError, match="the list of pairs is missing"):
        draw_design(folder, read_study_file(folder))
    (folder / "pairs.csv").symlink_to(tmp_path / "outside.csv")
    with pytest.raises(StudyFileError, match="leads out of the folder"):
        draw_design(folder, read_study_file(folder))


def test_a_list_beyond_measure_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "pairs.csv").open("wb") as file:
        file.truncate(SIZE_LIMIT + 1)

    with pytest.raises(StudyFileError, match="larger than"):
        read_pair_file(tmp_path, "pairs.csv", Findings())


@given(content=st.binary(max_size=200) | st.text(alphabet='0123456789,.-"\n\r e', max_size=80).map(str.encode))
def test_whatever_a_list_holds_is_read_or_refused(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("list")
    (folder / "pairs.csv").write_bytes(f"{_TWO}\n".encode() + content)
    findings = Findings()

    # Any other error than one of ours fails.
    with suppress(StudyFileError):
        assert read_pair_file(folder, "pairs.csv", findings) or findings.found
