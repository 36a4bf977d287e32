"""Several raw files into one task: a map for each form, judgments added to those that are there, none of them twice."""

from __future__ import annotations

import csv

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from study_generator.raw_exports import imported, write_map, write_table

from hmix_hub.cli.main import main
from hmix_hub.contribute.importer import import_raw
from hmix_hub.errors import ConfigurationError, SchemaError
from hmix_hub.files import try_lock
from hmix_hub.tasks import INFER

PILOT, MAIN = ["who", "n", "slider"], ["subject", "trial", "answer"]


def write_maps(folder, **columns):
    """Write a map for the pilot's export and one for the main study's, whose columns have other names."""
    pilot = {"inferred_coefficient": "{column: slider, divide: 100}"} | columns
    main = {"participant_id": "subject", "trial_index": "trial", "inferred_coefficient": "answer"} | columns
    return [
        write_map(folder, **chosen).rename(folder / name)
        for name, chosen in (("pilot.yaml", pilot), ("main.yaml", main))
    ]


@pytest.fixture
def labs(tmp_path):
    """A folder with two exports of one task that have other columns, and a map for each."""
    write_table(tmp_path / "pilot.csv", PILOT, ("p1", 0, 40), ("p1", 1, 70))
    write_table(tmp_path / "main.csv", MAIN, ("p2", 0, 0.4), ("p2", 1, 0.7))
    write_maps(tmp_path)
    return tmp_path


