"""Card of a study: the README.md of its repository on the Hub, generated from its manifest and tables."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache, partial
from importlib import resources
from typing import TYPE_CHECKING, Any

from hmix_hub.contribute.description.card_metadata import card_metadata, licence_address
from hmix_hub.contribute.description.figures import figure_path
from hmix_hub.contribute.description.markdown import (
    Markdown,
    block,
    code,
    inline,
    link,
    paragraphs,
    reachable,
    safe,
    table,
)
from hmix_hub.contribute.description.ratings import scale_table
from hmix_hub.contribute.description.totals import study_statistics
from hmix_hub.contribute.description.wording import Wording
from hmix_hub.schema import Column
from hmix_hub.schema.column import BY_CLASS_KINDS, as_markdown, column_table
from hmix_hub.sources.image_set import PIXEL_LINEAR
from hmix_hub.sources.image_sets import IMAGE_SETS
from hmix_hub.studies.manifest import ELSEWHERE, LISTED_PICTURES, OWN_PICTURES, SINGLE, Manifest
from hmix_hub.studies.manifest_fields import PLACEHOLDER
from hmix_hub.studies.participants import PARTICIPANTS_CONFIGURATION
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CONFIGURATIONS, FLAGS, TASKS

if TYPE_CHECKING:
    import jinja2

TEMPLATE = "study.md.jinja"

_MOST_CLASSES = 200
"""Maximum number of class names in a card; the rest are in its metadata."""

_OWN = "The pictures are the study's own, listed in `stimuli/images.csv`: {both} of it."
_ELSEWHERE = (
    "The pictures may not be published and are not part of this dataset; `stimuli/images.csv` lists them with their "
    "labels and sizes: {both} of it. With the pictures, the stimuli can be drawn by "
    '`hmix_hub.render(dataset, image_sets={{"%s": folder}})`, which compares every file with the list.'
)


def card_text(study: Study) -> str:
    """Return the card of a study: Markdown with a YAML header, the same text for the same study.

    Texts from the manifest are escaped and shown as plain text.
    """
    return _template().render(_values(study))


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        # No HTML escaping: `finalize` escapes all text that is not marked as Markdown.
        autoescape=False,  # noqa: S701
        finalize=safe,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "raw": Markdown,
        "picture": lambda task: Markdown(figure_path(task)),
        "licence": _licence,
        **{filter_.__name__: filter_ for filter_ in (block, code, link, paragraphs, reachable)},
    }
    template = resources.files("hmix_hub.dataset_cards").joinpath(TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(template)


def _values(study: Study) -> dict[str, Any]:
    statistics = study_statistics(study)
    wording = study.once(Wording.of)
    return {
        "metadata": Markdown(card_metadata(study)),
        "manifest": study.manifest,
        "statistics": statistics,
        "wording": wording,
        "default": study.default,
        "configurations": _configurations(study, statistics, wording),
        **_columns(study, wording),
        **_stimuli(study.manifest, wording),
        "n_votes": statistics.get("votes", 0),
        "n_rounds": len(statistics["collection_rounds"]),
        "figures_table": figures_table(statistics, without=("pairs of pictures",) if wording.is_single else ()),
        "flags": _flags(statistics, wording),
    }


def _configurations(study: Study, statistics: dict[str, Any], wording: Wording) -> Markdown:
    rows = []
    for name in study.configurations:
        repeats, meaning = "", "One row per participant."
        if name != PARTICIPANTS_CONFIGURATION:
            figures, meaning = statistics["tasks"][CONFIGURATIONS[name].task], wording.row(name)
            repeats = "" if CONFIGURATIONS[name].by_stimulus else str(figures.get("repeats", ""))
        cells = {"configuration": code(name), "rows": str(study.rows_of(name)), "repeats": repeats}
        rows.append(cells | {"what a row is": Markdown(meaning)})
    return table(rows)


def _columns(study: Study, wording: Wording) -> dict[str, Any]:
    """Return descriptions of all columns: first the shared ones, then those of each task and the study's own."""
    names = [name for name in study.configurations if name in TASKS]
    shared = [c for c in study.columns(names[0]) if all(map(partial(_is_shared, c), names))] if names else []
    own = {name: [c for c in study.columns(name) if c not in shared] for name in names}
    return {
        "shared_columns": Markdown(column_table(wording.columns(shared))) if shared else "",
        "tasks": [
            {
                "name": code(name),
                "question": Markdown(wording.question(name)),
                "pooled": TASKS[name].without_participants,
                "protocol": Markdown(wording.protocol() if TASKS[name].asked_columns else ""),
                "columns": Markdown(column_table(wording.columns(own[name]))),
                "scales": scale_table(study.manifest, study_statistics(study)["tasks"][name]),
                "has_distribution": any(c.kind in BY_CLASS_KINDS for c in own[name]),
                "extras": _own_columns(study, name),
            }
            for name in names
        ],
        "by_stimulus": [
            {"name": code(name), "columns": Markdown(column_table(wording.columns(study.columns(name))))}
            for name in study.configurations
            if name in CONFIGURATIONS and name not in names
        ],
        "participants": _own_columns(study, PARTICIPANTS_CONFIGURATION) if study.participants is not None else "",
    }


