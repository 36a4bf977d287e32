"""Eyes: which mixture it is, from its pixels alone."""

import io

import numpy as np
import pytest
from PIL import Image
from suite.export.studies import KEY, SESSION, frozen_study, scene_of

from hmix_hub.errors import CollectionError
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.suite.design.design import Versions
from hmix_hub.suite.design.plan import draw_plan
from hmix_hub.suite.mixtures import trial_pictures
from hmix_hub.suite.server.pictures import Gallery
from hmix_hub.suite.simulation.participant import Eyes, shrunk
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import CONSTRUCT, INFER


@pytest.fixture(scope="module")
def frozen():
    return frozen_study()


@pytest.fixture(scope="module")
def pictures():
    return open_image_set("sample/pictures")


@pytest.fixture(scope="module")
def fetch(frozen, pictures):
    gallery = Gallery(Versions(frozen), KEY, pictures)
    return lambda name: gallery.png(gallery.find(name))


@pytest.fixture(scope="module")
def eyes(frozen, pictures):
    return Eyes(frozen, pictures)


def page_of(frozen, batch, trial):
    page = {"pictures": trial_pictures(SESSION, trial, batch, KEY)}
    if trial.image_1_side is not None:
        stimulus = batch.stimuli[trial.stimulus]
        names = [
            frozen.study.pictures.vocabulary.names[code] for code in (stimulus.image_1_label, stimulus.image_2_label)
        ]
        page |= dict(zip(("left", "right"), names if trial.image_1_side == "left" else names[::-1], strict=True))
    return page


def test_what_is_seen_is_what_the_plan_shows(frozen, eyes, fetch, task):
    batch = next(batch for batch in frozen.batches if batch.task == task)
    for number in (0, 2):
        plan = draw_plan(frozen, batch, number, seed=number)
        seen = [eyes.look(task, page_of(frozen, batch, trial), fetch) for trial in plan.trials]
        assert seen == [scene_of(frozen, batch, trial) for trial in plan.trials]


def test_a_picture_is_known_again_under_another_name(frozen, eyes, fetch):
    batch = frozen.batches[0]
    trial = draw_plan(frozen, batch, 0, seed=0).trials[0]
    page = page_of(frozen, batch, trial)
    again = page | {"pictures": trial_pictures("1" * 32, trial, batch, KEY)}
    assert not set(page["pictures"]) & set(again["pictures"])
    assert eyes.look(batch.task, page, fetch) == eyes.look(batch.task, again, fetch)


def test_pictures_of_two_pairs_on_one_page_are_found(frozen, eyes, fetch):
    batch = frozen.batches[list(SUITE_TASKS).index(CONSTRUCT)]
    one, other, *_ = (page_of(frozen, batch, trial) for trial in draw_plan(frozen, batch, 0, seed=0).trials)
    mixed = one | {"pictures": [*one["pictures"][:10], other["pictures"][10]]}
    with pytest.raises(CollectionError, match="not those of one stimulus"):
        eyes.look(CONSTRUCT, mixed, fetch)


def test_class_names_of_another_pair_are_found(frozen, eyes, fetch):
    batch = frozen.batches[list(SUITE_TASKS).index(INFER)]
    page = page_of(frozen, batch, draw_plan(frozen, batch, 0, seed=0).trials[0])
    with pytest.raises(CollectionError, match="not those of one stimulus"):
        eyes.look(INFER, page | {"left": page["right"]}, fetch)


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_an_enlarged_picture_is_shrunk_to_its_pixels():
    small = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    for scale in (1, 3, 10):
        assert np.array_equal(shrunk(png(small.repeat(scale, 0).repeat(scale, 1)), [(32, 32)]), small)


@pytest.mark.parametrize("damage", ["smoothed", "cropped"])
def test_a_picture_that_was_smoothed_or_cropped_is_found(damage):
    small = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    enlarged = small.repeat(10, 0).repeat(10, 1)
    if damage == "smoothed":
        enlarged[5, 5] //= 2
    else:
        enlarged = enlarged[:315, :315]
    with pytest.raises(CollectionError, match="without smoothing"):
        shrunk(png(enlarged), [(32, 32)])
