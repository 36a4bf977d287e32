"""The calls that the clients make, by what they are about."""

from __future__ import annotations

from hub_server.router import Router
from hub_server.routes import accounts, discussions, files, repositories, revisions, storage, uploads

hub = Router()
for _module in (accounts, repositories, revisions, files, uploads, discussions):
    _module.add(hub)

large_files = Router()
storage.add(large_files)
