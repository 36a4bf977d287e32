"""Panels of votes whose voters are not known; see `hmix_hub.contribute.description.panels`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmix_hub.contribute.description.drawing import count_bars, draw_nothing, inscribe, mark_in_words, share_bars
from hmix_hub.plots.axes import share_axis
from hmix_hub.plots.figure import PEOPLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST_NAME = 34


def votes_per_stimulus(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how many votes a stimulus has."""
    votes = figures["votes"]
    count_bars(axes, votes["per_stimulus"]["histogram"])
    words = f"{votes['total']:,} votes" + (f", unknown for {votes['missing']:,} stimuli" if votes["missing"] else "")
    inscribe(axes, "Votes per stimulus", "votes", "stimuli", words)


def entropy(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how far votes are spread over the classes."""
    found = figures["entropy"]
    share_bars(axes, found["histogram"])
    mean = "" if found["mean"] is None else f"mean {found['mean']:.2f} of at most {found['largest']:.2f} nats"
    inscribe(axes, "Entropy of the votes", "share of the largest possible entropy", "stimuli", mean)


def leading_class(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how large the share of the leading class is."""
    share_bars(axes, figures["leading"]["histogram"])
    words = mark_in_words(axes, figures["leading"]) if figures["leading"]["mean"] is not None else ""
    inscribe(axes, "Votes for the leading class", "share of the votes", "stimuli", words)


def votes_for_label(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how large the share of the picture's own class is, and say how often that leads."""
    found = figures["of_label"]
    share_bars(axes, found["histogram"])
    words = "" if found["share"] is None else f"it leads in {100 * found['share']:.1f} % of the stimuli"
    inscribe(axes, "Votes for the class of the picture", "share of the votes", "stimuli", words)


def most_disputed(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the stimuli whose votes are spread most, with the share of their leading class."""
    found = figures["most_disputed"]
    if found:
        axes.barh(range(len(found)), [one["leading"] for one in found], 0.7, color=PEOPLE)
        names = [one["stimulus"].removeprefix("mixed_1.0_")[:_LONGEST_NAME] for one in found]
        axes.set_yticks(range(len(found)), names, fontsize=6)
        axes.invert_yaxis()
        share_axis(axes)
    else:
        draw_nothing(axes)
    inscribe(axes, "Most disputed stimuli", "share of the votes for the leading class", "")


VOTE_PANELS = (votes_per_stimulus, entropy, leading_class, votes_for_label, most_disputed)
"""Panels that draw votes alone."""
