"""Pictures of a study: from the statistics alone, always the same bytes, and marked with what they show."""

from __future__ import annotations

import hashlib

import matplotlib
import numpy as np
import pyarrow.compute as pc
import pytest
from changed_study import with_tables
from matplotlib.text import Text
from PIL import Image

from hmix_hub.contribute.description.figures import _figure, draw_figures, figure_is_current, figure_path
from hmix_hub.contribute.description.panels import panels_of
from hmix_hub.contribute.description.totals import statistics_text, study_statistics
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CONSTRUCT, INFER, TASKS

pytestmark = pytest.mark.usefixtures("drawn_always")


@pytest.fixture
def content(request, tmp_path):
    return Study.open(write_files(tmp_path / "study", example_study(getattr(request, "param", INFER))))


@pytest.mark.parametrize("content", TASKS, indirect=True)
def test_each_task_has_a_picture_marked_with_its_statistics(content, tmp_path):
    found = study_statistics(content)
    (name,) = draw_figures(found, tmp_path / "statistics")
    (task,) = found["tasks"]
    path = tmp_path / figure_path(task)
    assert name == path.name
    with Image.open(path) as picture:
        assert picture.size == (1210, 682)
        assert picture.info["statistics"] == hashlib.sha256(statistics_text(found).encode()).hexdigest()
    assert figure_is_current(path, found)


def test_the_same_statistics_give_the_same_bytes_whatever_the_users_settings(content, tmp_path):
    found = study_statistics(content)
    draw_figures(found, tmp_path / "one")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        draw_figures(found, tmp_path / "two")
        assert matplotlib.rcParams["font.size"] == 30
    one, two = ((tmp_path / folder / f"{INFER}.png").read_bytes() for folder in ("one", "two"))
    assert one == two
    assert b"Software" not in one
    assert b"tIME" not in one


def test_a_picture_of_other_statistics_is_not_current(content, tmp_path):
    draw_figures(study_statistics(content), tmp_path)
    fewer = with_tables(content, {name: table.slice(0, 20) for name, table in content.tables.items()})
    assert not figure_is_current(tmp_path / f"{INFER}.png", study_statistics(fewer))


@pytest.mark.parametrize(
    "bytes_", [None, b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x04tEXt"]
)
def test_what_is_no_picture_is_not_current(bytes_, tmp_path):
    path = tmp_path / "picture.png"
    if bytes_ is not None:
        path.write_bytes(bytes_)
    assert not figure_is_current(path, {"tasks": {}})


@pytest.mark.parametrize("n", [0, 1, 30])
@pytest.mark.parametrize("content", [CONSTRUCT, INFER], indirect=True)
def test_little_data_is_drawn_too(content, n, tmp_path):
    few = with_tables(content, {name: table.slice(0, n) for name, table in content.tables.items()})
    assert len(draw_figures(study_statistics(few), tmp_path)) == 1


def test_every_panel_shows_the_counts_of_its_statistics(content):
    from matplotlib.figure import Figure

    figures = study_statistics(content)["tasks"][INFER]
    heights = {}
    for panel in panels_of(INFER):
        axes = Figure().subplots()
        panel(axes, figures)
        heights[panel.__name__] = [bar.get_height() for bar in axes.patches]
    assert heights["per_stimulus"] == figures["judgments_per_stimulus"]["histogram"]["counts"]
    assert heights["coefficients"] == figures["coefficients"]["histogram"]["counts"]
    assert heights["response_times"] == figures["response_time_ms"]["histogram"]["counts"]
    assert heights["confidence"] == figures["confidence"]["histogram"]["counts"]
    pairs = [figures[part]["absolute_differences"]["counts"] for part in ("agreement", "retest")]
    shares = [count / sum(counts) for counts in pairs for count in counts]
    assert heights["differences"] == pytest.approx(shares)


def drawn_panels(content, task):
    from matplotlib.figure import Figure

    figures = study_statistics(content)["tasks"][task]
    drawn = {}
    for panel in panels_of(task):
        drawn[panel.__name__] = Figure().subplots()
        panel(drawn[panel.__name__], figures)
    return figures, drawn


def test_bias_is_drawn_with_its_intervals_and_a_level_of_one_participant_with_none(content):
    figures, drawn = drawn_panels(content, INFER)
    (container,) = drawn["bias"].containers
    (bars,) = container[2]
    levels = figures["bias"]["by_coefficient"]
    for segment, level in zip(bars.get_segments(), levels, strict=True):
        assert segment[:, 1].tolist() == pytest.approx(level["interval"])
        assert level["interval"][0] <= level["bias"] <= level["interval"][1]
    low, high = drawn["bias"].get_ylim()
    assert -1 <= low < min(level["interval"][0] for level in levels)
    assert max(level["interval"][1] for level in levels) < high <= 1
    one = content.tables[INFER].column("participant_id")[0]
    table = content.tables[INFER]
    alone = with_tables(content, {INFER: table.filter(pc.equal(table["participant_id"], one))})
    (bars,) = drawn_panels(alone, INFER)[1]["bias"].containers[0][2]
    assert all(np.isnan(segment).any() or not len(segment) for segment in bars.get_segments())


@pytest.mark.parametrize("content", TASKS, indirect=True)
def test_no_panel_of_shares_goes_beyond_0_or_1(content):
    (task,) = content.tables.keys() & TASKS.keys()
    _, drawn = drawn_panels(content, task)
    for name in {"coefficients", "differences", "bias", "mass", "confidence"} & drawn.keys():
        assert drawn[name].get_xlim() == (0, 1), name
    for name in {"mass", "classes_agreed"} & drawn.keys():
        assert drawn[name].get_ylim() == (0, 1), name


@pytest.mark.parametrize("n", [5, None])
@pytest.mark.parametrize("content", TASKS, indirect=True)
def test_no_word_of_a_picture_leaves_it_or_lies_on_another(content, n, misplaced_words):
    (task,) = content.tables.keys() & TASKS.keys()
    tables = content.tables if n is None else {task: content.tables[task].slice(0, n)}
    figures = study_statistics(with_tables(content, tables))["tasks"][task]
    assert misplaced_words(_figure(figures, "a title", task, is_synthetic=n is None)) == []


def test_a_picture_says_what_its_intervals_are(content):
    figures = study_statistics(content)["tasks"][INFER]
    texts = [text.get_text() for text in _figure(figures, "a title", INFER, is_synthetic=False).findobj(Text)]
    assert any("intervals of means: 95%, by resampling participants" in text for text in texts)
