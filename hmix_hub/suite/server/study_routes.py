"""Routes about the study: what it is, its pictures, and whether the server is there."""

from __future__ import annotations

import re

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from hmix_hub.suite.server.pictures import Gallery
from hmix_hub.suite.server.replies import Refusal, json_reply
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.texts import words_of

_PICTURE = re.compile(r"([0-9a-f]{32})\.png", re.ASCII)
_FOREVER = "private, max-age=31536000, immutable"


class StudyRoutes:
    """The study as everybody may see it.

    Parameters
    ----------
    store
        The collection.
    gallery
        Its pictures.
    trial_run
        Whether the answers are no data: the pages say so.
    """

    def __init__(self, store: Store, gallery: Gallery, *, trial_run: bool) -> None:
        self._store, self._gallery = store, gallery
        frozen, study = store.frozen, store.frozen.study
        self._told = {
            "title": study.title,
            "language": study.language,
            "consent": {
                "text": study.consent.text,
                "version": study.consent.version,
                "sha256": frozen.consent_sha256,
            },
            "words": words_of(study),
            "recruiting": {"parameter": study.recruiting.parameter, "required": study.recruiting.required},
            "trial_run": trial_run,
        }

    async def study(self, _request: Request) -> Response:
        """Tell of the study, and whether people can begin."""
        state = "closed" if self._store.is_closed() else "full" if self._store.is_full() else "open"
        return json_reply({**self._told, "state": state})

    async def picture(self, request: Request) -> Response:
        """Send a picture."""
        named = _PICTURE.fullmatch(request.path_params["file"])
        if named is None or named[1] not in self._gallery:
            raise Refusal(404, "no_such_picture", "There is no such picture.")
        png = self._gallery.cached(named[1])
        if png is None:
            png = await to_thread.run_sync(self._gallery.png, named[1])
        return Response(png, headers={"Cache-Control": _FOREVER}, media_type="image/png")

    async def health(self, _request: Request) -> Response:
        """Say that the server is there."""
        return json_reply({"ok": True})

    async def icon(self, _request: Request) -> Response:
        """Say that there is no icon, without an error in the browser's console."""
        return Response(status_code=204)
