"""Figures of the findings: what is drawn of which numbers, what stands apart, which way signs go."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from made_report import number

import hmix_hub
from hmix_hub.findings.finding import Finding, Series, Table
from hmix_hub.findings.page.figures import figures_of
from hmix_hub.findings.wording import MINUS, value_text

NAMES = ("cat", "dog", "emu")
EFFECTS = {"cat": -0.05, "dog": 0.02, "emu": 0.03}
PAIRS = {("cat", "dog"): -0.07, ("cat", "emu"): 0.01, ("dog", "emu"): -0.04}


@pytest.fixture(scope="module")
def report():
    return hmix_hub.report("h-mix", source="sample", resamples=100)


@pytest.fixture(scope="module")
def findings(report):
    return {finding.id: finding for finding in report.findings}


def parsed(figure):
    return ElementTree.fromstring(figure.svg)


def described(figure):
    return parsed(figure).find("{*}desc").text


def words_of(figure):
    return ["".join(element.itertext()) for element in parsed(figure).iter("{http://www.w3.org/2000/svg}text")]


def classes(names=NAMES, pairs=PAIRS):
    effects = [number(f"class.visibility.{name}", EFFECTS.get(name, 0.02), unit="share") for name in names]
    rows = []
    for (one, two), value in pairs.items():
        # Half the width of the interval is .02: that of cat and emu alone contains 0.
        rows.append((one, two, number(f"pair.raw.{one}-{two}", 0.5), number(f"pair.visibility.{one}-{two}", value)))
    order = np.argsort([-effect.value for effect in effects])
    ranked = [effects[place] for place in order]
    names = [names[place] for place in order]
    series = Series.of("class.visibility", "class", ("class", "seen more"), ranked, names=names)
    table = Table("pair.visibility", "Pairs", ("first", "second", "raw mean", "shrunk"), tuple(rows))
    numbers = (*effects, *(cell for row in rows for cell in row[2:]))
    return Finding("class-visibility", "Classes", "", numbers, (table,), (series,))


def test_every_finding_of_the_sample_has_figures(findings):
    drawn = {name: [figure.name.removeprefix("figure-") for figure in figures_of(f)] for name, f in findings.items()}
    assert drawn == {
        "midpoints": ["midpoints", "midpoints-start", "midpoints-flagged"],
        "inferred-against-shown": ["inferred", "inferred-less-shown"],
        "confidence": ["confidence-confidence-by_shown", "confidence-confidence-by_extremeness"],
        "class-visibility": ["classes", "pairs"],
        "soft-label-mass": ["soft-labels", "soft-labels-outside"],
        "test-retest": [
            "retest-icc",
            "retest-retest-infer_mixing_factor",
            "retest-retest-confidence",
            "retest-retest-construct_midpoint",
            "retest-retest-select_shuffled_midpoint",
        ],
        "agreement": ["agreement-agreement"],
        "deviation": ["deviation-deviation"],
        "noise-ceilings": ["ceilings"],
    }


def test_flagged_participants_stand_apart(report, findings):
    means, _, flagged = figures_of(findings["midpoints"])
    (alone,) = [n for n in findings["midpoints"].numbers if n.id.startswith("construct.flagged.")]
    who = report.explain(alone.id).rows[0].participant_id
    assert who in described(flagged)
    assert value_text(alone.value) in described(flagged)
    assert who not in described(means)
    assert "all judgments" not in described(flagged)


def test_lines_of_bland_and_altman_are_the_bias_and_the_limits(findings):
    numbers = {n.id: n.value for n in findings["test-retest"].numbers}
    figure = figures_of(findings["test-retest"])[2]
    ends = [numbers[f"retest.{part}.confidence"] for part in ("bias", "limit.low", "limit.high")]
    said = [f"{'bias ' * (not place)}{end:+.2f}".replace("-", MINUS) for place, end in enumerate(ends)]
    assert set(said) <= set(words_of(figure))


def test_a_pair_is_drawn_with_the_more_visible_class_in_the_row():
    triangle = figures_of(classes())[1]
    assert described(triangle).split("; ") == [
        "dog with cat: 0.070",
        f"emu with cat: {MINUS}0.010",
        "emu with dog: 0.040",
    ]
    assert [word for word in words_of(triangle) if word[0] in f"+{MINUS}"] == ["+.07", f"{MINUS}.01", "+.04"]


def test_pairs_whose_interval_leaves_out_0_are_framed():
    styles = [
        path.get("style", "") for path in parsed(figures_of(classes())[1]).iter("{http://www.w3.org/2000/svg}path")
    ]
    framed = [style for style in styles if "stroke: #000000" in style and "fill: #" in style]
    assert len(framed) == 2


def test_classes_of_any_name_are_drawn():
    name = "</text><script>$x_1$\u202e"
    drawn = figures_of(classes((name, "dog", "emu"), {(name, "dog"): -0.07, (name, "emu"): 0.01}))
    assert len(drawn) == 2
    for figure in drawn:
        assert "script" not in {element.tag.split("}")[-1] for element in parsed(figure).iter()}
        assert any("<script>$x_1$\\x202e" in word for word in words_of(figure))


def test_names_longer_than_a_figure_leave_room_for_it(recwarn):
    names = tuple(letter * 300 for letter in "abc")
    drawn = figures_of(classes(names, {names[:2]: 0.1}))
    assert "a" * 31 + "\u2026" in words_of(drawn[1])
    assert not recwarn.list


def test_pairs_of_too_many_classes_are_in_the_table_alone():
    names = tuple(f"class {place:02}" for place in range(15))
    assert [figure.name for figure in figures_of(classes(names, {names[:2]: 0.1}))] == ["figure-classes"]


def test_a_share_below_0_is_said_and_not_drawn(findings):
    parts = [number(name, value) for name, value in (("a", 104.0), ("b", -4.0))]
    series = Series.of("parts", "parts", ("part", "share"), parts, names=("a", "b"), kind="bars")
    (figure,) = figures_of(Finding("parts", "Parts", "", tuple(parts), (), (series,)))
    assert {"a 104.0 %", f"b {MINUS}4.0 %"} <= set(words_of(figure))


def test_where_nothing_has_an_interval_the_caption_says_so(findings):
    finding = findings["noise-ceilings"]
    (series,) = finding.series
    unknown = np.full(len(series.mean), np.nan)
    (figure,) = figures_of(replace(finding, series=(replace(series, low=unknown, high=unknown),)))
    assert "No intervals" in figure.caption
    assert "95 % intervals" in figures_of(finding)[0].caption


def test_two_figures_share_no_id(findings):
    ids = [
        element.get("id") for f in findings.values() for figure in figures_of(f) for element in parsed(figure).iter()
    ]
    known = [name for name in ids if name]
    assert len(known) == len(set(known)) > 20
