"""Studies on the Hub: `hmix_hub.list_studies`."""

from __future__ import annotations

from dataclasses import dataclass

from hmix_hub.errors import SourceMissingError, Where
from hmix_hub.loading.hub import TAG, first_line
from hmix_hub.schema import SYNTHETIC_FLAG
from hmix_hub.studies.findings import shown
from hmix_hub.tasks import TASKS


@dataclass(frozen=True)
class ListedStudy:
    """A study that is published on the Hub.

    Parameters
    ----------
    repository
        `org/name`, for `hmix_hub.load_dataset`.
    title
        Its title.
    tasks
        Tasks whose judgments it holds, as far as its card names them.
    licence
        Licence, as the Hub writes it; `None`: its card names none.
    updated
        Month of the last change, "2026-11"; `None`: not known.
    synthetic
        Whether its card says that a program made the answers.
    """

    repository: str
    title: str
    tasks: list[str]
    licence: str | None
    updated: str | None
    synthetic: bool = False


def list_studies(search: str | None = None, *, token: str | bool | None = None) -> list[ListedStudy]:
    """List the contributed studies of the Hugging Face Hub: all datasets that carry the tag `h-mix-study`.

    Parameters
    ----------
    search
        Text that the repository's name must hold; `None`: any.
    token
        As in `datasets.load_dataset`; private studies are listed to those who may see them.

    Returns
    -------
    list of ListedStudy
        Sorted by repository.

    Raises
    ------
    SourceMissingError
        If the Hub cannot be reached.
    """
    from huggingface_hub import HfApi

    try:
        token = token.strip() if isinstance(token, str) else token
        found = list(HfApi(token=token).list_datasets(filter=TAG, search=search, full=True))
    # The client lets through what its libraries raise: errors of its own and of HTTP.
    except Exception as error:
        msg = f"the studies could not be listed: {first_line(error)}"
        where = Where("Hugging Face Hub")
        raise SourceMissingError(msg, where=where, hint="check the network, and try again") from None
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
