"""The server: routes, limits and headers over the store. Needs `pip install "hmix-hub[suite]"`."""

from __future__ import annotations

from hmix_hub.errors import CollectionError

try:
    import starlette  # noqa: F401
    import uvicorn  # noqa: F401
except ImportError as error:
    _MISSING = f"serving needs {error.name}, which is not installed"
    _HINT = 'pip install "hmix-hub[suite]"; in a checkout: pip install -e ".[suite]"'
    raise CollectionError(_MISSING, hint=_HINT) from None