def _is_shared(column: Column, task: str) -> bool:
    """Return whether a column of a task is shared by all tasks."""
    return column in TASKS[task].columns and column not in TASKS[task].own_columns


def _own_columns(study: Study, name: str) -> Markdown:
    known = {column.name for column in study.columns(name)}
    own = {column: feature for column, feature in study.features(name).items() if column not in known}
    return table({"column": code(column), "type": _type(feature)} for column, feature in own.items())


def _type(feature: Any) -> str:
    """Return the name of an own column's type; records have no short name."""
    from datasets import List

    if isinstance(feature, List):
        return f"list of {_type(feature.feature)}"
    return str(getattr(feature, "dtype", "record"))


def _stimuli(manifest: Manifest, wording: Wording) -> dict[str, Any]:
    names = manifest.vocabulary.names
    listed = ", ".join(f"{number} {inline(name)}" for number, name in enumerate(names[:_MOST_CLASSES]))
    more = f", and {len(names) - _MOST_CLASSES} more in the metadata of this card" if len(names) > _MOST_CLASSES else ""
    methods = {
        PIXEL_LINEAR: "They were mixed pixel by pixel: `lambda * image_1 + (1 - lambda) * image_2`; the mixing "
        "coefficient lambda is the share of image 1.",
        SINGLE: "Participants saw one picture at a time.",
    }
    mixing = SINGLE if wording.is_single else manifest.stimuli.mixing
    other = f"They were mixed by `{mixing}`; the mixing coefficient is the share of image 1."
    return {
        "n_classes": len(names),
        "classes": Markdown(listed + more),
        "pictures": Markdown(_source(manifest, wording)),
        "mixing": Markdown(methods.get(mixing, other)),
    }


def _source(manifest: Manifest, wording: Wording) -> str:
    source = manifest.stimuli.source
    if source not in {*LISTED_PICTURES, *IMAGE_SETS}:
        return f"{PLACEHOLDER}: study.yaml does not name the pictures yet."
    both = "`image_1_index` and `image_2_index` are 0-based rows"
    listed = {OWN_PICTURES: _OWN, ELSEWHERE: _ELSEWHERE % manifest.image_set}
    sentence = listed[source] if source in listed else IMAGE_SETS[source].sentence
    return sentence.format(both="`image_1_index` is a 0-based row" if wording.is_single else both)


def _flags(statistics: dict[str, Any], wording: Wording) -> Markdown:
    return table(
        {
            "flag": code(flag),
            "task": code(task),
            "rows": str(counts["rows"]),
            "people": str(counts.get("people", "")),
            "meaning": Markdown(as_markdown(FLAGS[flag].meaning)),
        }
        for task, figures in statistics["tasks"].items()
        for flag, counts in figures["flags"].items()
        if wording.can_have(flag)
    )


def _licence(spdx: str) -> Markdown:
    """Return a licence's name, linked to its text unless it is an expression of several or the authors' own."""
    address = licence_address(spdx)
    return inline(spdx) if spdx in {address, PLACEHOLDER} else link(spdx, address)


