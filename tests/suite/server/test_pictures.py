from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from suite_maker import TASKS, frozen_study, sample_pictures

from hmix_hub.errors import CollectionError
from hmix_hub.suite.design.plan import stimulus_of
from hmix_hub.suite.server.pictures import Gallery
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.tasks.trial import Stimulus

KEY = StudyKey(b"k" * 32)


def mixed(stimulus: Stimulus, coefficient: float) -> Any:
    """Mix as the release did, uint8 (32, 32, 3), written out once more."""
    pictures = sample_pictures().pictures
    first, second = (pictures[index].astype(float) for index in (stimulus.image_1_index, stimulus.image_2_index))
    return ((coefficient * first + (1 - coefficient) * second) / 255 * 255).astype(np.uint8).transpose(1, 2, 0)


def shown(served: Any, name: str) -> Any:
    """Give the picture behind a name, once each pixel was found to be enlarged into a square of its colour."""
    reply = served.ask("GET", f"/pictures/{name}.png")
    assert (reply.status, reply.headers["content-type"]) == (200, "image/png")
    assert reply.headers["cache-control"] == "private, max-age=31536000, immutable"
    with Image.open(BytesIO(reply.body)) as picture:
        assert (picture.size, picture.mode, picture.info) == ((320, 320), "RGB", {})
        large = np.asarray(picture)
    small = large[::10, ::10]
    assert (np.kron(small, np.ones((10, 10, 1), dtype=np.uint8)) == large).all()
    return small


@pytest.mark.parametrize("task", TASKS)
def test_the_picture_on_the_screen_is_the_stimulus_pixel_for_pixel(shared: Any, task: str) -> None:
    person = shared.person()
    pages = person.begin(task)
    session = shared.store.session(person.token_hash)
    batch = shared.frozen.batches[session.batch]
    for page, trial in zip(pages, session.plan.trials, strict=True):
        stimulus = stimulus_of(batch, trial)
        if task == "construct_midpoint":
            shares = np.arange(0, 1.1, 0.1)[:: -1 if trial.image_1_side == "left" else 1].tolist()
        elif task == "select_shuffled_midpoint":
            shares = np.arange(0, 1.1, 0.1)[list(trial.grid_steps or ())].tolist()
        else:
            shares = [stimulus.mixing_coefficient]
        for name, share in zip(page["pictures"], shares, strict=True):
            assert (shown(shared, name) == mixed(stimulus, share)).all()


def test_both_ends_of_the_row_are_the_two_pictures_themselves_on_their_sides(served: Any) -> None:
    pictures, labels = sample_pictures().pictures, sample_pictures().labels
    names = served.frozen.study.pictures.vocabulary.names
    sides = set()
    for _ in range(6):
        person = served.person()
        for page in person.begin("construct_midpoint")[:2]:
            for side, end in (("left", 0), ("right", 10)):
                picture = shown(served, page["pictures"][end]).transpose(2, 0, 1)
                [index] = np.flatnonzero((pictures == picture).all(axis=(1, 2, 3)))
                assert names[labels[index]] == page[side]
        sides.add(served.store.sessions()[-1].plan.trials[0].image_1_side)
    assert sides == {"left", "right"}


def test_worked_examples_are_drawn_as_the_task_draws_its_own(shared: Any) -> None:
    for task, share in (("construct_midpoint", 3 * 0.1), ("infer_mixing_factor", 0.3)):
        person = shared.person()
        person.join(task)
        [example] = person.pages("instructions")[0]["examples"]
        assert example["text"] == "So it looks."
        pair = Stimulus(0, 1, 0, 1)
        for name, coefficient in zip(example["pictures"], (share, 1.0), strict=True):
            assert (shown(shared, name) == mixed(pair, coefficient)).all()


@pytest.mark.parametrize(
    "file", ["0" * 32 + ".png", "0" * 31 + ".png", "x.png", "0" * 32, "0" * 32 + ".PNG", "0" * 32 + ".png.png"]
)
def test_pictures_that_there_are_not(shared: Any, file: str) -> None:
    reply = shared.ask("GET", f"/pictures/{file}")
    assert (reply.status, reply.json["error"], reply.headers["cache-control"]) == (404, "no_such_picture", "no-store")


def test_a_name_in_capitals_is_no_other_name(shared: Any) -> None:
    person = shared.person()
    name = person.begin("infer_mixing_factor")[0]["pictures"][0]
    assert shared.ask("GET", f"/pictures/{name}.png").status == 200
    assert name.upper() == name or shared.ask("GET", f"/pictures/{name.upper()}.png").status == 404


def test_equal_pictures_have_equal_names_for_all_people_and_other_names_under_another_key(
    serve: Callable[..., Any],
) -> None:
    one, other = serve("select_shuffled_midpoint", batches=1), serve("select_shuffled_midpoint", batches=1)

    def names(served: Any, seed: int) -> set[frozenset[str]]:
        return {frozenset(page["pictures"]) for page in served.person(seed).begin("select_shuffled_midpoint")}

    assert names(one, 1) == names(one, 2)
    assert not frozenset().union(*names(one, 3)) & frozenset().union(*names(other, 3))


def test_pictures_of_thousands_of_stimuli_are_named_quickly_and_drawn_when_asked_for() -> None:
    frozen = frozen_study("construct_midpoint", batches=50, stimuli=100)
    begun = time.perf_counter()
    gallery = Gallery(frozen, KEY, sample_pictures())
    assert time.perf_counter() - begun < 3
    drawn = {(s.image_1_index, s.image_2_index) for batch in frozen.batches for s in batch.stimuli}
    assert len(drawn) == 5000
    # The example's two mixtures come on top; its pair, 0 and 1, is one of the stimuli.
    assert len(gallery) == 5000 * 11


def test_drawn_pictures_are_kept_within_a_bound_the_latest_ones() -> None:
    frozen = frozen_study("construct_midpoint")
    gallery = Gallery(frozen, KEY, sample_pictures(), cached_bytes=20_000)
    names = list(gallery.names())
    drawn = {name: gallery.png(name) for name in names}
    kept = {name: len(drawn[name]) for name in names if gallery.cached(name) is not None}
    assert 0 < sum(kept.values()) <= 20_000
    assert names[-1] in kept
    assert all(gallery.png(name) == drawn[name] for name in names)
    with pytest.raises(KeyError):
        gallery.png("0" * 32)


def test_larger_pictures_are_enlarged_by_a_whole_factor() -> None:
    for size, expected in ((64, 64), (320, 320), (330, 320), (1000, 992)):
        frozen = frozen_study("infer_mixing_factor", pictures={"source": "sample/pictures", "size": size})
        gallery = Gallery(frozen, KEY, sample_pictures())
        with Image.open(BytesIO(gallery.png(next(iter(gallery.names()))))) as picture:
            assert picture.size == (expected, expected)


def test_other_pictures_than_the_study_began_with_are_refused() -> None:
    frozen = frozen_study("infer_mixing_factor")
    with pytest.raises(CollectionError, match="not those that the collection began with"):
        Gallery(replace(frozen, pictures="0" * 16), KEY, sample_pictures())
    with pytest.raises(CollectionError, match="morph, and only pixel-linear"):
        Gallery(frozen, KEY, replace(sample_pictures(), mixing="morph"))
