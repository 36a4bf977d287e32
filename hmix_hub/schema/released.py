"""Schema 1.0.0: the layout of the released CSV files, typed, with the authors' own names of columns and answers.

This module holds what tasks share; the columns and answers of a single task are in the task's own file.

Source: the four `hmix_*.csv` files of the release. Platform ids, URLs and free text are always null here.
"""

from __future__ import annotations

from functools import partial

from hmix_hub.schema.column import Column, Kind

text = partial(Column, kind=Kind.STRING, nullable=True)
_whole = partial(Column, kind=Kind.INT64, nullable=True)
_number = partial(Column, kind=Kind.FLOAT64, nullable=True)
_truth = partial(Column, kind=Kind.BOOL, nullable=True)

REPEAT_PREFIX = "rerun_"
"""Prefix of the task's name in rows of intended repeats."""
PICTURE_SUFFIX = ".png"
FULL_SCALE = 100
"""Sliders and typed percentages run from 0 to 100."""
NEVER_READ = frozenset({"study_id", "url", "subj_id", "view_history", "failed_images", "failed_audio", "failed_video"})
"""Columns that hold, or could hold, platform ids, URLs and free text: always read as null."""
ROW_NUMBER = "Unnamed: 0"
"""The unnamed first column, under the name that pandas gives it."""
SYNTHETIC_COLUMN = Column("synthetic", Kind.BOOL, "whether a program, not a participant, made the answer")
"""Last column of files with answers made by a program; the release has no such column."""

INDEX = _whole("index", meaning="row of the authors' unpublished table")
SESSION = (
    text("trial_type", meaning="jsPsych plugin of the page"),
    Column("trial_index", Kind.INT64, "position on the participant's timeline", low=0),
    _whole("time_elapsed", meaning="session clock at submission", unit="ms", low=0),
    Column("subject", Kind.STRING, "pseudonym of the participant"),
    text("study_id", meaning="recruiting platform's study id; always null here"),
    _whole("condition", meaning="condition number; not a key"),
    _number("rt", meaning="from page drawn to submitted", unit="ms", low=0),
    text("url", meaning="always null here"),
    text("view_history", meaning="of instruction pages; null in judgment rows"),
)
RESPONSE = text("response", meaning="answer as JSON, in the two tasks that are HTML forms")
BROWSER = (
    text("question_order", meaning="order of the sliders; always [0,1] if there are any"),
    _truth("success", meaning="of preloading; null in judgment rows"),
    _truth("timeout", meaning="of preloading; null in judgment rows"),
    text("failed_images", meaning="of preloading; null in judgment rows"),
    text("failed_audio", meaning="of preloading; null in judgment rows"),
    text("failed_video", meaning="of preloading; null in judgment rows"),
)
ROW = Column(ROW_NUMBER, Kind.INT64, "0-based data row of the file", low=0)
TASK = Column("task", Kind.STRING, "the task's name in the interface; repeats start with rerun_")
PAIR = Column("class_pair", Kind.STRING, "<Label1>_<id1>_<Label2>_<id2>; in the infer file it ends in .png")
FILENAME = Column("filename", Kind.STRING, "picture file, mixed_<lambda>_<Label1>_<id1>_<Label2>_<id2>.png")
MIXTURE = (
    text("subj_id", meaning="always null"),
    Column("label1", Kind.STRING, "class of image 1"),
    Column("label2", Kind.STRING, "class of image 2"),
    Column("mixtureCoeff", Kind.FLOAT64, "lambda of the shown picture", unit="share of image 1", low=0, high=1),
    Column("id1", Kind.FLOAT64, "index of image 1 in the CIFAR-10 test set", low=0),
    Column("id2", Kind.FLOAT64, "index of image 2 in the CIFAR-10 test set", low=0),
)
