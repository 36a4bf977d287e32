"""Filters of the page keep the rows that `hmix_hub.filter` keeps, and the code in its box loads them."""

from __future__ import annotations

import ast
import random
import re
import shlex

import pyarrow.csv
import pytest
from click.testing import CliRunner
from explored import rows_that_meet

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

import hmix_hub
from hmix_hub.cli.main import main
from hmix_hub.tasks import INFER, TASKS

CLASSES = ("cat", "Dog", "truck", "ship", "FROG")


def number_text(value):
    """Write a number or an interval as the command line takes it."""
    return ":".join("" if end is None else str(end) for end in value) if isinstance(value, tuple) else str(value)


def random_number(draw, column):
    known = sorted({value for value in column if value is not None}) or [0.5]
    low, high = sorted(draw.choices(known, k=2))
    return draw.choice([known[0], draw.choice(known), (low, high), (low, None), (None, high)])


def random_filters(draw, dataset, task):
    """Draw filters of a task: as arguments in Python, and as texts of the address."""
    own = {name: column for name in TASKS[task].filters if isinstance((column := dataset[name])[0], float | int)}
    numbers = own | {"response_time_ms": dataset["response_time_ms"], "presentation": dataset["presentation"]}
    if "mixing_coefficient" in dataset.column_names:
        numbers["mixing_coefficient"] = dataset["mixing_coefficient"]
    arguments, texts = {}, {}
    for name in draw.sample([*numbers, "labels", "class_pair", "repeats", "participants", "pairs", "flags"], k=3):
        if name in numbers:
            values = [random_number(draw, numbers[name]) for _ in range(draw.randint(1, 3))]
            arguments[name], texts[name] = values, list(map(number_text, values))
        elif name == "labels":
            arguments[name] = texts[name] = draw.sample(CLASSES, k=2)
        elif name == "class_pair":
            pairs = [tuple(draw.sample(CLASSES, k=2)) for _ in range(6)]
            arguments[name], texts[name] = pairs, [",".join(pair) for pair in pairs]
        elif name == "repeats":
            arguments[name] = draw.random() < 0.5
            texts[name] = [str(arguments[name]).lower()]
        elif name == "flags":
            arguments["exclude_flags"] = texts["exclude_flags"] = draw.sample(
                ["straightlining", "untouched_sliders"], 1
            )
        else:
            column = dataset["participant_id" if name == "participants" else "pair_id"]
            arguments[name] = texts[name] = draw.sample(sorted(set(column)), k=5)
    return arguments, texts


def address(task, texts):
    return "&".join([f"task={task}", *(f"{name}={text}" for name, each in texts.items() for text in each)])


def test_random_filters_keep_the_rows_that_python_keeps(sample, load_sample, task):
    draw, dataset = random.Random(task), load_sample(task)
    sizes = set()
    for _ in range(10):
        arguments, texts = random_filters(draw, dataset, task)
        sample.show(address(task, texts))
        assert sample.rows == rows_that_meet(dataset, **arguments), arguments
        assert sample.notices == []
        sizes.add(len(sample.rows))
    assert len(sizes) > 4


@pytest.mark.parametrize(
    ("number", "texts", "arguments"),
    [
        (0, {"chosen_class": ["cat", "dog"]}, {"chosen_class": ["cat", "dog"]}),
        (0, {"confidence": ["0.4:"], "labels": ["ship"]}, {"confidence": (0.4, None), "labels": "ship"}),
        (1, {"scale": ["likeness"], "rating": [":0.5"]}, {"scale": "likeness", "rating": (None, 0.5)}),
        (2, {"n_votes": ["20"], "labels": ["deer"]}, {"n_votes": 20, "labels": "deer"}),
    ],
)
def test_answers_of_the_other_tasks_can_be_filtered(others, other_studies, number, texts, arguments):
    study = other_studies[number]
    others.show(address(study.name, texts))
    dataset = hmix_hub.load_dataset(str(study), study.name, split="train")
    assert others.rows == rows_that_meet(dataset, **arguments)
    assert 0 < len(others.rows) < len(dataset)
    assert others.notices == []


def test_numbers_are_equal_within_a_billionth_and_intervals_are_closed(sample):
    kept = {}
    for text in ("0.25", "0.2500000005", "0.25001", "0.25:0.75", "0.25:", ":0.25", "1e-1:2.5e-1"):
        sample.show(f"task=infer_mixing_factor&mixing_coefficient={text}")
        kept[text] = len(sample.rows)
    assert kept["0.25"] == kept["0.2500000005"] > 0
    assert kept["0.25001"] == 0
    assert kept["0.25:"] + kept[":0.25"] - kept["0.25"] == sample.ask("hmix.explorer.view.data.judgments.n")
    assert kept["1e-1:2.5e-1"] == kept[":0.25"]


