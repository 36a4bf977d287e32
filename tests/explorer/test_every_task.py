"""Tests of explorers of every task, of pictures of a study's own, and of several datasets together."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from explored import metadata_of, table_of
from PIL import Image
from registered_entry import NAME
from registered_fixtures import made_up
from study_generator.own_pictures import CLASSES, pixels, with_own_pictures

import hmix_hub
from hmix_hub.explorer import writing
from hmix_hub.explorer.metadata import script_of
from hmix_hub.explorer.writing import write_explorer
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.tasks import INFER, TASKS

__all__ = ["made_up"]

NOWHERE = "/nowhere"
"""Where CIFAR-10 is not, so that no network is asked for it."""


def page_of(folder, *datasets, **options):
    write_explorer(datasets, folder / "page", cifar10=NOWHERE, **options)
    return folder / "page"


def study(folder, task=INFER, change=None):
    files = example_study(task)
    if change is not None:
        change(files)
    return write_files(folder, files)


def described(page, task=INFER):
    return next(one for one in metadata_of(page)["tasks"] if one["name"] == task)


ANSWERS = {
    "construct_midpoint": ("selected", {"start_coefficient", "selected_coefficient"}),
    "select_shuffled_midpoint": ("selected", {"selected_coefficient"}),
    INFER: ("inferred", {"inferred_coefficient", "confidence"}),
    "categorical_soft_labels": (
        "soft label",
        {"top_class", "top_probability", "second_class", "second_probability", "impossible_classes", "soft_label"},
    ),
    "class_choice": ("class", {"chosen_class", "confidence"}),
    "scale_rating": ("rating", {"scale", "rating"}),
    "class_votes": ("votes", {"n_votes", "class_counts", "class_frequencies"}),
}
"""By task, the kind of its answers on the page, and their columns."""


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_its_answers(tmp_path, task):
    kind, answers = ANSWERS[task]
    folder = study(tmp_path / "study", task)
    page = page_of(tmp_path, folder)
    loaded = hmix_hub.load_dataset(folder, task, split="train")
    table, told = table_of(page, task), described(page, task)
    assert (told["kind"], told["n_judgments"]) == (kind, len(loaded))
    assert [column["name"] for column in told["columns"]] == table.column_names
    of_every_task = {"stimulus", "participant", "study_id", "collection_round", "trial_index", "presentation"}
    of_every_task |= {"is_repeat", "response_time_ms", "flags"}
    assert set(table.column_names) - of_every_task == answers
    for name in answers:
        found = table[name].to_pylist()
        nothing = float("nan") if table.schema.field(name).type == "double" else -1
        expected = [nothing if value is None else value for value in loaded[name]]
        assert found == pytest.approx(expected, nan_ok=True) if nothing != -1 else found == expected


def test_stimuli_are_those_of_by_stimulus(tmp_path):
    folder = study(tmp_path / "study", "scale_rating")
    page = page_of(tmp_path, folder)
    pooled = hmix_hub.by_stimulus(hmix_hub.load_dataset(folder, "scale_rating", split="train"))
    stimuli = table_of(page, "scale_rating.stimuli")
    for name in ("stimulus_id", "pair_id", "image_set", "mixing_coefficient", "scale"):
        assert stimuli[name].to_pylist() == pooled[name]
    counts = np.bincount(table_of(page, "scale_rating")["stimulus"].to_numpy())
    assert counts.tolist() == pooled["n_judgments"]


def test_votes_have_no_participants(tmp_path):
    page = page_of(tmp_path, study(tmp_path / "study", "class_votes"))
    told = described(page, "class_votes")
    assert told["n_participants"] == 0
    assert {one["name"] for one in told["filters"]} == {
        *("studies", "stimuli", "pairs", "collection_round", "mixing_coefficient", "n_votes", "labels", "class_pair"),
        "exclude_flags",
    }
    assert table_of(page, "participants").num_rows == 0


def test_without_pictures_it_says_so_and_works(tmp_path):
    said = []
    page = page_of(tmp_path, study(tmp_path / "study"), tell=said.append)
    told = metadata_of(page)
    assert told["pictures"]["count"] == 0
    assert told["notes"] == ["The pictures of cifar10/test could not be loaded and cannot be shown."]
    # Why may name a place on this computer, and the page may be published.
    assert any(NOWHERE in one for one in said)
    stimuli = table_of(page, f"{INFER}.stimuli")
    assert set(stimuli["image_1"].to_pylist()) == {-1}
    assert not any(stimuli["can_mix"].to_pylist())
    assert not list((page / "data").glob("pictures*"))


def test_single_pictures_have_no_second(tmp_path):
    page = page_of(tmp_path, study(tmp_path / "study", change=with_own_pictures))
    rows = table_of(page, f"{INFER}.stimuli").to_pylist()
    single = [row for row in rows if row["image_2_label"] == -1]
    assert single
    for row in single:
        assert row["image_1"] >= 0
        assert (row["image_2"], row["can_mix"], np.isnan(row["prediction"])) == (-1, False, True)


def larger(factor):
    """Change the example study into one whose four pictures are larger, and not square."""

    def change(files):
        with_own_pictures(files)
        for number in range(4):
            stream = io.BytesIO()
            Image.fromarray(np.kron(pixels(number), np.ones((factor, factor, 1), dtype=np.uint8))).save(stream, "PNG")
            files[f"stimuli/pictures/{number}.png"] = stream.getvalue()

    return change


def test_large_pictures_are_shrunk_into_their_tiles_and_stand_beside_them(tmp_path):
    page = page_of(tmp_path, study(tmp_path / "study", change=larger(30)))
    pictures = table_of(page, "pictures").to_pylist()
    assert {(one["width"], one["height"]) for one in pictures} == {(180, 120)}
    assert {(one["tile_width"], one["tile_height"]) for one in pictures} == {(96, 64)}
    for number, one in enumerate(pictures):
        assert one["has_original"]
        original = np.asarray(Image.open(page / "pictures" / f"{number}.png"))
        assert np.array_equal(original[::30, ::30], pixels(one["index"]))
        assert (page / "pictures" / f"{number}.png.js").is_file()


def morphed(files):
    """Change the example study into one whose mixtures were made by another method, and are brought as pictures."""
    larger(1)(files)
    files["study.yaml"] = files["study.yaml"].replace(
        b"mixing: pixel-linear", b"mixing: morph\n  mixing_note: By hand."
    )
    lines = ["file,stimulus_id"]
    for first in (0, 2):
        for second in (1, 3):
            name = f"mixtures/{first}_{second}.png"
            files[f"stimuli/{name}"] = files[f"stimuli/pictures/{first}.png"]
            lines.append(f"{name},mixed_0.5_Cat_{first}_Fox_{second}")
    files["stimuli/mixtures.csv"] = "\n".join(lines).encode()


def test_mixtures_of_another_method_are_pictures_of_their_own(tmp_path):
    page = page_of(tmp_path, study(tmp_path / "study", change=morphed))
    rows = table_of(page, f"{INFER}.stimuli").to_pylist()
    mixtures = table_of(page, "mixtures").to_pylist()
    assert metadata_of(page)["has_mixtures"]
    assert [one["mixing_coefficient"] for one in mixtures] == [0.5] * 4
    by_key = {(one["image_1"], one["image_2"], one["mixing_coefficient"]): one["picture"] for one in mixtures}
    for row in rows:
        assert row["picture"] == by_key.get((row["image_1"], row["image_2"], row["mixing_coefficient"]), -1)
        assert not row["can_mix"]
    pictures = table_of(page, "pictures")
    assert pictures["index"].to_pylist()[-4:] == [-1] * 4


def test_a_mixture_with_a_picture_that_no_stimulus_shows_is_not_that_of_a_single_picture(tmp_path):
    def change(files):
        morphed(files)
        files["stimuli/pictures/4.png"] = files["stimuli/mixtures/0_4.png"] = files["stimuli/pictures/0.png"]
        files["stimuli/images.csv"] += f"\npictures/4.png,{CLASSES[1]}".encode()
        files["stimuli/mixtures.csv"] += b"\nmixtures/0_4.png,mixed_0.75_Cat_0_Fox_4"

    page = page_of(tmp_path, study(tmp_path / "study", change=change))
    mixtures = table_of(page, "mixtures")
    assert mixtures["mixing_coefficient"].to_pylist() == [0.5] * 4
    assert min(mixtures["image_2"].to_pylist()) >= 0


def test_several_datasets_are_joined_over_the_union_of_their_classes(tmp_path):
    one, two = study(tmp_path / "one"), study(tmp_path / "two", change=with_own_pictures)
    three = study(tmp_path / "three", "class_choice")
    for folder, name in ((two, "two"), (three, "three")):
        text = (folder / "study.yaml").read_text().replace("id: example-study", f"id: {name}-study")
        (folder / "study.yaml").write_text(text)
    page = page_of(tmp_path, one, two, three)
    told = metadata_of(page)
    assert told["classes"][-1] == CLASSES[1] == "fox"
    assert described(page)["code"] == {"python": '["one", "two"]', "python_options": "", "command": None}
    assert described(page, "class_choice")["code"]["command"] == "--dataset three"
    loaded = hmix_hub.load_dataset([one, two], INFER, split="train")
    table, stimuli = table_of(page, INFER), table_of(page, f"{INFER}.stimuli")
    for name in ("image_1_label", "image_2_label"):
        codes = stimuli[name].take(table["stimulus"]).to_pylist()
        names = loaded.features[name].names
        assert [told["classes"][code] if code >= 0 else None for code in codes] == [
            None if code is None else names[code] for code in loaded[name]
        ]
    # Participants of two studies that have one pseudonym are two.
    assert table_of(page, "participants").num_rows == 3 * 12


def test_folders_with_one_name_differ_in_the_code(tmp_path):
    folders = [study(tmp_path / place / "study") for place in ("one", "two")]
    text = (folders[1] / "study.yaml").read_text()
    (folders[1] / "study.yaml").write_text(text.replace("id: example-study", "id: other-study"))
    told = metadata_of(page_of(tmp_path, *folders, for_disk=False))
    assert [one["name"] for one in told["datasets"]] == ["study", "study-2"]
    assert told["tasks"][0]["code"]["python"] == '["study", "study-2"]'


def test_a_folder_with_the_name_of_another_dataset_is_told_from_it(tmp_path):
    page = page_of(tmp_path, study(tmp_path / "h-mix"), for_disk=False)
    assert described(page)["code"]["command"] == "--dataset ./h-mix"


def test_a_registered_study_is_shown_without_what_it_leaves_out(made_up, tmp_path):
    page = page_of(tmp_path, NAME, source=str(made_up.files))
    loaded = hmix_hub.load_dataset(NAME, split="train", source=made_up.files)
    (told,) = metadata_of(page)["tasks"]
    assert told["n_judgments"] == len(loaded)
    assert told["code"]["command"] == f"--dataset {NAME} --source SOURCE"


def test_synthetic_judgments_among_others_are_counted(tmp_path):
    def by_participants(files):
        files["study.yaml"] = files["study.yaml"].replace(b"synthetic: true\n", b"")

    folder = study(tmp_path / "study", change=by_participants)
    told = metadata_of(page_of(tmp_path, "h-mix", folder, source="sample"))
    n = {one["name"]: one["n_judgments"] for one in told["tasks"]}
    assert told["mark"] == f"SYNTHETIC in part: 2,156 of {sum(n.values()):,} judgments (sample: 2,156)"
    assert described(tmp_path / "page")["code"]["python_options"] == 'source={"h-mix": "sample"}'


def test_the_sample_is_named_in_the_code_where_a_variable_names_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HMIX_SOURCE", "sample")
    assert described(page_of(tmp_path, "h-mix"))["code"]["command"] == "--dataset h-mix --source sample"


def test_texts_of_a_study_cannot_end_the_script(tmp_path):
    hostile = "</script><script>alert(1)</script> &amp;"

    def change(files):
        title = json.dumps(hostile).encode()
        files["study.yaml"] = files["study.yaml"].replace(b"Mixed pictures, an example study", title)

    page = page_of(tmp_path, study(tmp_path / "study", change=change))
    text = (page / "data" / "explorer.js").read_text(encoding="utf-8")
    assert not set(text) & set("<>&")
    assert metadata_of(page)["title"] == hostile


def test_line_separators_are_none_of_the_script():
    text = script_of("explorer", {"a\u2028": "b\u2029"}).decode()
    assert not set(text) & set("\u2028\u2029")
    assert json.loads(text[len('hmix.receive("explorer",') : -len(");\n")]) == {"a\u2028": "b\u2029"}


def test_pictures_that_may_not_be_published_are_left_out_where_everybody_sees_them(tmp_path):
    def change(files):
        with_own_pictures(files)
        files["study.yaml"] = files["study.yaml"].replace(b"source: own", b"source: elsewhere")
        listed = files["stimuli/images.csv"].decode().splitlines()
        files["stimuli/images.csv"] = "\n".join(
            [f"{listed[0]},width,height", *(f"{one},6,4" for one in listed[1:])]
        ).encode()

    folder = study(tmp_path / "study", change=change)
    options = {"image_sets": {"example-study/pictures": folder / "stimuli"}}
    said = []
    own = metadata_of(page_of(tmp_path, folder, tell=said.append, **options))
    warning = "the pictures of example-study/pictures must not be published: do not share th"
    assert own["pictures"]["count"] == 4
    assert f"{warning}e page" in said
    assert own["notes"][0].lower() == f"{warning}is page."
    published = metadata_of(page_of(tmp_path, folder, repository="lab/study", **options))
    assert published["pictures"]["count"] == 0
    assert published["notes"][0] == "The pictures of example-study/pictures must not be published and are not shown."


def test_a_file_too_large_for_a_page_from_the_disk_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "MOST_FROM_DISK", 1000)
    said = []
    page = page_of(tmp_path, study(tmp_path / "study"), tell=said.append)
    assert f"data/{INFER}.arrow is too large for a page opened from disk: serve the folder with a web server" in said
    assert not (page / "data" / f"{INFER}.arrow.js").exists()


def test_there_is_nothing_to_show_without_judgments(tmp_path):
    folder = study(tmp_path / "study")
    table = folder / "judgments" / f"{INFER}.csv"
    table.write_text(table.read_text().splitlines()[0] + "\n")
    with pytest.raises(hmix_hub.HMixError):
        page_of(tmp_path, folder)
    assert not (tmp_path / "page").exists()
