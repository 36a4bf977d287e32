"""The benchmark compares like with like."""

import re
import sys
from dataclasses import replace
from functools import cache

import pytest

from hmix_hub.sources.sample.drawing import pictures

# To draw ten thousand takes seconds.
drawn_once = cache(pictures)


@pytest.fixture(autouse=True)
def scripts(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))


def arguments(*words):
    from benchmark import options

    return options().parse_args([*words, "--rounds", "1"])


@pytest.fixture
def workload(tmp_path):
    from benchmarks.workload import Workload

    return Workload(3000, tmp_path)


@pytest.fixture
def training(workload, monkeypatch):
    from benchmarks import batches

    monkeypatch.setattr(batches, "pictures", drawn_once)
    return batches.Training(replace(workload, rows=600), 64)


def test_both_ways_of_every_case_give_the_same(workload):
    from benchmarks.tables import comparisons

    for comparison in comparisons(workload):
        comparison.check(*(job() for job in comparison.jobs))


def test_different_results_are_noticed(workload):
    from benchmarks.tables import comparisons

    one, other = comparisons(workload)[:2]
    with pytest.raises(SystemExit, match="something else"):
        one.check(one.jobs[0](), other.jobs[1]())


def test_streams_and_picked_rows_are_printed_and_give_the_same(capsys, monkeypatch):
    from benchmarks import measures
    from benchmarks.rows import print_rows

    # Both ways have just been compared: to run them once more, for their time, would tell nothing here.
    monkeypatch.setattr(measures, "medians", lambda *_: [1.0, 2.0])
    print_rows(400, 1)
    printed = capsys.readouterr().out
    assert printed.count("| stream") == 4
    assert printed.count("| 400 |") == 4
    assert printed.count("| 2.00 |") == 8


def test_picked_rows_that_differ_are_noticed(workload):
    from benchmarks.rows import Picked, same_rows

    picked = Picked(workload)
    ours, theirs = next(one.jobs for one in picked.comparisons() if "tensors" in one.name)
    assert picked.is_same(ours(), theirs())
    assert not picked.is_same(theirs(), theirs())
    assert not same_rows([{"a": 1}], [{"a": 2}])


def test_the_whole_part_on_tables_is_printed(capsys, monkeypatch):
    from benchmark import main
    from benchmarks import tables

    # Each would be a process of its own.
    monkeypatch.setattr(tables, "apart", lambda *_: 1024)
    monkeypatch.setattr(tables, "_print_import_time", lambda _: None)
    # Printed above.
    monkeypatch.setattr(tables, "print_rows", lambda *_: None)
    main(arguments("--parts", "tables", "--rows", "300"))
    printed = capsys.readouterr().out
    assert printed.count("| 300 |") == 5
    assert "300 rows, default columns to tensors: the first call encodes the ids" in printed
    assert "reading all four judgment files" in printed


def test_all_ways_to_batches_give_the_same_pictures_and_labels(training):
    from benchmarks import batches

    batches.check_same(training)


@pytest.mark.parametrize("spoilt", ["labels", "table"])
def test_other_batches_are_noticed(spoilt, training):
    from benchmarks import batches

    getattr(training.by_hand, spoilt)[:] = 0
    with pytest.raises(SystemExit, match="by hand gave something else"):
        batches.check_same(training)


def test_a_way_is_timed_over_as_many_epochs_as_it_takes(training):
    from benchmarks import batches

    given = []

    def epoch():
        given.append(None)
        return training.by_hand.shuffled()

    assert batches.seconds_per_picture(epoch, 1500) > 0
    assert len(given) == 3
    assert batches.Copy(100).seconds_per_picture(1000) > 0


def test_the_whole_part_on_training_is_printed(training, capsys, monkeypatch):
    from benchmarks import training as part

    for name in ("STREAM", "TIMED", "READ", "LOADED"):
        monkeypatch.setattr(part, name, 300)
    monkeypatch.setattr(part, "BATCH_SIZES", (64, 128))
    monkeypatch.setattr(part, "BATCH_SIZE", 64)
    # Two processes would import torch: one is measured below.
    monkeypatch.setattr(part, "apart", lambda *_: 1024)
    part.print_part(arguments("--rows", "600"))
    printed = capsys.readouterr().out
    # Four ways at each size; two that read from files, and a loader with and without workers, at one.
    assert printed.count("| 600 |") == 12
    assert "predicted: 3,072 bytes read and 12,288 written a picture" in printed
    assert "at 600 judgments: 1 MiB with keep_in_memory=True, 1 MiB with keep_in_memory=False" in printed