@pytest.mark.parametrize(
    ("view", "told"),
    [
        ("colour=red", "has no filter “colour”"),
        ("labels=unicorn", "“unicorn” is not a class"),
        ("mixing_coefficient=half", "“half” is neither a number nor an interval"),
        ("mixing_coefficient=0.9:0.1", "is reversed: write 0.1:0.9"),
        ("confidence=7", "“7” is not from 0 to 1"),
        ("participants=nobody", "“nobody” does not occur"),
        ("exclude_flags=tired", "“tired” is not a flag"),
        ("repeats=maybe", "is neither true nor false"),
        ("class_pair=dog", "is not a pair such as dog,frog"),
        ("task=infer", "There is no task “infer”"),
        ("constructor=1", "has no filter “constructor”"),
        ("__proto__=1", "has no filter “__proto__”"),
        ("sort=beauty", "There is no sort order “beauty”"),
        ("sort=toString", "There is no sort order “toString”"),
        ("stimulus=mixed", "There is no stimulus “mixed”"),
        ("participant=nobody", "There is no participant “nobody”"),
    ],
)
def test_what_cannot_be_read_is_told_and_left_out(sample, view, told):
    sample.show(view)
    assert told in " ".join(sample.notices)
    assert len(sample.rows) == sample.ask("hmix.explorer.view.data.judgments.n")


def test_what_can_be_read_counts_beside_what_cannot(sample, load_sample):
    sample.show("task=infer_mixing_factor&labels=dog&labels=unicorn")
    assert sample.rows == rows_that_meet(load_sample(), labels="dog")
    assert len(sample.notices) == 1


def test_boxes_are_checked_by_value_however_it_is_written(sample):
    sample.show("task=infer_mixing_factor&labels=DOG&labels=dog&mixing_coefficient=.50")
    for name in (r"^dog\b", r"^0\.5\b"):
        expect(sample.page.get_by_role("checkbox", name=re.compile(name)).first).to_be_checked()
    assert sample.page.locator(".chip b").all_inner_texts() == ["dog", "0.5"]


def test_participants_of_another_task_alone_are_none_of_this_one(sample, load_sample):
    construct, infer = (set(load_sample(task)["participant_id"]) for task in ("construct_midpoint", INFER))
    name = min(infer - construct)
    sample.show(f"task=construct_midpoint&participants={name}")
    assert sample.notices == [f"participants: “{name}” does not occur in these judgments. It is ignored."]
    assert len(sample.rows) == len(load_sample("construct_midpoint"))
    facet = sample.page.locator(".facet", has=sample.page.get_by_text("Participants", exact=True))
    facet.locator("summary").click()
    expect(facet.get_by_role("checkbox")).to_have_count(len(construct))
    facet.locator("summary").click()
    sample.show(f"task=construct_midpoint&participant={name}")
    expect(sample.page.get_by_role("link", name="Their stimuli")).to_have_count(0)


CODES = [
    ("infer_mixing_factor", {"mixing_coefficient": ["0.25:0.75", "0.1"], "labels": ["dog", "cat"]}),
    ("infer_mixing_factor", {"class_pair": ["dog,frog"], "repeats": ["false"], "confidence": ["0.5:"]}),
    ("construct_midpoint", {"exclude_flags": ["straightlining"], "selected_coefficient": [":0.5"]}),
    ("categorical_soft_labels", {"class_pair": ["dog,ship", "ship,truck", "cat,horse"], "response_time_ms": ["1000:"]}),
]


@pytest.mark.parametrize(("task", "texts"), CODES)
def test_the_python_shown_loads_the_rows_shown(sample, load_sample, task, texts):
    sample.show(address(task, texts))
    code = sample.page.get_by_label("Code of this selection").locator("code").inner_text()
    assignment = ast.parse(code).body[1]
    assert isinstance(assignment, ast.Assign)
    call = assignment.value
    assert isinstance(call, ast.Call)
    assert ast.unparse(call.func) == "hmix_hub.load_dataset"
    loaded = hmix_hub.load_dataset(
        *map(ast.literal_eval, call.args),
        **{argument.arg: ast.literal_eval(argument.value) for argument in call.keywords},
    )
    assert loaded["judgment_id"] == load_sample(task).select(sample.rows)["judgment_id"]
    assert len(loaded) > 0


@pytest.mark.parametrize(("task", "texts"), CODES)
def test_the_command_shown_loads_the_rows_shown(sample, load_sample, task, texts, tmp_path):
    sample.show(address(task, texts))
    sample.page.get_by_role("button", name="Command line").click()
    code = sample.page.get_by_label("Code of this selection").locator("code").inner_text()
    sample.page.get_by_role("button", name="Python").click()
    program, *words = shlex.split(code.replace("\\\n", ""))
    assert program == "hmix"
    done = CliRunner().invoke(main, [*words, "--columns", "judgment_id", "-o", str(tmp_path / "rows.csv")])
    assert done.exit_code == 0, done.output
    written = pyarrow.csv.read_csv(tmp_path / "rows.csv")["judgment_id"].to_pylist()
    assert written == load_sample(task).select(sample.rows)["judgment_id"]


def test_counts_say_what_each_value_would_give(sample, load_sample):
    dataset = load_sample()
    sample.show("task=infer_mixing_factor&labels=dog&mixing_coefficient=0.5")
    facets = sample.page.locator(".facets")
    cat = facets.locator("label.box", has_text="cat").locator(".n")
    quarter = facets.locator("label.box", has_text="0.25").first.locator(".n")
    assert cat.inner_text() == str(len(rows_that_meet(dataset, labels="cat", mixing_coefficient=0.5)))
    assert quarter.inner_text() == str(len(rows_that_meet(dataset, labels="dog", mixing_coefficient=0.25)))
