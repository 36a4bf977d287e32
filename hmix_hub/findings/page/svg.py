"""Figures as SVG for a page: reproducible bytes, unique ids, a title and a description."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from hmix_hub.findings.finding import Series
from hmix_hub.findings.wording import value_text

_PLACES = frozenset(["d", "x", "y", "width", "height", "points", "transform"])
SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_DIGITS = re.compile(r"(\d\.\d\d)\d+")
_PIXELS_PER_POINT = 96 / 72
_WIDTH = 4.25
"""Width of every figure in inches: a column of the page, or a phone's screen."""
INK, GREY, RULE = "#1a1a1a", "#555555", "#d0d0d0"
"""Colours of text, secondary text (contrast 7.5 to 1 on white), and grid lines."""
_STYLE: Any = {
    # Keep text as text, so that it can be searched and copied and uses the page's font.
    "svg.fonttype": "none",
    # Names come from anywhere: a dollar sign must not begin a formula.
    "text.parse_math": False,
    "font.size": 8.5,
    "axes.labelsize": 8.5,
    "axes.titlesize": 9.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with the page's own settings, so that a user's settings do not change the bytes."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        # The reader's fonts draw the text, so matplotlib's fonts do not need its glyphs.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def canvas(height: float) -> tuple[Figure, Axes]:
    """Return a figure with constrained layout and a height in inches, and its empty axes."""
    figure = Figure(figsize=(_WIDTH, height), layout=ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03))
    return figure, figure.subplots()


def svg_text(figure: Figure, name: str, title: str, description: str) -> str:
    """Return a figure as an SVG element for an HTML page with other figures.

    Parameters
    ----------
    figure
        The figure, drawn within `house_style`.
    name
        Prefix of the ids in the element: letters and hyphens, unique in the page.
    title, description
        What the figure shows: in a line, and in words for readers who cannot see it.

    Returns
    -------
    str
        The element: `role="img"`, labelled by its `<title>` and `<desc>`, without metadata or styles that would affect
        the page. The same figure and version of matplotlib give the same text.
    """
    stream = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(stream, format="svg", metadata={"Date": None}, transparent=True)
    root = ElementTree.fromstring(stream.getvalue())  # noqa: S314 - as above
    _strip(root)
    _rename_ids(root, name)
    _use_letters_of_page(root)
    width, height = (float(root.attrib.pop(side).removesuffix("pt")) for side in ("width", "height"))
    root.attrib.pop("version", None)
    root.attrib |= {
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "width": f"{width * _PIXELS_PER_POINT:.0f}",
        "height": f"{height * _PIXELS_PER_POINT:.0f}",
    }
    for place, (kind, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(f"{{{SVG}}}{kind}", {"id": f"{name}-{kind}"})
        element.text = text
        root.insert(place, element)
    ElementTree.register_namespace("", SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _strip(root: ElementTree.Element) -> None:
    """Remove the metadata, which name the version of matplotlib, and the style, which would affect the whole page."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{{{SVG}}}metadata", f"{{{SVG}}}style"}:
                parent.remove(child)
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")


def _rename_ids(root: ElementTree.Element, name: str) -> None:
    """Prefix ids that are referenced, and their references; remove all other ids, which repeat between figures."""
    elements = list(root.iter())
    used = {value.removeprefix("#") for element in elements if (value := element.get(_LINK))}
    used |= {found for element in elements for value in element.attrib.values() for found in _REFERENCE.findall(value)}
    for element in elements:
        for key, value in list(element.attrib.items()):
            if key == "id":
                del element.attrib[key]
                if value in used:
                    element.set("id", f"{name}-{value}")
            elif key == _LINK:
                del element.attrib[key]
                element.set("href", f"#{name}-{value.removeprefix('#')}")
            elif "url(#" in value:
                element.set(key, _REFERENCE.sub(rf"url(#{name}-\1)", value))
            elif key in _PLACES:
                # Nobody sees a hundredth of a point.
                element.set(key, _DIGITS.sub(r"\1", value))


def _use_letters_of_page(root: ElementTree.Element) -> None:
    """Remove matplotlib's fonts, so that the page's own apply."""
    for element in root.iter(f"{{{SVG}}}text"):
        style = element.get("style", "")
        size = re.search(r"font(?:-size)?: (?:\w+ )*?([\d.]+)px", style)
        weight = "; font-weight: 700" if re.search(r"font(-weight)?: (\w+ )*(bold|700)", style) else ""
        kept = [part.strip() for part in style.split(";") if part.strip() and not part.strip().startswith("font")]
        element.set("style", "; ".join([f"font-size: {size[1] if size else '8'}px{weight}", *kept]))


_LONG_NAME = 64
"""Maximum length of a name in a figure."""


@dataclass(frozen=True)
class Drawn:
    """A figure of the page.

    Parameters
    ----------
    name
        Id in the page.
    title
        Title.
    svg
        SVG element, safe to include in HTML.
    caption
        Caption.
    """

    name: str
    title: str
    svg: str
    caption: str


def drawn(figure: Figure, name: str, title: str, values: str, caption: str) -> Drawn:
    """Return a figure for the page.

    `figure` is drawn within `house_style`, `name` is unique, and `values` describes the figure for readers who cannot
    see it.
    """
    name = f"figure-{name.replace('.', '-')}"
    return Drawn(name, title, svg_text(figure, name, title, values), caption)


def bars(group: Sequence[Series]) -> str:
    """Return a sentence on the error bars of series."""
    if any(np.isfinite(series.low).any() for series in group):
        return "Error bars are 95 % intervals."
    return "No intervals, which need at least two participants."


def said(group: Sequence[Series]) -> str:
    """Return the values of series in words."""
    return " ".join(_said(series) for series in group)


def _said(series: Series) -> str:
    places = series.names or [f"{level:g}" for level in series.levels]
    values = "; ".join(f"{place}: {value_text(mean)}" for place, mean in zip(places, series.mean, strict=True))
    return f"{series.label}, {series.y_label}: {values}."


def short(name: str, most: int = _LONG_NAME) -> str:
    """Return a name, shortened to fit into a figure."""
    return name if len(name) <= most else name[: most - 1] + "\u2026"
