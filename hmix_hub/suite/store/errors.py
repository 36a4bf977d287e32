"""Errors of the store: what was refused, and why; none of them was acknowledged as stored."""

from __future__ import annotations

from hmix_hub.errors import CollectionError


class StoreError(CollectionError):
    """The database cannot be read or written, or is not one of ours."""

    code = "HMX810"


class StoreFullError(StoreError):
    """There is no space left on the disk; nothing of what was to be stored was stored."""

    code = "HMX811"


class StoreRefusedError(CollectionError):
    """What was to be stored fits nowhere, or there is too much of it."""

    code = "HMX812"


class StudyFullError(CollectionError):
    """Every batch has all the people that it wants."""

    code = "HMX813"


class StudyClosedError(CollectionError):
    """The study takes no new people."""

    code = "HMX814"


class SessionGoneError(CollectionError):
    """The person withdrew, and the session was deleted."""

    code = "HMX815"


class FolderLockedError(CollectionError):
    """The collection is being served already."""

    code = "HMX816"
