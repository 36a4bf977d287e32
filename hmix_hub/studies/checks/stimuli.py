"""Check of stimuli, row by row: the pictures are there, of the classes that the row says, and of one image set."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.sources.image_set import METHOD_MARK, PIXEL_LINEAR, size_text
from hmix_hub.studies.findings import Mask, Reporter
from hmix_hub.studies.manifest import SINGLE, Manifest
from hmix_hub.studies.manifest_fields import is_placeholder
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.pictures import KnownPictures, mixture_keys
from hmix_hub.studies.rules import stimuli as rules
from hmix_hub.tasks import TASKS


def check_stimuli(
    chunk: ObservedChunk, task: str, manifest: Manifest, pictures: KnownPictures | None, reporter: Reporter
) -> Mask:
    """Check the stimuli of N rows, and return which are good, bool (N,)."""
    good = np.ones(len(chunk), dtype=bool)
    good &= _check_image_set(chunk, manifest, reporter)
    is_single, whole = _check_single(chunk, task, reporter)
    good &= whole
    if manifest.stimuli.mixing == SINGLE:
        mixed = ~is_single
        reporter.of("image_2_index").add_where(rules.MIXING, mixed, chunk.rows)
        good &= ~mixed
    index = [chunk.codes(f"image_{i}_index") for i in (1, 2)]
    label = [chunk.codes(f"image_{i}_label") for i in (1, 2)]
    same = (index[0] == index[1]) & (index[0] >= 0)
    chunk.report(reporter, "image_2_index", rules.SAME_PICTURE, same)
    good &= ~same & (index[0] >= 0) & (label[0] >= 0) & (is_single | ((index[1] >= 0) & (label[1] >= 0)))
    if pictures is None:
        return good
    good &= _check_labels(chunk, index, label, reporter, pictures=pictures, manifest=manifest, skip=same)
    if manifest.stimuli.mixing == PIXEL_LINEAR:
        good &= _check_sizes(chunk, index, pictures, reporter)
    return good & _check_mixtures(chunk, index, task, pictures, reporter)


def _check_sizes(chunk: ObservedChunk, index: list[np.ndarray], pictures: KnownPictures, reporter: Reporter) -> Mask:
    if pictures.sizes is None:
        return np.ones(len(chunk), dtype=bool)
    there = (index[0] >= 0) & (index[1] >= 0) & (np.maximum(*index) < pictures.size)
    sizes = [pictures.sizes[np.where(there, which, 0)] for which in index]
    unequal: Mask = there & (sizes[0] != sizes[1]).any(axis=1)

    def note(row: int) -> str:
        return f"{size_text(sizes[0][row])} and {size_text(sizes[1][row])}"

    chunk.report(reporter, "image_2_index", rules.SIZES, unequal, note)
    return ~unequal


def _check_mixtures(
    chunk: ObservedChunk, index: list[np.ndarray], task: str, pictures: KnownPictures, reporter: Reporter
) -> Mask:
    if pictures.mixtures is None:
        return np.ones(len(chunk), dtype=bool)
    column = TASKS[task].coefficient_column
    coefficient = chunk.numbers(column)
    is_there = np.isin(mixture_keys(index[0], index[1], coefficient), pictures.mixtures)
    missing = ~is_there & (index[0] >= 0) & (index[1] >= 0) & ~np.isnan(coefficient)

    def note(row: int) -> str:
        return f"a stimulus_id of pictures {index[0][row]} and {index[1][row]} at {coefficient[row]:g} is looked for"

    chunk.report(reporter, column, rules.MIXTURE, missing, note)
    return ~missing


def _check_image_set(chunk: ObservedChunk, manifest: Manifest, reporter: Reporter) -> Mask:
    written = chunk.values.get("image_set")
    if written is None or is_placeholder(manifest.stimuli.source):
        return np.ones(len(chunk), dtype=bool)
    names = {manifest.image_set, manifest.stimuli.source, manifest.image_set.partition(METHOD_MARK)[0]}
    other = pc.and_not(written.is_valid(), pc.is_in(written, pa.array(sorted(names))))
    bad: Mask = other.to_numpy(zero_copy_only=False)
    chunk.report(reporter, "image_set", rules.IMAGE_SET, bad, f"it is {manifest.image_set}")
    return ~bad


def _check_single(chunk: ObservedChunk, task: str, reporter: Reporter) -> tuple[Mask, Mask]:
    """Find the rows of a single picture, and those that are wholly of one or of two."""
    absent = np.zeros(len(chunk), dtype=bool)
    # A column that is missing as a whole is told as such; the other one then says which pictures are single.
    written = [chunk.present[name] for name in ("image_2_label", "image_2_index") if name in chunk.present]
    has_label, has_index = written[0] if written else absent, written[-1] if written else absent
    half = has_label != has_index
    reporter.of("image_2_index").add_where(
        rules.SINGLE, half, chunk.rows, note=lambda i: f"image_2_{'index' if has_label[i] else 'label'} is missing"
    )
    is_single = ~has_label & ~has_index
    bad = half
    if TASKS[task].stimulus_column == "pair_id":
        reporter.of("image_2_index").add_where(
            rules.SINGLE, is_single, chunk.rows, note="this task is about a pair of pictures"
        )
        bad = bad | is_single
    else:
        coefficients = chunk.numbers("mixing_coefficient")
        mixed = is_single & (coefficients != 1) & ~np.isnan(coefficients)
        chunk.report(reporter, "mixing_coefficient", rules.SINGLE, mixed)
        bad = bad | mixed
    return is_single, ~bad


def _check_labels(
    chunk: ObservedChunk,
    index: list[np.ndarray],
    label: list[np.ndarray],
    reporter: Reporter,
    *,
    pictures: KnownPictures,
    manifest: Manifest,
    skip: Mask,
) -> Mask:
    good = np.ones(len(chunk), dtype=bool)
    for i in (0, 1):
        outside = index[i] >= pictures.size
        said = f"{pictures.name} has the pictures 0 to {pictures.size - 1}"
        chunk.report(reporter, f"image_{i + 1}_index", rules.INDEX, outside, said)
        good &= ~outside
    labels, names = pictures.labels, manifest.vocabulary.names
    real = [np.where((index[i] >= 0) & (index[i] < len(labels)), labels[index[i] % len(labels)], -1) for i in (0, 1)]
    checked = [good & (index[i] >= 0) & (label[i] >= 0) & ~skip for i in (0, 1)]
    wrong = [checked[i] & (label[i] != real[i]) for i in (0, 1)]
    swapped = wrong[0] & wrong[1] & (label[0] == real[1]) & (label[1] == real[0])
    reporter.of("image_1_label").add_where(
        rules.SWAPPED,
        swapped,
        chunk.rows,
        note=lambda row: f"{names[label[0][row]]} and {names[label[1][row]]} are written, and are the other way round",
    )
    for i in (0, 1):

        def note(row: int, i: int = i) -> str:
            code = int(real[i][row])
            really = names[code] if code >= 0 else "a class that the study does not have"
            return f"{names[label[i][row]]} is written; picture {index[i][row]} of {pictures.name} is {really}"

        column = f"image_{i + 1}_label"
        reporter.of(column).add_where(rules.LABEL, wrong[i] & ~swapped, chunk.rows, None, note)
        good &= ~wrong[i]
    return good
