"""Pictures of several sizes, or not square: which pairs can be mixed, and what is shown and recognised."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image
from suite.export.studies import KEY, SESSION, frozen_study
from suite.study.files import STUDY, write_study

from hmix_hub.errors import StudyFileError
from hmix_hub.schema import CIFAR10
from hmix_hub.sources.picture_folder import open_picture_folder
from hmix_hub.suite.design.design import Versions
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.design.pictures import Labels
from hmix_hub.suite.design.plan import draw_plan
from hmix_hub.suite.mixtures import trial_pictures
from hmix_hub.suite.server.pictures import Gallery
from hmix_hub.suite.simulation.participant import Eyes, shrunk
from hmix_hub.suite.study.reading import read_study_file
from hmix_hub.suite.tasks.trial import Stimulus
from hmix_hub.tasks import INFER

SIZES = ((4, 6), (6, 4), (5, 5))
"""Height and width of every third picture."""


def write_pictures(folder):
    (folder / "stimuli").mkdir(parents=True, exist_ok=True)
    rng, lines = np.random.default_rng(0), ["file,label"]
    for number in range(30):
        pixels = rng.integers(0, 256, (*SIZES[number % 3], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"stimuli/{number}.png")
        lines.append(f"{number}.png,{CIFAR10.names[number % 10]}")
    (folder / "stimuli/images.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_pictures_of_different_sizes_make_no_pair():
    labels = Labels(np.arange(3), CIFAR10, np.array([[4, 6], [4, 6], [6, 4]]))
    assert labels.fault_of(0, 1) is None
    assert labels.fault_of(0, 2) == (
        "pictures 0 (6 x 4) and 2 (4 x 6) have different sizes and cannot be mixed pixel by pixel"
    )


def test_pairs_are_not_drawn_at_random_from_pictures_of_several_sizes(tmp_path):
    write_study(tmp_path, STUDY.replace("source: sample/pictures", "source: own\n  classes: cifar10"))
    with pytest.raises(StudyFileError, match="list pairs of equal size in a file"):
        draw_design(write_pictures(tmp_path), read_study_file(tmp_path))


def test_single_pictures_are_shown_each_in_its_size_and_known_again(tmp_path):
    opened = open_picture_folder(write_pictures(tmp_path) / "stimuli", "small-study/pictures")
    study = frozen_study(
        (INFER,), image_set="own", labels=opened.labels, pictures={"source": "own", "classes": "cifar10"}
    )
    stimuli = tuple(Stimulus(index, None, int(opened.labels[index]), None, 1.0) for index in range(9))
    batches = tuple(dataclasses.replace(batch, stimuli=stimuli) for batch in study.batches)
    design = study.study.tasks[INFER].model_copy(update={"instructions": []})
    file = study.study.model_copy(update={"tasks": {INFER: design}})
    frozen = dataclasses.replace(study, study=file, batches=batches, image_set=opened.name, pictures=opened.fingerprint)
    gallery = Gallery(Versions(frozen), KEY, opened)
    eyes = Eyes(frozen, opened)
    batch = frozen.batches[0]
    pngs = {
        name: gallery.png(gallery.find(name))
        for trial in draw_plan(frozen, batch, 0, 0).trials
        for name in trial_pictures(SESSION, trial, batch, KEY)
    }
    seen = {eyes.look(INFER, {"pictures": [name]}, pngs.__getitem__).stimulus.image_1_index for name in pngs}
    assert seen == set(range(9))
    sizes = [(height, width) for height, width in SIZES]
    for png in pngs.values():
        small = shrunk(png, sizes)
        assert any(np.array_equal(small.transpose(2, 0, 1), opened.picture(index)) for index in range(9))