def judgments(folder):
    with (folder / "study" / "judgments" / f"{INFER}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def of(rows, *names):
    return [tuple(row[name] for name in names) for row in rows]


def run(folder, *words):
    return CliRunner().invoke(main, ["contribute", "import", *words], catch_exceptions=True)


class TestAMapForEachForm:
    WANTED = (
        ("p1", "0", "0.4", "raw-1.csv"),
        ("p1", "1", "0.7", "raw-1.csv"),
        ("p2", "0", "0.4", "raw-2.csv"),
        ("p2", "1", "0.7", "raw-2.csv"),
    )
    COLUMNS = ("participant_id", "trial_index", "inferred_coefficient", "source_file")

    def test_files_are_named_by_their_maps(self, labs):
        files = {labs / f"{name}.yaml": [labs / f"{name}.csv"] for name in ("pilot", "main")}
        done = import_raw(files, labs / "study")
        assert done.files == {f"judgments/{INFER}.csv": 4}
        assert of(judgments(labs), *self.COLUMNS) == list(self.WANTED)

    @pytest.mark.parametrize("joined", [False, True])
    def test_on_the_command_line_each_map_stands_before_its_files(self, labs, joined):
        def of_map(name):
            return [f"--map={labs}/{name}.yaml"] if joined else ["--map", f"{labs}/{name}.yaml"]

        words = [*of_map("pilot"), f"{labs}/pilot.csv", "--to", f"{labs}/study", *of_map("main"), f"{labs}/main.csv"]
        result = run(labs, *words)
        assert result.exit_code == 0, result.output
        assert f"wrote 4 judgments to {labs}/study/judgments/{INFER}.csv" in result.output
        assert of(judgments(labs), *self.COLUMNS) == list(self.WANTED)

    @pytest.mark.parametrize(
        "words", [["{0}/pilot.csv", "--map", "{0}/pilot.yaml"], ["--map", "{0}/pilot.yaml", "{0}/pilot.csv"]]
    )
    def test_one_map_is_that_of_all_files_wherever_it_stands(self, labs, words):
        result = run(labs, *(word.format(labs) for word in words), "--to", f"{labs}/study")
        assert "wrote 2 judgments" in result.output

    @pytest.mark.parametrize(
        "words",
        [
            ["{0}/pilot.csv", "--map", "{0}/pilot.yaml", "{0}/main.csv", "--map", "{0}/main.yaml"],
            ["{0}/pilot.csv", "--map", "{0}/pilot.yaml", "--map", "{0}/main.yaml", "{0}/main.csv"],
            ["--map", "{0}/pilot.yaml", "--map", "{0}/main.yaml", "{0}/main.csv"],
        ],
    )
    def test_a_file_of_which_it_is_not_said_which_map_is_its_own_is_refused(self, labs, words):
        result = run(labs, *(word.format(labs) for word in words), "--to", f"{labs}/study")
        assert result.exit_code == 2
        assert "put each before its files: --map a.yaml a.csv --map b.yaml b.csv" in result.output

    def test_rows_are_numbered_over_all_files(self, labs):
        write_maps(labs, trial_index="{number: [participant_id]}")
        write_table(labs / "main.csv", MAIN, ("p1", 0, 0.4), ("p2", 1, 0.7))
        files = {labs / f"{name}.yaml": [labs / f"{name}.csv"] for name in ("pilot", "main")}
        import_raw(files, labs / "study")
        assert of(judgments(labs), "participant_id", "trial_index") == [
            ("p1", "0"),
            ("p1", "1"),
            ("p1", "2"),
            ("p2", "0"),
        ]

    def test_maps_that_number_otherwise_are_refused(self, labs):
        write_map(labs, trial_index="{number: [who]}", inferred_coefficient="slider").rename(labs / "pilot.yaml")
        write_map(labs, participant_id="subject", inferred_coefficient="answer",
                  trial_index="{number: [subject], order: [trial]}").rename(labs / "main.yaml")  # fmt: skip
        files = {labs / f"{name}.yaml": [labs / f"{name}.csv"] for name in ("pilot", "main")}
        with pytest.raises(
            SchemaError, match="the maps number trial_index by who, and by subject in the order of trial"
        ):
            import_raw(files, labs / "study")

    def test_one_file_may_hold_what_two_maps_take_from_it(self, labs):
        write_table(labs / "both.csv", ["who", "n", "m", "first", "second"], ("p1", 0, 1, 0.4, 0.6))
        for name, n in (("first", "n"), ("second", "m")):
            write_map(labs, trial_index=n, inferred_coefficient=name).rename(labs / f"{name}.yaml")
        import_raw({labs / f"{name}.yaml": [labs / "both.csv"] for name in ("first", "second")}, labs / "study")
        assert of(judgments(labs), *self.COLUMNS) == [("p1", "0", "0.4", "raw-1.csv"), ("p1", "1", "0.6", "raw-1.csv")]

    def test_no_file_at_all_is_refused(self, labs):
        with pytest.raises(ConfigurationError, match="no raw file is named"):
            import_raw({}, labs / "study")

    def test_a_map_that_is_given_twice_is_refused(self, labs):
        with pytest.raises(ConfigurationError, match="map_file is given"):
            import_raw({labs / "pilot.yaml": [labs / "pilot.csv"]}, labs / "study", map_file=labs / "main.yaml")


class TestAppending:
    def begin(self, labs):
        return import_raw([labs / "pilot.csv"], labs / "study", map_file=labs / "pilot.yaml")

    def add(self, labs, *files, names="main.yaml"):
        return import_raw([labs / file for file in files], labs / "study", map_file=labs / names, append=True)

    def test_judgments_are_added_behind_those_that_are_there(self, labs):
        self.begin(labs)
        done = self.add(labs, "main.csv")
        assert (done.files, done.added) == ({f"judgments/{INFER}.csv": 4}, {f"judgments/{INFER}.csv": 2})
        assert of(judgments(labs), *TestAMapForEachForm.COLUMNS) == list(TestAMapForEachForm.WANTED)

    def test_it_comes_to_the_same_as_an_import_of_all_files(self, labs):
        self.begin(labs)
        self.add(labs, "main.csv")
        added = judgments(labs)
        files = {labs / f"{name}.yaml": [labs / f"{name}.csv"] for name in ("pilot", "main")}
        import_raw(files, labs / "study", replace=True)
        assert judgments(labs) == added

    def test_the_command_says_what_was_added(self, labs):
        self.begin(labs)
        result = run(labs, f"{labs}/main.csv", "--map", f"{labs}/main.yaml", "--to", f"{labs}/study", "--append")
        assert f"added 2 judgments to {labs}/study/judgments/{INFER}.csv, which now has 4" in result.output
        assert "source_file names the raw file raw-2" in result.output

    def test_nothing_there_is_begun(self, labs):
        assert self.add(labs, "main.csv").is_new
        assert len(judgments(labs)) == 2

    def test_columns_that_one_of_them_lacks_are_empty(self, labs):
        self.begin(labs)
        write_maps(labs, x_lab="{constant: north}", confidence="{constant: '0.5'}")
        self.add(labs, "main.csv")
        assert of(judgments(labs), "x_lab", "confidence") == [("", "")] * 2 + [("north", "0.5")] * 2

    def test_two_at_once_lose_nothing(self, labs):
        self.begin(labs)
        with (labs / "study" / "study.yaml").open("rb") as held:
            assert try_lock(held.fileno())
            with pytest.raises(ConfigurationError, match="another import into this study is in progress"):
                self.add(labs, "main.csv")
        self.add(labs, "main.csv")
        assert len(judgments(labs)) == 4

    def test_answers_without_times_under_another_id_are_a_note(self, labs):
        self.begin(labs)
        path = labs / "study" / "judgments" / f"{INFER}.csv"
        path.write_text(path.read_text("utf-8").replace('"p1"', "p560d0d0899fe5f15b86702"), "utf-8")
        notes = self.add(labs, "pilot.csv", names="pilot.yaml").outcome.notes
        said = (
            f"pilot.csv: its 2 judgments are already in {INFER}.csv under other participant ids: was it imported before"
        )
        assert [note for note in notes if note.startswith(said)]

    @pytest.mark.parametrize("name", ["pilot.csv", "copy.csv"])
    def test_the_same_file_again_is_refused_by_its_content(self, labs, name):
        self.begin(labs)
        self.add(labs, "main.csv")
        (labs / "copy.csv").write_bytes((labs / "pilot.csv").read_bytes())
        before = judgments(labs)
        said = rf"{name}: its 2 judgments are already in {INFER}\.csv: the file was imported before"
        with pytest.raises(ConfigurationError, match=said):
            self.add(labs, name, names="pilot.yaml")
        assert judgments(labs) == before

    def test_numbers_are_compared_by_their_value(self, labs):
        self.begin(labs)
        path = labs / "study" / "judgments" / f"{INFER}.csv"
        path.write_text(path.read_text("utf-8").replace('"p1","1"', "p1,1.0").replace('"0.4"', "0.400"), "utf-8")
        assert "p1,1.0" in path.read_text("utf-8")
        with pytest.raises(ConfigurationError, match="imported before"):
            self.add(labs, "pilot.csv", names="pilot.yaml")

    def test_the_same_file_is_known_though_its_participants_have_pseudonyms_by_now(self, labs):
        write_table(labs / "pilot.csv", [*PILOT, "ms"], ("p1", 0, 40, 1234), ("p1", 1, 70, 2345))
        write_maps(labs, response_time_ms="ms")
        self.begin(labs)
        path = labs / "study" / "judgments" / f"{INFER}.csv"
        path.write_text(path.read_text("utf-8").replace('"p1"', "p560d0d0899fe5f15b86702"), "utf-8")
        with pytest.raises(ConfigurationError, match="under other participant ids: the file was imported before"):
            self.add(labs, "pilot.csv", names="pilot.yaml")

    def test_people_who_answer_alike_are_no_copies(self, labs):
        self.begin(labs)
        write_table(labs / "other.csv", PILOT, ("p3", 0, 40), ("p3", 1, 70))
        self.add(labs, "other.csv", names="pilot.yaml")
        assert [row["participant_id"] for row in judgments(labs)] == ["p1", "p1", "p3", "p3"]

    def test_a_trial_that_is_there_is_refused_with_its_row(self, labs):
        self.begin(labs)
        write_table(labs / "main.csv", MAIN, ("p3", 0, 0.5), ("p1", 1, 0.2), ("p1", 2, 0.3))
        said = (
            rf"main\.csv, row 1: 1 of 3 judgments have a participant and trial that are already in {INFER}\.csv, first "
            r"participant p1, trial 1(.|\n)*continue the trial numbers with `add:`"
        )
        with pytest.raises(ConfigurationError, match=said):
            self.add(labs, "main.csv")

    def test_replace_and_append_contradict_each_other(self, labs):
        with pytest.raises(ConfigurationError, match="be replaced or appended to"):
            import_raw([labs / "pilot.csv"], labs / "study", map_file=labs / "pilot.yaml", replace=True, append=True)

    def test_without_either_judgments_that_are_there_stay(self, labs):
        self.begin(labs)
        with pytest.raises(ConfigurationError, match="--append"):
            import_raw([labs / "main.csv"], labs / "study", map_file=labs / "main.yaml")

    def test_what_is_no_csv_is_left_alone(self, labs):
        self.begin(labs)
        path = labs / "study" / "judgments" / f"{INFER}.csv"
        path.rename(path.with_suffix(".jsonl")).write_text('{"participant_id": "p1"}\n', "utf-8")
        with pytest.raises(ConfigurationError, match=r"added to CSV files, but this one ends in \.jsonl"):
            self.add(labs, "main.csv")


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_order_of_files_changes_source_file_alone(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("files")
    number = st.integers(0, 100)
    files = [
        write_table(folder / f"{who}.csv", PILOT, *((f"p{who}", n, a) for n, a in enumerate(answers)))
        for who, answers in enumerate(
            data.draw(st.lists(st.lists(number, min_size=1, max_size=4), min_size=1, max_size=4))
        )
    ]
    names = write_map(
        folder, trial_index="{number: [who], order: [n]}", inferred_coefficient="{column: slider, divide: 100}"
    )
    _, rows = imported(folder, *files, map_file=names)
    _, turned = imported(folder, *data.draw(st.permutations(files)), map_file=names, replace=True)

    def content(found):
        return sorted(tuple(value for name, value in row.items() if name != "source_file") for row in found)

    assert content(turned) == content(rows)