def test_memory_of_batches_is_measured_in_a_process_of_its_own(training, tmp_path):
    from benchmarks.measures import apart
    from benchmarks.training import memory_of_own

    training.batches()
    assert 0 < apart(memory_of_own, 600, str(tmp_path), False) < 2**20


@pytest.fixture
def contribute():
    from benchmarks import contributing

    return contributing


@pytest.fixture
def study(contribute, tmp_path):
    from benchmarks.studies import DrawnStudy

    return DrawnStudy(2500, tmp_path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_nothing_is_found_in_a_drawn_study(ending, contribute, study):
    from benchmarks.studies import judgment_file

    assert not contribute.check_same(judgment_file(study.write(ending), ending), is_faulty=False)


@pytest.fixture
def faulty(contribute, study):
    from benchmarks.by_hand import plant_faults
    from benchmarks.studies import judgment_file

    return judgment_file(study.write("csv", plant_faults))


def test_planted_faults_break_14_rules_and_both_ways_find_the_same(contribute, faulty):
    assert len(contribute.check_same(faulty, is_faulty=True)) == 14


def test_a_validation_that_finds_something_else_is_noticed(contribute, faulty, monkeypatch):
    monkeypatch.setattr(contribute, "WAYS", (contribute.WAYS[0], lambda _: {"HMX540": 1}))
    with pytest.raises(SystemExit, match=r"pandas found .*HMX540"):
        contribute.check_same(faulty, is_faulty=True)


def test_memory_of_a_validation_is_measured_in_a_process_of_its_own(contribute, study):
    from benchmarks.studies import judgment_file

    file = judgment_file(study.write())
    assert 0 < contribute.peak_memory(0, file, file) < 2**20


def test_the_whole_part_on_contributing_is_printed(contribute, capsys, monkeypatch):
    monkeypatch.setattr(contribute, "peak_memory", lambda *_: 2**20)
    monkeypatch.setattr(contribute, "GENERATED_ROWS", 2500)
    # To draw figures takes seconds, and so do processes.
    monkeypatch.setattr(contribute, "DESCRIBED", contribute.DESCRIBED[:-1])
    monkeypatch.setattr(contribute, "_validate_by_command", lambda _: None)
    contribute.print_part(arguments("--rows", "2500"))
    printed = capsys.readouterr().out
    assert printed.count("| 2,480 |") == 7
    assert printed.count("1,024 MiB") == 10
    assert printed.count("* limit") == 2


def test_imports_of_three_forms_are_the_judgments_that_were_exported(contribute, capsys):
    from benchmarks import importing

    importing.print_import(310, 1)
    printed = capsys.readouterr().out
    assert [line.split(" | ")[:2] for line in printed.splitlines()[3:]] == [
        ["| a row an answer", "310"],
        ["| a row a participant, with an item table", "310"],
        ["| 5 files, one a participant", "310"],
    ]


def test_an_import_of_other_judgments_is_noticed(contribute, tmp_path):
    from benchmarks import importing

    laboratory = importing.Laboratory(124, tmp_path)
    files, map_file = laboratory.long()
    files[0].write_text(files[0].read_text("utf-8").replace("_25.png", "_75.png", 1), "utf-8")
    with pytest.raises(SystemExit, match="mixing_coefficient is not what was exported"):
        importing.check_same(laboratory, laboratory.bring_in(files, map_file))


@pytest.fixture
def collect(monkeypatch):
    from benchmarks import collecting

    monkeypatch.setattr(collecting, "RUNS", (collecting.Run(8, 0.25, 1000.0),))
    monkeypatch.setattr(collecting, "SECONDS", 1.0)
    monkeypatch.setattr(collecting, "ARRIVING", 0.5)
    monkeypatch.setattr(collecting, "JOINING", 40)
    monkeypatch.setattr(collecting, "KILLS", 1)
    monkeypatch.setattr(collecting, "KILLED_AFTER", 0.3)
    monkeypatch.setattr(collecting, "_PROBE_PEOPLE", 20)
    return collecting


def test_the_whole_part_on_collecting_is_printed(collect, capsys):
    collect.print_part(arguments())
    printed = capsys.readouterr().out
    assert re.search(r"^\| 8 \| \d+ \| \d+\.\d ms \|", printed, re.M)
    assert "40 who join at once, 40 places: 40 began, 0 were told that it is full; batches of 2 to 2" in printed
    assert re.search(r"1 times kill -9 under load: [\d,]+ answers acknowledged, none missing", printed)


def test_an_answer_that_is_missing_is_found(collect, tmp_path):
    folder = collect._begin(tmp_path, people=1)
    with collect._served(folder, 0):
        pass
    with pytest.raises(RuntimeError, match="1 acknowledged answers are missing"):
        collect._check_stored(folder, {"acknowledged": [("A" * 43, 2)]})


@pytest.fixture
def mixup(monkeypatch):
    from benchmarks import mixup

    monkeypatch.setattr(mixup, "BATCH_SIZES", (16, 32))
    monkeypatch.setattr(mixup, "TIMED", 32)
    return mixup


def test_the_whole_part_on_mixup_is_printed(mixup, capsys):
    mixup.print_part(arguments())
    printed = capsys.readouterr().out
    assert printed.count("| 16 |") == printed.count("| 32 |") == len(mixup.CASES)
    assert re.search(
        r"^\| 16 \| one for each sample \| \d+\.\d ms \| \d+\.\d ms \| \d+\.\d\d \| 1\.2 \|$", printed, re.M
    )


def test_mixtures_that_differ_are_noticed(mixup, monkeypatch):
    monkeypatch.setattr(mixup.ByHand, "mix", staticmethod(lambda images, labels, coefficient: (images, labels)))
    with pytest.raises(SystemExit, match="gave something else"):
        mixup.check_same(*mixup.batch_of(8))


@pytest.mark.parametrize("task", ["infer_mixing_factor", "class_choice"])
def test_a_drawn_raw_file_is_imported_validated_and_built(tmp_path, task):
    from benchmarks import building

    made = building.made_study(task, 200, tmp_path)
    found = building.run(made)
    assert found.keys() == {"import", "validate", "build", "rows"}
    assert found["rows"] == 186
    assert (made / "built" / f"{task}_by_stimulus").is_dir()
    # Of so few rows the memory is within the noise of the process, on either side of 0.
    assert isinstance(building.build_again(made), int)


def test_what_a_job_takes_is_measured(tmp_path):
    from benchmarks.scale import measure

    writes = (
        "import os, sys, time; open(os.environ['TMPDIR'] + '/a', 'wb').write(bytes(10**6)); x = bytearray(b'1' * 10**8)"
    )
    cost = measure([sys.executable, "-c", f"{writes}; time.sleep(1)"], tmp_path / "spill")
    assert cost.memory > 10**8
    assert cost.spilled == 10**6
    assert cost.seconds > 1
    assert not (tmp_path / "spill").exists()
    with pytest.raises(SystemExit, match="status 3"):
        measure([sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "spill")


def test_every_filter_of_the_explorer_is_timed(chromium, tmp_path, monkeypatch):
    from benchmarks import explorer

    monkeypatch.setenv("HMIX_SOURCE", "sample")
    title, opened = explorer._first_paints(chromium, tmp_path / "small", 1)
    assert (title, len(opened)) == ("the sample study", 1)
    explorer._write_large(tmp_path / "large", 3000)
    stimuli, whole = explorer._filter_times(chromium, tmp_path / "large", 1)
    assert len(stimuli) == len(explorer._FILTERS)
    assert all(one < both for one, both in zip(stimuli, whole, strict=True))


def test_pictures_that_are_not_there_are_not_timed(tmp_path, monkeypatch):
    from benchmarks import explorer

    from hmix_hub.explorer import writing
    from hmix_hub.explorer.metadata import script_of

    def write(_, folder, **__):
        (folder / "data").mkdir(parents=True)
        (folder / writing.METADATA).write_bytes(script_of("explorer", {"pictures": {"count": 0}}))

    monkeypatch.setattr(writing, "write_explorer", write)
    with pytest.raises(SystemExit, match="there are no pictures to wait for"):
        explorer._first_paints(None, tmp_path, 0)
