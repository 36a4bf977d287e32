"""Designs that are drawn: sizes exact, balanced within one, the same wherever they are drawn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from suite.study.files import STUDY, changed, write_study

from hmix_hub.errors import StudyFileError
from hmix_hub.schema import CIFAR10
from hmix_hub.suite.design.dealing import class_pair, pair_of
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.reading import read_study_file
from hmix_hub.suite.study.rules import impossible
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT
from hmix_hub.yaml_file import parse_yaml

_PICTURES_PER_CLASS = 20


@cache
def _base() -> dict[str, Any]:
    return {key: value for key, value in parse_yaml(STUDY).content.items() if key != "tasks"}


def _study(seed: int, **tasks: dict[str, Any]) -> StudyFile:
    common = {"question": "What?", "instructions": [{"text": "Do."}], "people_per_batch": 3}
    return StudyFile.model_validate(_base() | {"seed": seed, "tasks": {t: common | own for t, own in tasks.items()}})


@st.composite
def _designs(draw: st.DrawFn) -> tuple[StudyFile, str]:
    task = draw(st.sampled_from(list(SUITE_TASKS)))
    classes = draw(st.lists(st.sampled_from(CIFAR10.names), min_size=2, max_size=6, unique=True))
    class_pairs = len(classes) * (len(classes) - 1) // 2
    pairs: dict[str, Any] = {"per_class_pair": draw(st.integers(1, 12)), "classes": classes}
    design: dict[str, Any] = {"pairs": pairs}
    if task in {INFER, CATEGORICAL}:
        coefficients = draw(st.lists(st.sampled_from([0, 0.1, 0.25, 0.5, 0.75, 0.9]), min_size=1, unique=True))
        pairs["coefficients_per_pair"] = draw(st.integers(1, len(coefficients)))
        design["coefficients"] = coefficients
    stimuli = class_pairs * pairs["per_class_pair"] * pairs.get("coefficients_per_pair", 1)
    design["batch_size"] = draw(st.integers(1, stimuli))
    if draw(st.booleans()):
        design["batches"] = draw(st.integers(1, stimuli // design["batch_size"]))
    study = _study(draw(st.integers(0, 2**63 - 1)), **{task: design})
    assume(not list(impossible(study)))
    return study, task


def _draw(study: StudyFile) -> FrozenStudy:
    return draw_design(Path("/nowhere"), study)[0]


def _spread(counts: Counter[Any], keys: int) -> int:
    """Return how much more often the most frequent of a number of keys stands there than the least frequent."""
    return max(counts.values()) - (min(counts.values()) if len(counts) == keys else 0)


@given(_designs())
@settings(max_examples=150)
def test_every_design_that_is_not_refused_keeps_its_promises(drawn: tuple[StudyFile, str]) -> None:
    study, task = drawn
    design = study.tasks[task]
    pairs = design.pairs
    classes = len(pairs.classes or [])

    frozen = _draw(study)

    stimuli = [stimulus for batch in frozen.batches for stimulus in batch.stimuli]
    offered = classes * (classes - 1) // 2 * (pairs.per_class_pair or 0) * pairs.coefficients_per_pair
    assert len(frozen.batches) == (design.batches or offered // design.batch_size)
    assert [batch.number for batch in frozen.batches] == [batch.condition for batch in frozen.batches]
    assert {(len(batch.stimuli), batch.quota, batch.task) for batch in frozen.batches} == {(design.batch_size, 3, task)}
    assert len(set(stimuli)) == len(stimuli)
    class_pairs = list(combinations(range(classes), 2))
    assert _spread(Counter(map(class_pair, stimuli)), len(class_pairs)) <= 1
    for batch in frozen.batches:
        assert len(set(map(pair_of, batch.stimuli))) == len(batch.stimuli)
        assert _spread(Counter(map(class_pair, batch.stimuli)), len(class_pairs)) <= 1
    if design.coefficients:
        shares = len(design.coefficients)
        assert _spread(Counter(one.mixing_coefficient for one in stimuli), shares) <= 1
        for pair in set(map(class_pair, stimuli)):
            assert _spread(Counter(one.mixing_coefficient for one in stimuli if class_pair(one) == pair), shares) <= 1


@given(_designs())
@settings(max_examples=60)
def test_stimuli_are_what_they_say(drawn: tuple[StudyFile, str]) -> None:
    from hmix_hub.sources.image_sets import open_image_set

    study, task = drawn
    labels = open_image_set("sample/pictures").labels

    for stimulus in (one for batch in _draw(study).batches for one in batch.stimuli):
        assert labels[stimulus.image_1_index] == stimulus.image_1_label
        assert labels[stimulus.image_2_index] == stimulus.image_2_label
        assert CIFAR10.names[stimulus.image_1_label] < CIFAR10.names[stimulus.image_2_label]
        shares = study.tasks[task].coefficients
        assert stimulus.mixing_coefficient in (shares or [None])


@given(_designs())
@settings(max_examples=60)
def test_no_picture_is_drawn_twice_while_there_are_others(drawn: tuple[StudyFile, str]) -> None:
    study, task = drawn
    pairs = study.tasks[task].pairs
    uses = (len(pairs.classes or []) - 1) * (pairs.per_class_pair or 0)

    used = Counter(
        index for pair in {pair_of(one) for batch in _draw(study).batches for one in batch.stimuli} for index in pair
    )

    assert max(used.values()) <= -(-uses // _PICTURES_PER_CLASS) + (uses > _PICTURES_PER_CLASS)


@given(_designs())
@settings(max_examples=40)
def test_a_design_is_the_same_whenever_it_is_drawn_and_read_again(drawn: tuple[StudyFile, str]) -> None:
    frozen = _draw(drawn[0])

    assert FrozenStudy.from_json(frozen.to_json()) == frozen
    assert _draw(StudyFile.model_validate_json(drawn[0].model_dump_json())).sha256 == frozen.sha256


def test_a_design_is_the_same_in_every_process(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    code = (
        "import sys; from pathlib import Path; from hmix_hub.suite.study.reading import read_study_file\n"
        "from hmix_hub.suite.design.drawing import draw_design; folder = Path(sys.argv[1])\n"
        "print(draw_design(folder, read_study_file(folder))[0].sha256)"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert hashes == {draw_design(folder, read_study_file(folder))[0].sha256}


def test_a_design_is_the_same_in_every_version() -> None:
    # Changes only if the way of drawing does: a study file would then draw another design than it did.
    study = _study(
        7, **{INFER: {"batch_size": 3, "batches": 1, "coefficients": [0.25, 0.75], "pairs": {"per_class_pair": 1}}}
    )

    drawn = [(*pair_of(one), one.mixing_coefficient) for one in _draw(study).batches[0].stimuli]
    assert drawn == [(31, 85, 0.75), (67, 194, 0.25), (116, 102, 0.25)]


def test_another_seed_draws_another_design() -> None:
    designs = [_draw(_study(seed, **{CONSTRUCT: {"batch_size": 9, "pairs": {"per_class_pair": 1}}})) for seed in (1, 2)]

    assert designs[0].batches[0].stimuli != designs[1].batches[0].stimuli


def test_tasks_that_say_the_same_under_pairs_get_the_same() -> None:
    midpoint = {"batch_size": 9, "pairs": {"per_class_pair": 2}}
    infer = {"batch_size": 9, "coefficients": [0.5], "pairs": {"per_class_pair": 2}}
    frozen = _draw(_study(1, **{CONSTRUCT: midpoint, SELECT: midpoint, INFER: infer}))
    of_task = {task: [batch.stimuli for batch in frozen.batches if batch.task == task] for task in SUITE_TASKS}

    assert of_task[CONSTRUCT] == of_task[SELECT]
    assert {pair_of(one) for batch in of_task[INFER] for one in batch} == {
        pair_of(one) for batch in of_task[CONSTRUCT] for one in batch
    }


def test_batches_are_numbered_task_by_task_whatever_the_order_in_the_file() -> None:
    midpoint = {"batch_size": 20, "pairs": {"per_class_pair": 1}}
    designs = [
        _draw(_study(1, **dict.fromkeys(order, midpoint))) for order in ((CONSTRUCT, SELECT), (SELECT, CONSTRUCT))
    ]

    assert designs[0].sha256 == designs[1].sha256
    assert [(batch.number, batch.condition) for batch in designs[0].batches] == [(0, 0), (1, 1), (2, 0), (3, 1)]


def test_coefficients_are_spread_over_batches() -> None:
    # Five coefficients and ten batches: dealt in turn, a batch would hold one coefficient alone.
    design = {"batch_size": 45, "coefficients": [0.1, 0.25, 0.5, 0.75, 0.9], "pairs": {"per_class_pair": 10}}

    for batch in _draw(_study(1, **{INFER: design})).batches:
        counts = Counter(one.mixing_coefficient for one in batch.stimuli)
        assert max(counts.values()) - min(counts.values()) <= 3


def test_all_pairs_of_a_set_can_be_drawn_and_none_of_a_batch_shares_a_picture() -> None:
    # 18,000 stimuli: seconds, where every swap of every stimulus was tried it took longer than anybody waits.
    frozen = _draw(_study(1, **{CONSTRUCT: {"batch_size": 30, "pairs": {"per_class_pair": _PICTURES_PER_CLASS**2}}}))

    assert len({pair_of(one) for batch in frozen.batches for one in batch.stimuli}) == 45 * _PICTURES_PER_CLASS**2
    for batch in frozen.batches:
        assert len({index for one in batch.stimuli for index in pair_of(one)}) == 60


def test_pictures_of_worked_examples_are_not_drawn(tmp_path: Path) -> None:
    text = changed("per_class_pair: 1", "per_class_pair: 2").replace("    batches: 2\n", "")
    folder = write_study(tmp_path, text)

    frozen, _ = draw_design(folder, read_study_file(folder))

    assert not {0, 3} & {index for batch in frozen.batches for one in batch.stimuli for index in pair_of(one)}


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("image_2_index: 3", "image_2_index: 999", "image_2_index: 999", "there is no picture 999"),
        ("image_1_index: 0", "image_1_index: 999", "- image_1_index: 999", "they are 0 to 199"),
        ("image_2_index: 3", "image_2_index: 17", "image_2_index: 17", "are of the class airplane"),
        ("per_class_pair: 1", "per_class_pair: 500", "per_class_pair: 500", "500 different pairs of"),
        (
            "source: sample/pictures",
            "source: sample/pictures\n  classes: [dog, frog, elf, gnome, troll, orc]",
            "per_class_pair: 1",
            "0 of elf",
        ),
    ],
)
def test_a_design_that_the_pictures_do_not_allow_is_refused(
    old: str, new: str, line: str, said: str, tmp_path: Path
) -> None:
    text = changed(old, new)
    folder = write_study(tmp_path, text)

    with pytest.raises(StudyFileError) as told:
        draw_design(folder, read_study_file(folder))

    place = f"collection.yaml, line {[one.strip() for one in text.split(chr(10))].index(line) + 1}: "
    assert any(one.strip().startswith(place) and said in one for one in str(told.value).split("\n")), str(told.value)
