from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from suite_maker import TASKS, frozen_study, sample_pictures

from hmix_hub.errors import CollectionError
from hmix_hub.suite.design.design import Versions
from hmix_hub.suite.design.plan import stimulus_of
from hmix_hub.suite.mixtures import Mixture, mixtures_of_stimulus
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
    """Return the picture behind a name, which has no more pixels than the stimulus."""
    reply = served.ask("GET", f"/pictures/{name}.png")
    assert (reply.status, reply.headers["content-type"]) == (200, "image/png")
    assert reply.headers["cache-control"] == "private, max-age=31536000, immutable"
    with Image.open(BytesIO(reply.body)) as picture:
        assert (picture.size, picture.mode, picture.info) == ((32, 32), "RGB", {})
        return np.asarray(picture)


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
    "file", ["0" * 40 + ".png", "0" * 39 + ".png", "x.png", "0" * 40, "0" * 40 + ".PNG", "0" * 40 + ".png.png"]
)
def test_pictures_that_there_are_not(shared: Any, file: str) -> None:
    reply = shared.ask("GET", f"/pictures/{file}")
    assert (reply.status, reply.json["error"], reply.headers["cache-control"]) == (404, "no_such_picture", "no-store")


def test_a_name_in_capitals_is_no_other_name(shared: Any) -> None:
    person = shared.person()
    name = person.begin("infer_mixing_factor")[0]["pictures"][0]
    assert shared.ask("GET", f"/pictures/{name}.png").status == 200
    assert name.upper() == name or shared.ask("GET", f"/pictures/{name.upper()}.png").status == 404


def test_a_name_that_was_changed_and_one_of_another_study_are_no_names(serve: Callable[..., Any]) -> None:
    one, other = serve("infer_mixing_factor"), serve("infer_mixing_factor")
    name = one.person().begin("infer_mixing_factor")[0]["pictures"][0]
    assert one.ask("GET", f"/pictures/{name}.png").status == 200
    assert other.ask("GET", f"/pictures/{name}.png").status == 404
    for place in range(len(name)):
        changed = name[:place] + f"{int(name[place], 16) ^ 1:x}" + name[place + 1 :]
        assert one.ask("GET", f"/pictures/{changed}.png").status == 404


def mixtures(frozen: Any) -> list[Mixture]:
    """Return all mixtures of a study's batches."""
    return [one for batch in frozen.batches for s in batch.stimuli for one in mixtures_of_stimulus(batch.task, s)]


def test_drawn_pictures_are_kept_within_a_bound_the_latest_ones() -> None:
    frozen = frozen_study("construct_midpoint")
    gallery = Gallery(Versions(frozen), KEY, sample_pictures(), cached_bytes=20_000)
    drawn = {mixture: gallery.png(mixture) for mixture in mixtures(frozen)}
    kept = {mixture: len(png) for mixture, png in drawn.items() if gallery.cached(mixture) is not None}
    assert 0 < sum(kept.values()) <= 20_000
    assert list(drawn)[-1] in kept
    assert all(gallery.png(mixture) == png for mixture, png in drawn.items())


def test_other_pictures_than_the_study_began_with_are_refused() -> None:
    frozen = frozen_study("infer_mixing_factor")
    with pytest.raises(CollectionError, match="not those that the collection began with"):
        Gallery(Versions(replace(frozen, pictures="0" * 16)), KEY, sample_pictures())
    with pytest.raises(CollectionError, match="morph, but only pixel-linear"):
        Gallery(Versions(frozen), KEY, replace(sample_pictures(), mixing="morph"))
