"""Validation written in pandas, second half: rules of stimuli, and rules across rows."""

from __future__ import annotations

from math import comb, log10
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.second_findings import Findings, Found, Mask, Values, read_frame, typed_frame
from benchmarks.studies import IMAGE_SET
from hmix_hub.sources.cifar10 import known_labels

_STIMULUS = ["image_1_index", "image_2_index", "mixing_coefficient"]
_ANSWER = ["inferred_coefficient", "confidence"]
_FASTEST, _SLOWEST, _MEDIAN_OF_SECONDS = 100, 3_600_000, 90
_FEWEST_SHARED, _FEWEST_OTHERS, _LEAST_EVIDENCE = 5, 10, 3


def validate_with_pandas(file: Path) -> Found:
    """Validate a judgment file of infer_mixing_factor over CIFAR-10's test set; gives what is found."""
    findings = Findings()
    frame = read_frame(file, findings)
    if frame is not None:
        typed = typed_frame(frame, findings)
        del frame
        good = _check_stimuli(typed, findings)
        _check_slider(typed, findings)
        _check_rows(typed, good, file, findings)
    return findings.found


def _check_stimuli(frame: pd.DataFrame, findings: Findings) -> Mask:
    """Check the stimuli of N rows; bool (N,): which are good."""
    if "image_set" in frame:
        other = (frame["image_set"].notna() & ~frame["image_set"].isin([IMAGE_SET, "own"])).to_numpy(bool)
    else:
        other = np.zeros(len(frame), dtype=bool)
    findings.tell("HMX567", "image_set", other)
    has_label, has_index = frame["has_label"].to_numpy(bool), frame["has_index"].to_numpy(bool)
    half, is_single = has_label != has_index, ~has_label & ~has_index
    findings.tell("HMX566", "image_2_index", half)
    coefficient = frame["mixing_coefficient"].to_numpy()
    mixed = is_single & (coefficient != 1) & ~np.isnan(coefficient)
    findings.tell("HMX566", "mixing_coefficient", mixed)
    index = [frame[f"image_{i}_index"].fillna(-1).to_numpy(np.int64) for i in (1, 2)]
    label = [frame[f"image_{i}_label"].to_numpy(np.int64) for i in (1, 2)]
    same = (index[0] == index[1]) & (index[0] >= 0)
    findings.tell("HMX565", "image_2_index", same)
    good = ~(other | half | mixed | same) & (index[0] >= 0) & (label[0] >= 0)
    good &= is_single | ((index[1] >= 0) & (label[1] >= 0))
    return good & _check_labels(index, label, findings, skip=same)


def _check_labels(index: list[Values], label: list[Values], findings: Findings, *, skip: Mask) -> Mask:
    real_labels = known_labels()
    inside = np.ones(len(skip), dtype=bool)
    for i in (0, 1):
        outside = index[i] >= len(real_labels)
        findings.tell("HMX562", f"image_{i + 1}_index", outside)
        inside &= ~outside
    real = [np.where(index[i] >= 0, real_labels[index[i] % len(real_labels)], -1) for i in (0, 1)]
    wrong = [inside & (index[i] >= 0) & (label[i] >= 0) & ~skip & (label[i] != real[i]) for i in (0, 1)]
    swapped = wrong[0] & wrong[1] & (label[0] == real[1]) & (label[1] == real[0])
    findings.tell("HMX563", "image_1_label", swapped)
    for i in (0, 1):
        findings.tell("HMX561", f"image_{i + 1}_label", wrong[i] & ~swapped)
    return inside & ~wrong[0] & ~wrong[1]


def _check_slider(frame: pd.DataFrame, findings: Findings) -> None:
    pairs = frame[["mixing_coefficient", "inferred_coefficient"]].dropna()
    if len(pairs) >= 20:
        correlation = np.corrcoef(pairs.to_numpy().T)[0, 1]
        if correlation < -0.3 and correlation * np.sqrt((len(pairs) - 2) / (1 - correlation**2)) < -4:
            findings.tell_all("HMX582", "inferred_coefficient")


def _check_rows(frame: pd.DataFrame, good: Mask, file: Path, findings: Findings) -> None:
    """Check rows against each other: that no judgment stands twice; the rest of those that are good."""
    person, names = frame["participant_id"].factorize()
    frame = frame.assign(person=person)
    is_twice = _check_clashes(frame, file, findings)
    good = good & (person >= 0) & frame["trial_index"].notna() & frame["mixing_coefficient"].notna()
    broken = np.zeros(len(names), dtype=bool)
    broken[np.unique(person[~good & (person >= 0)])] = True
    # Nothing but the columns that are compared; the index says which row it was.
    frame = frame.loc[good, ["person", "trial_index", "is_repeat", "response_time_ms", *_STIMULUS, *_ANSWER]]
    if not len(frame):
        return
    _check_repeats(frame[~is_twice[good]], broken, findings)
    _check_pair_order(frame, findings)
    _check_times(frame["response_time_ms"], findings)
    _check_people(frame, broken, findings)