Figures = dict[str, Any]


def _spread(counts: dict[str, Any]) -> str | None:
    return None if counts["min"] is None else f"{counts['min']} / {counts['median']:g} / {counts['max']}"


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.1f} %"


_MEASURES: dict[str, Callable[[Figures], object]] = {
    "judgments": lambda f: f["judgments"] if "people" in f else None,
    "repeats": lambda f: f["repeats"],
    "people": lambda f: f["people"],
    "stimuli": lambda f: f["stimuli"],
    "pairs of pictures": lambda f: f["pairs"],
    "votes": lambda f: f["votes"]["total"],
    "votes per stimulus (least / median / most)": lambda f: _spread(f["votes"]["per_stimulus"]),
    "judgments per stimulus (least / median / most)": lambda f: (
        _spread(f["judgments_per_stimulus"]) if "people" in f else None
    ),
    "judgments per participant (least / median / most)": lambda f: _spread(f["judgments_per_person"]),
    "mean selected coefficient": lambda f: (
        f["coefficients"]["mean"] if f["coefficients"]["column"] == "selected_coefficient" else None
    ),
    "response time, median, s": lambda f: (
        None if (median := f["response_time_ms"]["quantiles"]["50"]) is None else round(median / 1000, 3)
    ),
    "response times over a minute": lambda f: _percent(f["response_time_ms"]["share_over_a_minute"]),
    "response times missing": lambda f: f["response_time_ms"]["missing"],
    "agreement: pairs of participants": lambda f: f["agreement"]["pairs"],
    "agreement: mean absolute difference": lambda f: f["agreement"].get("mean_absolute_difference"),
    "agreement: SD within a stimulus": lambda f: f["agreement"].get("within_stimulus_sd"),
    "agreement: ICC(1)": lambda f: f["agreement"].get("icc_1"),
    "agreement: same top class": lambda f: _percent(f["agreement"].get("same_top_class")),
    "agreement: mean total variation distance of soft labels": lambda f: f["agreement"].get("mean_total_variation"),
    "agreement: Fleiss' kappa": lambda f: f["agreement"].get("fleiss_kappa"),
    "agreement: Krippendorff's alpha": lambda f: f["agreement"]["krippendorff_alpha"],
    "agreement with the class of the picture": lambda f: _percent(f.get("of_label", {}).get("share")),
    "test-retest: pairs of answers": lambda f: f["retest"]["pairs"],
    "test-retest: mean absolute difference": lambda f: f["retest"].get("mean_absolute_difference"),
    "test-retest: Pearson's r": lambda f: f["retest"].get("pearson_r"),
    "test-retest: same top class": lambda f: _percent(f["retest"].get("same_top_class")),
    "test-retest: mean total variation distance of soft labels": lambda f: f["retest"].get("mean_total_variation"),
    "bias: mean of inferred minus shown": lambda f: f.get("bias", {}).get("bias"),
    "mean absolute error, inferred against shown": lambda f: f.get("bias", {}).get("mean_absolute_error"),
    "mean entropy of the votes, nats": lambda f: f["entropy"]["mean"],
    "mean share of the leading class": lambda f: f["leading"]["mean"],
    "mean confidence": lambda f: f.get("confidence", {}).get("mean"),
}


def figures_table(statistics: dict[str, Any], *, without: Collection[str] = ()) -> Markdown:
    """Return a table of the figures of every task; measures that no task has, or in `without`, are left out."""
    tasks = statistics["tasks"]
    rows = []
    for label, measure in _MEASURES.items():
        values = [_value(measure, figures) for figures in tasks.values()]
        if label not in without and any(value is not None for value in values):
            cells: dict[str, str] = {code(task): _cell(value) for task, value in zip(tasks, values, strict=True)}
            rows.append({"": inline(label)} | cells)
    return table(rows)


def _value(measure: Callable[[Figures], object], figures: Figures) -> object:
    """Return a measure of a task; `None` if the task does not have it."""
    try:
        return measure(figures)
    except KeyError:
        return None


def _cell(value: object) -> Markdown:
    return Markdown("" if value is None else f"{value:.3f}" if isinstance(value, float) else value)
