"""Every registered task is complete, and one that is not says what it lacks."""

from dataclasses import fields, replace

import numpy as np
import pytest

from hmix_hub.contribute.description.panels import PANELS, panels_of
from hmix_hub.contribute.description.statistics import STATISTICS
from hmix_hub.errors import ConfigurationError
from hmix_hub.plots.plotting import PICTURES
from hmix_hub.schema import CIFAR10, RELEASED, VERSIONS, arrow_schema
from hmix_hub.schema.groups import Groups, encode
from hmix_hub.tasks import CONFIGURATIONS, FLAGS, TASKS, columns, computed_columns, observed_columns
from hmix_hub.tasks.flags import Flag
from hmix_hub.tasks.parts import ExampleTrial
from hmix_hub.tasks.task import Task
from hmix_hub.training.targets import TARGETS


def test_every_flag_has_a_rule_or_somebody_who_observes_it(task):
    for flag in TASKS[task].flags:
        assert (flag.rule is None) == bool(flag.observed_by), flag.name
        assert FLAGS[flag.name] == flag


def test_flags_of_a_task_stand_in_the_order_of_all_flags(task):
    order = list(FLAGS)
    places = [order.index(flag.name) for flag in TASKS[task].flags]
    assert places == sorted(places)


def test_statistics_panels_plot_and_target_are_known(task):
    assert TASKS[task].tools("statistics", STATISTICS)
    assert len(panels_of(task)) == 6
    assert TASKS[task].plot in PICTURES
    assert TASKS[task].target in TARGETS


def test_an_example_fills_columns_that_a_study_may_hold(task):
    cells = TASKS[task].example(ExampleTrial(0, ("cat", "dog"), 0.75), np.random.default_rng(0))
    assert set(TASKS[task].answer) <= set(cells)
    assert set(cells) <= {column.name for column in observed_columns(task)}


def test_by_stimulus_figures_are_those_of_its_columns(task, load_sample):
    judgments = load_sample(task).data.table
    stimuli = Groups(encode(judgments[TASKS[task].stimulus_column]))
    gathered = TASKS[task].by_stimulus.gather(
        judgments.select(TASKS[task].by_stimulus.of + _shown(task)), stimuli, len(CIFAR10)
    )
    assert set(gathered) == {column.name for column in TASKS[task].by_stimulus.columns}
    assert TASKS[task].judged_columns[1] in gathered


def _shown(task):
    return ("mixing_coefficient",) if TASKS[task].shows == "mixture" else ()


def test_derived_columns_are_columns_that_are_computed(task):
    assert set(TASKS[task].derived) <= {column.name for column in computed_columns(task)}


def test_the_columns_of_every_version_are_a_layout(task):
    for version in TASKS[task].versions:
        assert len(arrow_schema(columns(task, version), CIFAR10)) == len({c.name for c in columns(task, version)})


def test_paths_are_of_columns_that_are_there(task):
    names = {column.name for column in TASKS[task].columns}
    for path in TASKS[task].paths:
        assert {name for name in (path.values, path.times, path.answer, path.start, path.touched) if name} <= names


@pytest.mark.parametrize("part", ["statistics", "panels", "plot", "target", "example", "by_stimulus", "flags", "core"])
def test_a_task_that_lacks_a_part_is_refused_by_its_name(part):
    given = {field.name: getattr(TASKS["infer_mixing_factor"], field.name) for field in fields(Task)}
    del given[part]
    with pytest.raises(TypeError, match=part):
        Task(**given)


@pytest.mark.parametrize(("part", "toolbox"), [("statistics", STATISTICS), ("panels", PANELS)])
@pytest.mark.parametrize("names", [(), ("guesses",)])
def test_what_no_toolbox_holds_is_told_with_what_there_is(part, toolbox, names):
    task = replace(TASKS["infer_mixing_factor"], **{part: names})
    with pytest.raises(ConfigurationError, match=f"'infer_mixing_factor': `{part}` names") as caught:
        task.tools(part, toolbox)
    assert all(name in caught.value.hint for name in toolbox)


@pytest.mark.parametrize("part", ["answer", "core", "answered"])
def test_a_column_that_is_none_of_the_task_s_is_refused(part):
    wrong = "certainty" if part == "answered" else ("certainty",)
    with pytest.raises(ValueError, match=f"`{part}` names certainty"):
        replace(TASKS["infer_mixing_factor"], **{part: wrong})


@pytest.mark.parametrize("given", [{}, {"rule": lambda rows: None, "observed_by": "the study"}])
def test_a_flag_that_could_never_fire_or_has_two_sources_is_refused(given):
    with pytest.raises(ValueError, match="'hasty' needs either a rule"):
        Flag("hasty", "answered within a second", **given)


def test_a_task_without_a_released_form_exists_from_2_0_0_on():
    task = replace(TASKS["infer_mixing_factor"], released=None)
    assert task.versions == VERSIONS[1:]
    with pytest.raises(ConfigurationError, match=r"does not exist in schema 1\.0\.0"):
        task.in_version(RELEASED)


def test_a_task_that_came_later_exists_from_its_version_on():
    task = replace(TASKS["infer_mixing_factor"], released=None, since="2.2.0")
    assert task.versions == ("2.2.0", "2.3.0")
    assert task.in_version("2.2.0") == TASKS["infer_mixing_factor"].in_version("2.2.0")
    with pytest.raises(ConfigurationError, match=r"does not exist in schema 2\.1\.0") as refused:
        task.in_version("2.1.0")
    assert "2.2.0 or later" in refused.value.hint


def test_a_task_that_says_nowhere_what_its_answer_is_is_refused():
    with pytest.raises(ValueError, match="none of `answered`, `derived` and `judged`"):
        replace(TASKS["infer_mixing_factor"], answered="")


def test_what_is_judged_may_be_neither_a_number_nor_computed():
    judged = ("top_class", "mean_soft_label")
    task = replace(TASKS["categorical_soft_labels"], derived={}, judged=judged)
    assert task.judged_columns == judged
    assert task.is_over_classes
    with pytest.raises(ValueError, match="`judged` names frequencies"):
        replace(task, judged=("top_class", "frequencies"))


def test_a_column_that_files_may_leave_out_is_optional_in_its_task_alone():
    infer = TASKS["infer_mixing_factor"]
    assert "confidence" in replace(infer, optional=("confidence",)).optional_columns
    assert "confidence" not in infer.optional_columns
    assert "inferred_touched" in infer.optional_columns


def test_versions_of_the_same_columns_are_told_apart_by_what_is_stated():
    judgments = CONFIGURATIONS["infer_mixing_factor"]
    new, old = ({column.name for column in judgments.columns(version)} for version in ("2.2.0", "2.0.0"))
    assert [judgments.version_of(new, stated) for stated in ("2.2.0", "2.1.0", "2.0.0")] == ["2.2.0", "2.1.0", "2.2.0"]
    assert judgments.version_of(old, "2.2.0") == "2.0.0"
    assert judgments.version_of({"task"}, "2.1.0") == "2.1.0"
