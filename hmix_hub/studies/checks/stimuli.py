"""Check of stimuli, row by row: pictures exist, have the row's classes, and come from the study's image set."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema.arrays import as_mask
from hmix_hub.sources.image_set import METHOD_MARK, PIXEL_LINEAR, size_text
from hmix_hub.studies.findings import Ints, Mask, Reporter
from hmix_hub.studies.manifest import SINGLE, Manifest
from hmix_hub.studies.manifest_fields import is_placeholder
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.pictures import Keys, KnownPictures, mixture_keys
from hmix_hub.studies.rules import stimuli as rules
from hmix_hub.tasks import TASKS


def check_stimuli(
    chunk: ObservedChunk, task: str, manifest: Manifest, pictures: KnownPictures | None, reporter: Reporter
) -> Mask:
    """Check the stimuli of N rows; return which are valid, bool (N,)."""
    is_single, good = _check_single(chunk, task, reporter)
    good &= _check_image_set(chunk, manifest, reporter)
    if manifest.stimuli.mixing == SINGLE:
        good &= reporter.of("image_2_index").add_where(rules.MIXING, ~is_single, chunk.rows)
    index, label = ([chunk.codes(f"image_{i}_{part}") for i in (1, 2)] for part in ("index", "label"))
    known = [(index[i] >= 0) & (label[i] >= 0) for i in (0, 1)]
    same = (index[0] == index[1]) & (index[0] >= 0)
    good &= chunk.report(reporter, "image_2_index", rules.SAME_PICTURE, same) & known[0] & (is_single | known[1])
    if pictures is None:
        return good
    known = [there & ~same for there in known]
    good &= _check_labels(chunk, index, label, known, reporter, pictures=pictures, names=manifest.vocabulary.names)
    if manifest.stimuli.mixing == PIXEL_LINEAR and pictures.sizes is not None:
        good &= _check_sizes(chunk, index, pictures.sizes, reporter)
    if pictures.mixtures is not None:
        good &= _check_mixtures(chunk, index, TASKS[task].coefficient_column, pictures.mixtures, reporter)
    return good


def _check_single(chunk: ObservedChunk, task: str, reporter: Reporter) -> tuple[Mask, Mask]:
    """Return which rows have a single picture, and which have complete columns for one or two."""
    # A missing column is reported elsewhere; the other column then determines which pictures are single.
    written = [chunk.present[name] for name in ("image_2_label", "image_2_index") if name in chunk.present]
    written = written or [np.zeros(len(chunk), dtype=bool)]
    has_label, has_index = written[0], written[-1]
    is_single, here = ~has_label & ~has_index, reporter.of("image_2_index")
    good = here.add_where(
        rules.SINGLE,
        has_label != has_index,
        chunk.rows,
        note=lambda row: f"image_2_{'index' if has_label[row] else 'label'} is missing",
    )
    if TASKS[task].stimulus_column == "pair_id":
        note = "this task needs a pair of pictures"
        return is_single, good & here.add_where(rules.SINGLE, is_single, chunk.rows, note=note)
    # An unknown coefficient, NaN, does not compare as different.
    mixed = is_single & (np.abs(chunk.numbers("mixing_coefficient") - 1) > 0)
    return is_single, good & chunk.report(reporter, "mixing_coefficient", rules.SINGLE, mixed)


def _check_image_set(chunk: ObservedChunk, manifest: Manifest, reporter: Reporter) -> Mask:
    written = chunk.values.get("image_set")
    if written is None or is_placeholder(manifest.stimuli.source):
        return np.ones(len(chunk), dtype=bool)
    names = {manifest.image_set, manifest.stimuli.source, manifest.image_set.partition(METHOD_MARK)[0]}
    other = as_mask(pc.and_not(written.is_valid(), pc.is_in(written, pa.array(sorted(names)))))
    return chunk.report(reporter, "image_set", rules.IMAGE_SET, other, f"expected {manifest.image_set}")


def _check_labels(
    chunk: ObservedChunk,
    index: list[Ints],
    label: list[Ints],
    known: list[Mask],
    reporter: Reporter,
    *,
    pictures: KnownPictures,
    names: tuple[str, ...],
) -> Mask:
    good = np.ones(len(chunk), dtype=bool)
    said = f"{pictures.name} has pictures 0 to {pictures.size - 1}"
    for i in (0, 1):
        good &= chunk.report(reporter, f"image_{i + 1}_index", rules.INDEX, index[i] >= pictures.size, said)
    # Index -1 selects the label -1, which no picture has.
    labels, names = np.append(pictures.labels, -1), (*names, "a class that is not in the study")
    real = [labels[np.where((which >= 0) & (which < pictures.size), which, -1)] for which in index]
    wrong = [good & known[i] & (label[i] != real[i]) for i in (0, 1)]
    swapped = wrong[0] & wrong[1] & (label[0] == real[1]) & (label[1] == real[0])
    reporter.of("image_1_label").add_where(
        rules.SWAPPED,
        swapped,
        chunk.rows,
        note=lambda row: f"the file has {names[label[0][row]]} and {names[label[1][row]]}, in swapped order",
    )
    for i in (0, 1):

        def note(row: int, i: int = i) -> str:
            really = f"picture {index[i][row]} of {pictures.name} is {names[real[i][row]]}"
            return f"the file has {names[label[i][row]]}, but {really}"

        reporter.of(f"image_{i + 1}_label").add_where(rules.LABEL, wrong[i] & ~swapped, chunk.rows, None, note)
    return good & ~wrong[0] & ~wrong[1]


def _check_sizes(chunk: ObservedChunk, index: list[Ints], sizes: Ints, reporter: Reporter) -> Mask:
    there = (np.minimum(*index) >= 0) & (np.maximum(*index) < len(sizes))
    one, other = (sizes[np.where(there, which, 0)] for which in index)
    unequal = there & (one != other).any(axis=1)
    return chunk.report(
        reporter,
        "image_2_index",
        rules.SIZES,
        unequal,
        lambda row: f"{size_text(one[row])} and {size_text(other[row])}",
    )


def _check_mixtures(chunk: ObservedChunk, index: list[Ints], column: str, mixtures: Keys, reporter: Reporter) -> Mask:
    coefficient = chunk.numbers(column)
    is_there = np.isin(mixture_keys(index[0], index[1], coefficient), mixtures)
    missing = ~is_there & (np.minimum(*index) >= 0) & ~np.isnan(coefficient)

    def note(row: int) -> str:
        return f"no stimulus_id has pictures {index[0][row]} and {index[1][row]} at {coefficient[row]:g}"

    return chunk.report(reporter, column, rules.MIXTURE, missing, note)
