"""`hmix collect withdraw`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hmix_hub.suite.store.records import SessionRecord
    from hmix_hub.suite.store.store import Store


@click.command("withdraw")
@click.argument("folder", metavar="DIR", type=click.Path())
@click.option("--id", "recruiting_id", metavar="ID", help="Whose: the recruiting platform's id of the person.")
@click.option("--code", metavar="CODE", help="Whose: the completion or fallback code of the person.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(folder: str, recruiting_id: str | None, code: str | None, yes: bool) -> None:
    """Delete all that one person sent, as the person's own button does; it cannot be undone.

    Stop the server first: answers that are under way wait in the browsers, so that none is lost. Backups and exports
    that were made before are not changed.
    """
    from pathlib import Path

    from hmix_hub.suite.store import Store
    from hmix_hub.suite.store.lock import folder_lock

    if (recruiting_id is None) == (code is None):
        msg = "name the person by --id or by --code"
        raise click.UsageError(msg)
    with folder_lock(Path(folder)), Store.open(Path(folder)) as store:
        session = _find(store, recruiting_id, code)
        held = len(store.held(session.id))
        said = f"a session of {session.task} that is {session.state.replace('_', ' ')}, with {held} answers"
        if not yes:
            click.confirm(f"delete {said}?", abort=True)
        store.withdraw(session.id).result()
    click.echo(f"deleted {said}; the place is free again")


def _find(store: Store, recruiting_id: str | None, code: str | None) -> SessionRecord:
    from hmix_hub.errors import CollectionError
    from hmix_hub.suite.store.progress import find_code

    if recruiting_id is not None:
        session = store.session_of_person(recruiting_id)
    else:
        owner = find_code(store, str(code))
        session = None if owner is None else owner.session
    if session is None:
        msg = "no participant has this id or code"
        hint = "a study's own completion code is the same for all participants; one who withdrew is deleted already"
        raise CollectionError(msg, hint=hint)
    return session
