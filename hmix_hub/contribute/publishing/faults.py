"""Errors of the Hub: which are temporary, and what the others mean for a contributor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from time import sleep
from typing import TypeVar

from hmix_hub.errors import PublishError, Where
from hmix_hub.loading.hub_client import redacted

T = TypeVar("T")

TRIES = 5
LONGEST_WAIT_S = 60.0
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_CHANGED = {409, 412}
_MOST_TOLD = 300

_SAID = {
    401: ("you are not logged in to the Hub", "`hf auth login` with a token with write access, or set HF_TOKEN"),
    403: (
        "you do not have permission to do this",
        "omit --push to open a pull request, which needs no write access, or ask an owner",
    ),
    404: ("the repository does not exist, or is private", "check ORG/NAME, and that you are a member of ORG"),
    409: ("somebody else changed the repository at the same time", "run the same command again"),
    412: ("somebody else changed the repository at the same time", "run the same command again"),
    413: ("a file is larger than the Hub accepts", "split the judgments, or make the pictures smaller"),
    429: ("the Hub asks to wait", "run the same command again later; uploaded files are not sent again"),
}
_UNASKED = {
    "LocalTokenNotFoundError": ("nobody is logged in to the Hub on this machine", _SAID[401][1]),
    "OfflineModeIsEnabled": (
        "network access is disabled: HF_HUB_OFFLINE is set",
        "unset HF_HUB_OFFLINE; --dry-run builds and checks without the network",
    ),
}
"""Errors that the client raises without asking the Hub, by name."""
_LATER = "run the same command again; uploaded files are not sent again"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status of an error of the Hub's client or of its causes; `None` if there is none."""
    statuses = (getattr(getattr(one, "response", None), "status_code", None) for one in islice(_chain(error), TRIES))
    return next((status for status in statuses if isinstance(status, int)), None)


def _is_one_of(error: BaseException, *names: str) -> bool:
    return any(kind.__name__ in names for one in _chain(error) for kind in type(one).__mro__)


def is_connection_fault(error: BaseException) -> bool:
    """Return whether a connection failed or was interrupted."""
    return _is_one_of(error, "TransportError", "ConnectionError", "Timeout")


def is_unsendable(error: BaseException) -> bool:
    """Return whether a request could not even be written, for example because the token contains a line break."""
    return _is_one_of(error, "LocalProtocolError")


def is_passing(error: BaseException) -> bool:
    """Return whether the call may succeed later: the Hub was busy, the connection failed, or somebody was faster."""
    if is_unsendable(error) or type(error).__name__ in _UNASKED:
        return False
    status = status_of(error)
    return status in _PASSING | _CHANGED if status is not None else is_connection_fault(error)


def told(error: BaseException, repository: str) -> PublishError:
    """Return our error for one of the Hub's client: what happened and what to do, never with a token."""
    status = status_of(error)
    where = Where(f"{repository} (Hugging Face Hub)")
    known = _UNASKED.get(type(error).__name__) or _SAID.get(status or 0)
    if known is not None:
        said, hint = known
        return PublishError(said if status is None else f"{said} (status {status})", where=where, hint=hint)
    if status is not None:
        return PublishError(f"the Hub answered with status {status}", where=where, hint=_LATER)
    # These errors quote headers, including the token, so their text is never shown.
    if is_unsendable(error):
        hint = "`hf auth login` again, or correct HF_TOKEN: a token contains no spaces or line breaks"
        return PublishError("the request could not be written", where=where, hint=hint)
    if is_connection_fault(error):
        return PublishError("the Hub cannot be reached, or closed the connection", where=where, hint=_LATER)
    return PublishError(_first_line(error), where=where, hint=_LATER)


def _first_line(error: BaseException) -> str:
    lines = redacted(str(error)).strip().splitlines() or [type(error).__name__]
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in lines[0][:_MOST_TOLD])


def persist(attempt: Callable[[], T], repository: str, tell: Callable[[str], None]) -> T:
    """Retry a call until it succeeds, waiting between tries as long as the Hub asks.

    Parameters
    ----------
    attempt
        The call; it checks the repository's state each time, so that nothing is done twice.
    repository
        For messages.
    tell
        Called with the reason for waiting.

    Raises
    ------
    PublishError
        If the error is permanent, or persists after `TRIES` tries.
    """
    for number in range(TRIES):
        try:
            return attempt()
        except PublishError:
            raise
        # The client raises its own errors and those of its HTTP library and the file system.
        except Exception as error:
            if number == TRIES - 1 or not is_passing(error):
                raise told(error, repository) from None
            wait = _wait(error, number)
            tell(f"{told(error, repository).message}; trying again in {wait:g} s")
            sleep(wait)
    raise AssertionError


def _wait(error: BaseException, number: int) -> float:
    """Return the seconds to wait: what the Hub asks for, otherwise 1, 2, 4 and so on."""
    headers = getattr(getattr(error, "response", None), "headers", {}) or {}
    try:
        asked = float(headers.get("Retry-After", ""))
    except ValueError:
        asked = float(2**number)
    return min(max(asked, 0.0), LONGEST_WAIT_S)
