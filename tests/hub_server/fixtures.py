"""Fixtures: a Hub of each test's own that the clients in this process talk to."""

from __future__ import annotations

import importlib
import ssl
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import datasets.config
import pytest
from datasets.utils import file_utils
from httpx2._transports import default as httpx2_transports
from huggingface_hub import HfFileSystem, close_session, constants, file_download, hf_api
from huggingface_hub.utils import _cache_manager, _detect_agent, _http

from hub_server.hub import Hub


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Run a Hub; the clients know no other one, are logged in as `tester`, and keep their caches in `tmp_path`."""
    with Hub() as running, warnings.catch_warnings():
        # huggingface_hub uploads large files in a way that its HTTP library warns of.
        warnings.filterwarnings("ignore", message="Use 'content=", category=DeprecationWarning)
        home = tmp_path / "huggingface"
        redirect(monkeypatch, running.url, running.environment(home), home)
        yield running
        _forget_connections()


@pytest.fixture
def login(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """Let the clients in this process be another user, or nobody."""

    def change(user: str | None) -> None:
        monkeypatch.setenv("HF_TOKEN", hub.settings.users[user].token if user else "")

    return change


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collect the seconds that the clients would wait before they ask again, without waiting."""
    seconds: list[float] = []
    for module in (_http, file_download, file_utils):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=seconds.append))
    return seconds


def redirect(monkeypatch: pytest.MonkeyPatch, url: str, variables: dict[str, str], home: Path) -> None:
    """Let the clients in this process know a Hub alone, by its address and its `Hub.environment`."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    _redirect_huggingface_hub(monkeypatch, url, home)
    _redirect_datasets(monkeypatch, url, home)
    _forget_connections()


def _forget_connections() -> None:
    """Drop what the clients know of an earlier Hub: connections, and what they found there."""
    close_session()
    HfFileSystem.clear_instance_cache()


def _redirect_huggingface_hub(monkeypatch: pytest.MonkeyPatch, url: str, home: Path) -> None:
    """Change what huggingface_hub reads from the environment when it is imported."""
    values = {
        "ENDPOINT": url,
        "HUGGINGFACE_CO_URL_TEMPLATE": url + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_URL_HOSTS": constants.HF_URL_HOSTS | {"127.0.0.1"},
        "HF_HOME": str(home),
        "HF_HUB_CACHE": str(home / "hub"),
        "HUGGINGFACE_HUB_CACHE": str(home / "hub"),
        "HF_ASSETS_CACHE": str(home / "assets"),
        "HF_XET_CACHE": str(home / "xet"),
        "HF_TOKEN_PATH": str(home / "token"),
        "HF_STORED_TOKENS_PATH": str(home / "stored_tokens"),
        "AGENT_HARNESSES_PATH": str(home / ".agent_harnesses.json"),
        "HF_HUB_DISABLE_XET": True,
        "HF_HUB_DISABLE_TELEMETRY": True,
        "HF_HUB_OFFLINE": False,
    }
    for name, value in values.items():
        monkeypatch.setattr(constants, name, value)
    monkeypatch.setattr(_cache_manager, "HF_HUB_CACHE", str(home / "hub"))
    # To read this machine's certificates takes as long as some tests, and the Hub here has none.
    monkeypatch.setattr(httpx2_transports, "create_ssl_context", lambda **_: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    monkeypatch.setattr(_http, "_HUB_ORIGINS", frozenset({_http._url_origin(url)}))
    monkeypatch.setattr(_detect_agent, "_registry", {"standardEnvVars": [], "harnesses": {}})
    monkeypatch.setattr(hf_api.api, "endpoint", url)
    # By its name in full: `huggingface_hub.utils.tqdm` is the class in this module.
    progress = importlib.import_module("huggingface_hub.utils.tqdm")
    monkeypatch.setattr(progress, "HF_HUB_DISABLE_PROGRESS_BARS", True)


def _redirect_datasets(monkeypatch: pytest.MonkeyPatch, url: str, home: Path) -> None:
    """Change what datasets reads from the environment when it is imported."""
    cache = home / "datasets"
    values = {
        "HF_ENDPOINT": url,
        "HUB_DATASETS_URL": url + "/datasets/{repo_id}/resolve/{revision}/{path}",
        "HF_CACHE_HOME": str(home),
        "HF_DATASETS_CACHE": cache,
        "HF_MODULES_CACHE": home / "modules",
        "DOWNLOADED_DATASETS_PATH": cache / "downloads",
        "EXTRACTED_DATASETS_PATH": cache / "downloads" / "extracted",
        "HF_UPDATE_DOWNLOAD_COUNTS": False,
        "HF_HUB_OFFLINE": False,
        "HF_DATASETS_OFFLINE": False,
    }
    for name, value in values.items():
        monkeypatch.setattr(datasets.config, name, value)
