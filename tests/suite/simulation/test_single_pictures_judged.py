"""Single pictures are served as they are, judged, exported, loaded and rendered again, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from suite.export.studies import study_file, write_study

import hmix_hub
from hmix_hub.contribute.checking import check_study
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.studies.study import Study
from hmix_hub.suite.export.layouts import export_study
from hmix_hub.suite.simulation.simulate import simulate
from hmix_hub.tasks import CHOICE, RATING

TASKS = (CHOICE, RATING)
LIST = "image_1_index,image_2_index,mixing_coefficient\n5,,\n5,3,0.25\n9,,1\n0,3,0.5\n"
DESIGNS = {
    "none": {"pairs": {"per_class": 1}, "batch_size": 10, "repeats": [2]},
    "pixel-linear": {"pairs": {"file": "pairs.csv"}, "batch_size": 4, "repeats": []},
}


@pytest.fixture(scope="module", params=DESIGNS)
def exported(request, tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("single")
    design = {"coefficients": [], "batches": 1, "people_per_batch": 2} | DESIGNS[request.param]
    folder = write_study(root / "study", study_file(TASKS, design=design))
    (folder / "pairs.csv").write_text(LIST)
    # Scripted participants know a picture by the pixels that the server sent.
    assert simulate(folder, root / "collection").finished == dict.fromkeys(TASKS, 2)
    study = Study.open(export_study(root / "collection", root / "export").path)
    assert study.manifest.stimuli.mixing == request.param
    return study


def test_the_export_is_a_valid_contribution(exported) -> None:
    assert check_study(exported).findings == []


@pytest.mark.parametrize("task", TASKS)
def test_what_is_rendered_is_the_picture_itself(exported, task: str) -> None:
    rows = hmix_hub.load_dataset(str(exported.path), task, split="train")
    first, second = rows["image_1_index"][:], rows["image_2_index"][:]
    single = [row for row, index in enumerate(second) if index is None]
    assert 0 < len(single) <= len(rows)
    assert {rows[row]["mixing_coefficient"] for row in single} == {1.0}
    pictures = np.asarray(open_image_set("sample/pictures").pictures)
    assert np.array_equal(hmix_hub.render(rows).numpy()[single], pictures[[first[row] for row in single]])
    assert sum(hmix_hub.by_stimulus(rows)["n_judgments"]) == len(rows)