def _check_clashes(frame: pd.DataFrame, file: Path, findings: Findings) -> Mask:
    """Check that no two of N rows have one person and trial, as copies or not; bool (N,): the later of such rows."""
    known = frame.loc[(frame["person"] >= 0) & frame["trial_index"].notna(), ["person", "trial_index"]]
    clashing = known[known.duplicated(keep=False)]
    is_twice = clashing.duplicated()
    cells = read_frame(file, Findings()) if len(clashing) else None
    if cells is not None:
        is_copy = cells.loc[clashing.index].drop(columns=["source_file", "source_row"], errors="ignore").duplicated()
        findings.tell_rows("HMX571", "", clashing.index[is_twice & is_copy].tolist())
        findings.tell_rows("HMX570", "trial_index", clashing.index[is_twice & ~is_copy].tolist())
    return np.isin(frame.index, clashing.index[is_twice])


def _check_repeats(frame: pd.DataFrame, broken: Mask, findings: Findings) -> None:
    again = frame.duplicated(["person", *_STIMULUS], keep=False)
    # Only what was shown more than once has to be put in order.
    ordered = frame[again].sort_values("trial_index", kind="stable")
    is_later = ordered.duplicated(["person", *_STIMULUS]).reindex(frame.index, fill_value=False)
    checked = ~broken[frame["person"]]
    is_repeat = frame["is_repeat"]
    findings.tell_rows("HMX572", "is_repeat", frame.index[checked & is_later & ~is_repeat].tolist())
    findings.tell_rows("HMX573", "is_repeat", frame.index[checked & ~is_later & is_repeat].tolist())


def _check_pair_order(frame: pd.DataFrame, findings: Findings) -> None:
    first, second = frame["image_1_index"].to_numpy(), frame["image_2_index"].to_numpy()
    pairs = pd.DataFrame(
        {"low": np.fmin(first, second), "high": np.fmax(first, second), "is_turned": first > second}, index=frame.index
    )
    kinds = pairs.drop_duplicates()
    both = kinds[kinds.duplicated(["low", "high"], keep=False)]
    if not len(both):
        return
    rows = pairs.reset_index().merge(both[["low", "high"]].drop_duplicates(), on=["low", "high"])
    for _, group in rows.groupby(["low", "high"]):
        turned = int(group["is_turned"].sum())
        straight = len(group) - turned
        is_rarer = turned < straight if turned != straight else not group["is_turned"].iloc[0]
        findings.tell_rows("HMX564", "image_1_index", group["index"][group["is_turned"] == is_rarer].tolist())


def _check_times(times: pd.Series, findings: Findings) -> None:
    if times.notna().any() and times.median() < _MEDIAN_OF_SECONDS:
        findings.tell_all("HMX581", "response_time_ms")
        return
    findings.tell_rows("HMX580", "response_time_ms", times.index[(times < _FASTEST) | (times > _SLOWEST)].tolist())


def _check_people(frame: pd.DataFrame, broken: Mask, findings: Findings) -> None:
    people = frame.groupby("person")
    counts = people.size()
    first = frame.drop_duplicates("person").set_index("person").index
    first_rows = pd.Series(frame.index[~frame["person"].duplicated()], index=first)
    few = counts[(2 * counts < counts.median()) & ~broken[counts.index]].index
    findings.tell_rows("HMX590", "participant_id", first_rows[few].tolist())
    most = frame.groupby(["person", *_ANSWER], dropna=False, sort=False).size().groupby(level="person").max()
    alike = counts.index[(10 * most.reindex(counts.index) >= 9 * counts) & (counts >= 10)]
    findings.tell_rows("HMX591", "participant_id", first_rows[alike].tolist())
    timed = frame[frame["response_time_ms"].notna()]
    content = [*_STIMULUS, *_ANSWER, "response_time_ms"]
    shared = timed[timed.duplicated(content, keep=False)]
    pairs = shared.merge(shared, on=content)
    rows = pairs[pairs["person_x"] < pairs["person_y"]].groupby(["person_x", "person_y"]).size()
    ones, others = (rows.index.get_level_values(level).tolist() for level in ("person_x", "person_y"))
    for one, other, n in zip(ones, others, rows.tolist(), strict=True):
        is_suspect = n >= _FEWEST_SHARED and 2 * n >= min(counts[one], counts[other])
        if is_suspect and _evidence(timed, one, other) >= _LEAST_EVIDENCE:
            findings.tell_rows("HMX592", "participant_id", [int(first_rows[other])])


def _evidence(timed: pd.DataFrame, one: int, other: int) -> float:
    """Return how unlikely the times are that two people share, as a power of ten; see `Coincidence` of the package."""
    mine = {person: timed[timed["person"] == person] for person in (one, other)}
    both = pd.concat(mine.values())
    shared = mine[one].merge(mine[other][[*_STIMULUS, *_ANSWER, "response_time_ms"]].drop_duplicates())
    others = timed.drop(both.index)
    chances = []
    for time, rows in shared.groupby("response_time_ms"):
        at_time = others[others["response_time_ms"] == time]
        chances.append((len(at_time) + 1) / (len(timed) + 1))
        chances[-1] = max(
            chances[-1], *(((own["response_time_ms"] == time).sum() - 1) / len(own) for own in mine.values())
        )
        for stimulus in rows[_STIMULUS].drop_duplicates().itertuples(index=False):
            seen = (timed[_STIMULUS] == list(stimulus)).all(axis=1)
            alike = int((seen & (timed["response_time_ms"] == time)).sum()) - 2
            chances[-1] = max(chances[-1], alike / max(int(seen.sum()) - 2, _FEWEST_OTHERS))
    people = timed["person"].nunique()
    fewest = min(map(len, mine.values()))
    choices = comb(fewest, min(len(shared), fewest)) * people * (people - 1) // 2
    return -(sum(map(log10, chances)) + log10(choices))
