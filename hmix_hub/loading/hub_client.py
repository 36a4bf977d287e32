"""The Hub's client: `hmix_hub.list_studies`, and explanations of its errors, without secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from huggingface_hub import HfApi, errors

from hmix_hub.datasets_by_name import STUDY_TAG
from hmix_hub.errors import ConfigurationError, SourceError, SourceMissingError, Where
from hmix_hub.schema import SYNTHETIC_FLAG
from hmix_hub.studies.findings import shown
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.tasks import TASKS

HIDDEN = "[hidden]"
"""Replacement for secrets."""

# A token may contain a space or line break by mistake, which is when libraries quote it: the whole quotation or line is
# hidden.
_SECRETS = (
    (re.compile(r"(\bauthorization\b[\"']?\s*[:=,]\s*(?:b?[\"'])?)(?!bearer|basic)[^\"'\r\n]+", re.I), rf"\1{HIDDEN}"),
    (re.compile(r"\b(bearer|basic)\b[\s:]+[^\"'\r\n]+", re.I), rf"\1 {HIDDEN}"),
    (re.compile(r"hf_[\w.~+=-]+"), HIDDEN),
    (re.compile(r"(\w://)\S+@"), rf"\1{HIDDEN}@"),
    (
        re.compile(
            r"\b((?:x-amz-(?:signature|credential|security-token)|signature|sig|(?:access_)?token|password)=)"
            r"[^\s&\"']+",
            re.I,
        ),
        rf"\1{HIDDEN}",
    ),
)


def redacted(text: str) -> str:
    """Return a message from a library or server without possible secrets.

    Hides `Bearer …` and other values of an Authorization header, tokens of the Hub (`hf_…`), passwords in addresses,
    and signatures of links, erring on the side of hiding too much.
    """
    for secret, shown_instead in _SECRETS:
        text = secret.sub(shown_instead, text)
    return text


@dataclass(frozen=True)
class ListedStudy:
    """A study published on the Hub.

    Parameters
    ----------
    repository
        `org/name`, for `hmix_hub.load_dataset`.
    title
        Its title.
    tasks
        Tasks of its judgments, as listed in its card.
    licence
        Licence, as written on the Hub; `None`: not given in its card.
    updated
        Month of the last change, "2026-11"; `None`: not known.
    synthetic
        Whether its card states that a program made the answers.
    """

    repository: str
    title: str
    tasks: list[str]
    licence: str | None
    updated: str | None
    synthetic: bool = False


def list_studies(search: str | None = None, *, token: str | bool | None = None) -> list[ListedStudy]:
    """List the contributed studies on the Hugging Face Hub: all datasets with the tag `h-mix-study`.

    Parameters
    ----------
    search
        Text that the repository's name must contain; `None`: any.
    token
        As in `datasets.load_dataset`; private studies are listed if you have access to them.

    Returns
    -------
    list of ListedStudy
        Sorted by repository.

    Raises
    ------
    SourceMissingError
        If the Hub cannot be reached.

    Examples
    --------
    >>> import hmix_hub
    >>> [study.repository for study in hmix_hub.list_studies("pets")]
    ['lab/mixed-pets']
    """
    try:
        found = list(HfApi(token=stripped(token)).list_datasets(filter=STUDY_TAG, search=search, full=True))
    # The client passes on errors of its libraries, besides its own and those of HTTP.
    except Exception as error:
        msg = f"the studies could not be listed: {first_line(error)}"
        where = Where("Hugging Face Hub")
        raise SourceMissingError(msg, where=where, hint="check the network and try again") from None
    studies = []
    for info in found:
        card = vars(info.card_data) if info.card_data is not None else {}
        names = {str(config.get("config_name")) for config in card.get("configs") or [] if isinstance(config, dict)}
        updated = info.last_modified.strftime("%Y-%m") if info.last_modified is not None else None
        title = shown(str(card.get("pretty_name") or info.id)) or info.id
        tasks = [task for task in TASKS if task in names]
        is_synthetic = SYNTHETIC_FLAG in (info.tags or [])
        studies.append(ListedStudy(info.id, title, tasks, card.get("license"), updated, is_synthetic))
    return sorted(studies, key=lambda study: study.repository)


def stripped(token: str | bool | None) -> str | bool | None:
    """Return a token without the trailing line break that tokens read from files often have."""
    return token.strip() if isinstance(token, str) else token


def first_line(error: Exception) -> str:
    """Return the first line of an error of the Hub's client, without secrets."""
    lines = redacted(str(error).strip()).splitlines()
    return lines[0] if lines else type(error).__name__


def is_away(error: BaseException) -> bool:
    """Whether the Hub is unreachable or reports a server error."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
    # A token that is not valid in a header is the caller's fault.
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return "LocalProtocolError" not in kinds and bool({"TransportError", "OSError"} & kinds)


def has_no_such_file(error: BaseException) -> bool:
    """Whether the Hub reported that a repository lacks a file, rather than that it is not cached."""
    return isinstance(error, errors.EntryNotFoundError) and not isinstance(error, errors.LocalEntryNotFoundError)


def explained(error: Exception, repository: str, revision: str | None = None) -> SourceError | ConfigurationError:
    """Return the package's error for one of the Hub's client, with what happened and what to do next."""
    where = Where(f"{repository} (Hugging Face Hub)")
    if isinstance(error, errors.RevisionNotFoundError):
        msg, hint = (
            f"there is no revision {revision!r}",
            "published versions are tags, such as 1.0.0; leave it out for main",
        )
        return ConfigurationError(msg, where=where, hint=hint)
    if isinstance(error, errors.RepositoryNotFoundError):
        msg = "there is no such dataset, or it is private"
        return ConfigurationError(msg, where=where, hint="check the name; for a private one, `hf auth login` first")
    if has_no_such_file(error):
        msg = f"this is not a study: it has no {MANIFEST}"
        return SourceMissingError(msg, where=where, hint="use datasets.load_dataset for other datasets")
    msg = f"the study could not be loaded from the Hub: {first_line(error)}"
    return SourceMissingError(msg, where=where, hint="check the network and try again")
