"""The store: one SQLite file per collection, one writer; what is acknowledged is on the disk."""

from __future__ import annotations

from hmix_hub.suite.store.database import (
    FolderLockedError,
    SessionGoneError,
    StoreError,
    StoreFullError,
    StoreRefusedError,
    StudyClosedError,
    StudyFullError,
)
from hmix_hub.suite.store.keys import StudyKey, folder_lock, is_served
from hmix_hub.suite.store.records import AnswerRecord, AsideRecord, BatchCount, Outcome, SessionRecord
from hmix_hub.suite.store.store import Store

__all__ = [
    "AnswerRecord",
    "AsideRecord",
    "BatchCount",
    "FolderLockedError",
    "Outcome",
    "SessionGoneError",
    "SessionRecord",
    "Store",
    "StoreError",
    "StoreFullError",
    "StoreRefusedError",
    "StudyClosedError",
    "StudyFullError",
    "StudyKey",
    "folder_lock",
    "is_served",
]
