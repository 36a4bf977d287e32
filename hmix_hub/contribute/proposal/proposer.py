"""Proposer: from a raw table to a column map, each line with its reason, or TODO if nothing was recognised."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from hmix_hub.contribute.proposal import picture_columns, recognised
from hmix_hub.contribute.proposal.families import Boxes, Wide, find_boxes, find_votes, find_wide
from hmix_hub.contribute.proposal.kept_rows import Kept, kept_rows
from hmix_hub.contribute.proposal.proposed import ITEMS, TODO, Proposal, name_of
from hmix_hub.contribute.proposal.raw_column import RawColumn, columns_of, without_people
from hmix_hub.contribute.proposal.recognised import Found
from hmix_hub.importing.reshaping import Melt
from hmix_hub.schema.arrays import Mask
from hmix_hub.tasks import CATEGORICAL, CHOICE, INFER, RATING, TASKS, VOTES, missing_columns

ROWS = 20_000
"""Number of rows that are examined, from the first."""
_ALMOST_ALL = 0.98
_MOST_INDEX = 200_000
"""Numbers above this are ids assigned by a platform, rather than indices."""


def propose(table: pa.Table, task: str | None = None) -> Proposal:
    """Propose a column map for a raw table.

    Parameters
    ----------
    table
        Columns of text, from `hmix_hub.importing.readers.read_raw`; its first `ROWS` rows are examined.
    task
        The task; `None`: the one that best fits the answers.

    Returns
    -------
    Proposal
        It only quotes names of columns, numbers, and a few words that identify nobody; never an id.
    """
    raw = table.slice(0, ROWS)
    columns = columns_of(raw)
    told = without_people(columns)
    proposal = _proposal(raw, told, task)
    if hidden := len(columns) - len(told):
        many = "1 column is" if hidden == 1 else f"{hidden:,} columns are"
        proposal.unused.insert(0, f"{many} named by what looks like a person's id or address")
    return proposal


def _proposal(raw: pa.Table, columns: Sequence[RawColumn], task: str | None) -> Proposal:
    proposer = _Proposer(columns, raw.num_rows)
    votes = proposer.propose_votes() if task in {None, VOTES} else None
    wide = proposer.find_wide()
    if votes is not None or wide is None:
        return votes or proposer.propose(task)
    melt = Melt.model_validate(wide.melt)
    answers = {column for of_item in melt.found(raw.column_names).values() for column in of_item.values()}
    melted = melt.apply(raw, [name for name in raw.column_names if name not in answers], Path())
    return _Proposer(without_people(columns_of(melted)), melted.num_rows, wide).propose(task)


class _Proposer:
    def __init__(self, columns: Sequence[RawColumn], n_rows: int, wide: Wide | None = None) -> None:
        self._columns = columns
        self._wide = wide
        self._all = np.ones(n_rows, dtype=bool)
        self._taken: list[RawColumn] = []
        pictures = picture_columns.find_pictures(columns)
        self._pair = picture_columns.find_pair(columns, self._all)
        self._pictures = [] if self._pair else pictures
        self._shown: Mask = self._all
        if self._pair is not None:
            self._shown = self._pair.column.is_filled
        elif pictures:
            self._shown = picture_columns.picture_cells(pictures[0].column)
        self._item: Found | None = None
        self._boxes: Boxes | None = None
        self._participant = recognised.find_participant(columns, self._shown, self._stimulus)
        self._take(self._participant, self._pair, *self._pictures)

    def find_wide(self) -> Wide | None:
        """Return the columns of a wide table with one row per participant; `None` if it is not one."""
        who = self._participant
        if self._pair is not None or self._pictures or len(self._all) == 0:
            return None
        if who is not None and who.column.n_distinct(self._all) < _ALMOST_ALL * who.column.is_filled.sum():
            return None
        return find_wide(self._left, self._all)

    def propose_votes(self) -> Proposal | None:
        """Propose a map for a table of votes without participants; `None` if it is not one."""
        picture = self._pictures[0] if self._pictures else picture_columns.find_item(self._left, self._all, self._taken)
        if self._participant is not None or picture is None or picture.column.n_distinct(self._all) < len(self._all):
            return None
        votes = find_votes([column for column in self._left if column is not picture.column], self._all)
        if votes is None:
            return None
        what = "shares that sum to 1" if votes.are_shares else "whole numbers"
        why = f"one row per picture, {what} for each of {len(votes.columns)} classes, and no participants"
        proposal = Proposal(VOTES, why, summary=f"{len(self._all):,} rows are pictures with their votes")
        self._add_item(proposal, picture, self._all)
        counts = {word: column.origin["column"] for word, column in votes.columns.items()}
        target = "class_frequencies" if votes.are_shares else "class_counts"
        proposal.add(target, {"counts": counts}, f"{what}: check that each is a class")
        return proposal

    def _take(self, *found: Found | None) -> None:
        self._taken += [one.column for one in found if one is not None]

    @property
    def _left(self) -> list[RawColumn]:
        return [column for column in self._columns if not any(column is taken for taken in self._taken)]

    def _varying(self, rows: Mask) -> list[RawColumn]:
        """Return the unused columns, except those that are constant within each participant."""
        who = None if self._participant is None else self._participant.column
        if who is None or who.n_distinct(rows) < 2:
            return self._left
        return [column for column in self._left if not column.follows_from(who, rows)]

    @property
    def _stimulus(self) -> RawColumn | None:
        found = self._pair or (self._pictures[0] if self._pictures else self._item)
        return None if found is None else found.column

    def propose(self, task: str | None) -> Proposal:
        if self._pair is None and not self._pictures:
            self._item = picture_columns.find_item(self._left, self._all, self._taken)
        varying = self._varying(self._all)
        self._boxes = find_boxes(self._left, self._shown)
        chosen = None
        if self._boxes is None:
            chosen = recognised.find_class(varying, self._shown, self._stimulus)
        keys = None if chosen or self._boxes else recognised.find_keys(varying, self._shown)
        number = recognised.find_number(varying, self._shown, recognised.RATING)
        mixing = recognised.find_number(varying, self._shown, recognised.MIXING)
        task, why = self._task(task, chosen or keys, number, mixing, are_keys=keys is not None)
        answer = {INFER: number, RATING: number}.get(task, chosen or keys)
        self._take(answer)
        answered = self._all if answer is None else answer.column.is_filled
        if self._boxes is not None and task not in {INFER, RATING}:
            answered = self._boxes.is_on
            self._taken += self._boxes.columns.values()
        kept = kept_rows(self._left, self._stimulus, self._shown, answer.column if answer else None, answered)
        proposal = Proposal(task, why, kept.conditions, wide=self._wide)
        self._propose_trials(proposal, kept)
        self._propose_pictures(proposal, kept.rows, answer, mixing)
        self._propose_answer(proposal, kept.rows, answer, mixing)
        self._propose_rest(proposal, kept.rows)
        self._summarise(proposal, kept.rows)
        return proposal

    def _task(
        self, named: str | None, chosen: Found | None, number: Found | None, mixing: Found | None, *, are_keys: bool
    ) -> tuple[str, str]:
        if named is not None:
            return named, "as requested"
        rating_score = number.score if number is not None else -1
        if self._boxes is not None:
            return CHOICE, f"one of {len(self._boxes.columns)} columns is on in each row"
        if self._pair is not None and number is not None and not (chosen and chosen.score > rating_score):
            return INFER, f"{name_of(number.column)} is a number about a mixture of two pictures"
        if mixing is not None and number is not None and chosen is None:
            return INFER, f"{name_of(number.column)} is a number, and {name_of(mixing.column)} a mixing coefficient"
        # A slider's response is not a key, though it is called a response, too.
        is_both = are_keys and number is not None and chosen is not None and number.column is chosen.column
        if number is not None and (chosen is None or number.score > chosen.score - 0.1 * is_both):
            return RATING, f"{name_of(number.column)} is a number on a scale"
        holds = f"numbers that look like keys; for a scale, add --task {RATING}" if are_keys else "classes"
        return (
            CHOICE,
            f"{name_of(chosen.column)} contains {holds}" if chosen else "TODO: no column of answers was recognised",
        )

    def _propose_trials(self, proposal: Proposal, kept: Kept) -> None:
        rows = kept.rows
        who = recognised.find_participant(self._columns, rows, self._stimulus) or self._participant
        if who is None:
            proposal.add("participant_id", TODO, "no column has a name like one of participants")
        else:
            self._take(who)
            proposal.add_participant(who, rows)
        trial = recognised.find_trial(self._left, rows, self._stimulus)
        if trial is not None and who is not None and who.column.is_unique_with(trial.column, rows):
            self._take(trial)
            proposal.add("trial_index", trial.column.origin, trial.why)
        elif who is not None and "json" not in who.column.origin:
            why = "no column with trial numbers"
            if trial is not None:
                why = f"{name_of(trial.column)} restarts within a participant"
                self._take(trial)
            order = recognised.find_order(self._left, rows)
            by = {"order": [order.origin["column"]]} if order is not None else {}
            why = f"{why}: in the order of {name_of(order) if order is not None else 'the rows'}"
            proposal.add("trial_index", {"number": [who.column.origin["column"]]} | by, why)
        else:
            proposal.add("trial_index", TODO, "no column with trial numbers for each participant")
        again = recognised.find_repeat(self._left, rows)
        if again is not None:
            self._take(again)
            words = [word for word in again.column.words(rows) if word.strip().lower() in {"1", "true", "yes", "y"}]
            if words:
                proposal.add("is_repeat", again.column.origin | {"equals": words[0]}, again.why)
        found = recognised.find_time(self._varying(rows), rows)
        ends = recognised.find_ends(self._left, rows)
        if found is None and ends is not None:
            origin = ends[1].origin | {"minus": ends[0].origin, "multiply": 1000}
            proposal.add("response_time_ms", origin, "seconds between two points in time")
            return
        if found is None:
            proposal.add("response_time_ms", {"constant": ""}, "no column of response times was recognised")
            return
        time, are_seconds = found
        self._take(time)
        unit = {"multiply": 1000} if are_seconds else {}
        origin = time.column.origin | unit
        proposal.add("response_time_ms", origin, f"{time.why}: {'seconds' if are_seconds else 'milliseconds'}")

    def _propose_pictures(self, proposal: Proposal, rows: Mask, answer: Found | None, mixing: Found | None) -> None:
        is_pair = TASKS[proposal.task].shows == "pair"
        if self._pair is not None:
            for target, origin in picture_columns.pair_origins(self._pair).items():
                proposal.add(target, origin, self._pair.why)
            return
        if self._wide is not None:
            self._propose_items(proposal, self._wide)
        elif self._pictures:
            picture = self._pictures[0].column
            texts = picture.words(rows)
            markup = {"pattern": picture_columns.MARKUP} if any("src=" in text for text in texts) else {}
            lists = {"pattern": picture_columns.IN_QUOTES} if any(text[:1] == "[" for text in texts) else {}
            proposal.add("image_1_file", picture.origin | (markup or lists), self._pictures[0].why)
        elif self._item is not None:
            self._take(self._item)
            self._add_item(proposal, self._item, rows)
        else:
            proposal.add("image_1_file", TODO, "no column names pictures: write image_1_file, or image_1_index")
        if answer is not None and not is_pair:
            label = recognised.find_label(self._left, rows, self._stimulus, answer.column)
            if label is not None:
                self._take(label)
                proposal.add("image_1_label", label.column.origin, label.why)
        if is_pair or (mixing is not None and picture_columns.are_a_pair(self._pictures)):
            second = self._pictures[1].column if len(self._pictures) > 1 else None
            why = self._pictures[1].why if second is not None else "the second picture of a row"
            proposal.add("image_2_file", second.origin if second is not None else TODO, why)

    def _add_item(self, proposal: Proposal, found: Found, rows: Mask) -> None:
        """Add the line of pictures that a column names by file or by index in the image set."""
        item = found.column
        if any(found is picture for picture in self._pictures):
            proposal.add("image_1_file", item.origin, found.why)
            return
        is_index = item.is_numeric(rows) and item.values(rows).max() < _MOST_INDEX
        why = "are rows of the image set, from 0" if is_index else "name pictures"
        target = "image_1_index" if is_index else "image_1_file"
        proposal.add(target, item.origin, f"{found.why}; check that they {why}")

    def _propose_items(self, proposal: Proposal, wide: Wide) -> None:
        """Add the line of pictures: each item is a picture's name, or a table of items assigns one."""
        item = wide.melt["into"][0]
        self._taken += [column for column in self._columns if column.origin["column"] == item]
        if wide.are_files:
            proposal.add("image_1_file", item, f"names of {len(wide.items):,} picture files")
        else:
            why = (
                f"{TODO}: write {ITEMS} next to the map, with the columns {item},picture for {len(wide.items):,} items"
            )
            proposal.add("image_1_file", "picture", why)

    def _propose_answer(self, proposal: Proposal, rows: Mask, answer: Found | None, mixing: Found | None) -> None:
        task = proposal.task
        needed = {column.name for column in missing_columns([], task, is_single=self._pair is None)}
        if "mixing_coefficient" in needed or (mixing is not None and task != RATING):
            self._propose_mixing(proposal, rows, mixing)
        target = {INFER: "inferred_coefficient", CATEGORICAL: "top_class", CHOICE: "chosen_class", RATING: "rating"}
        if task not in target:
            return
        if self._boxes is not None and task not in {INFER, RATING}:
            which = {word: column.origin["column"] for word, column in self._boxes.columns.items()}
            proposal.add(target[task], {"which": which}, "the column that is on")
        elif answer is None:
            proposal.add(target[task], TODO, "no column of answers was recognised")
        elif task in {INFER, RATING}:
            proposal.add_number(target[task], answer.column, rows)
            scale = recognised.find_scale(self._left, rows) if task == RATING else None
            if scale is not None:
                self._take(scale)
                proposal.add("scale", scale.column.origin, scale.why)
        else:
            proposal.add_classes(target[task], answer, rows)
        sure = recognised.find_number(self._varying(rows), rows, recognised.CONFIDENCE)
        if sure is not None and task != RATING:
            self._take(sure)
            asked = "top_probability" if task == CATEGORICAL else "confidence"
            proposal.add_number(asked, sure.column, rows)

    def _propose_mixing(self, proposal: Proposal, rows: Mask, mixing: Found | None) -> None:
        if mixing is not None:
            self._take(mixing)
            proposal.add_number("mixing_coefficient", mixing.column, rows)
        elif self._pair is not None:
            tail = {"pattern": r"_(\d+)\.[a-zA-Z]+$", "divide": 100}
            share = {"pattern": r"^mixed_([\d.]+)_"} if picture_columns.is_mixed(self._pair) else tail
            proposal.add("mixing_coefficient", self._pair.column.origin | share, "the share of image 1; check it")
        else:
            proposal.add("mixing_coefficient", {"constant": "1"}, "a single picture, not mixed")

    def _propose_rest(self, proposal: Proposal, rows: Mask) -> None:
        """Add the task's remaining columns."""
        is_single = not any(line.target.startswith("image_2") for line in proposal.lines)
        for column in missing_columns([line.target for line in proposal.lines], proposal.task, (), is_single=is_single):
            if column.name.startswith("image_2") and is_single:
                continue
            if column.nullable:
                proposal.add(column.name, {"constant": ""}, f"nothing found: {column.meaning}")
            else:
                proposal.add(column.name, TODO, f"not recognised: {column.meaning}")

    def _summarise(self, proposal: Proposal, rows: Mask) -> None:
        parts = [f"{int(rows.sum()):,} of the first {len(rows):,} rows are judgments"]
        who = recognised.find_participant(self._columns, rows, self._stimulus)
        if who is not None:
            n = who.column.n_distinct(rows)
            parts.append(f"by {n:,} participant{'s' if n != 1 else ''}")
        if self._stimulus is not None:
            parts.append(f"of {self._stimulus.n_distinct(rows):,} pictures")
        proposal.summary = " ".join(parts)
        used = {condition["column"] for condition, _ in proposal.rows}
        proposal.unused = [
            f"{name_of(column)} ({column.n_distinct(rows):,} values)"
            for column in self._left
            if column.n_distinct(rows) > 1 and column.origin["column"] not in used
        ]
