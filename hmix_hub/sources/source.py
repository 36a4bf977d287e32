"""Sources: places of the files of a study; each file is verified before it is read."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, NoReturn

from hmix_hub.errors import SourceError, SourceMissingError, SourceNameError, Where, nearest
from hmix_hub.files import local_path
from hmix_hub.sources.arrays import cache_root
from hmix_hub.sources.study import RELEASE, RELEASE_URL, SAMPLE, SourceFile, Study

if TYPE_CHECKING:
    import pooch
    import requests

ENVIRONMENT_VARIABLE = "HMIX_SOURCE"
DOWNLOAD_TIMEOUT_S = 30
"""Maximum number of seconds between two pieces from a server."""
DOWNLOAD_LIMIT_S = 600
"""Maximum number of seconds for a whole file; the largest has 3.5 MB."""
DOWNLOAD_RETRIES = 3
PROBE_TIMEOUT_S = 3
PROBE_LIMIT_S = 5
"""Seconds that a probe takes at most, the look-up of the server's name included."""

_PIECE = 2**14
_NAMES = ("release", "sample")


@dataclass(frozen=True)
class Source(ABC):
    """A place of the files of a study.

    Parameters
    ----------
    study
        Study to which the files belong.
    """

    study: Study

    @property
    @abstractmethod
    def description(self) -> str:
        """Description of the place, for messages."""

    @abstractmethod
    def path(self, name: str) -> Path:
        """Verify the size and sha256 of a file, and return its path.

        Parameters
        ----------
        name
            File name, one of `study.files`.

        Raises
        ------
        SourceError
            If the file is missing, unavailable, or has another size or hash.
        """

    @abstractmethod
    def check(self, name: str) -> None:
        """Check a file before reusing a table prepared from it.

        Raises
        ------
        SourceError
            As `path`.
        """


@dataclass(frozen=True)
class Folder(Source):
    """A local mirror, whose files are read in place."""

    folder: Path

    @property
    def description(self) -> str:
        """The folder."""
        return f"{self.study.title}, from the folder {self.folder}"

    def path(self, name: str) -> Path:
        """Return the path of a file; see `Source.path`."""
        file, hint = self.study.files[name], self.study.folder_hint
        return file.verify(self.folder / name, hint=hint, fate="Nothing was read from it.")

    def check(self, name: str) -> None:
        """Check that the file still exists and is unchanged; it is hashed again only if it has been touched."""
        file, hint = self.study.files[name], self.study.folder_hint
        file.verify(self.folder / name, hint=hint, fate="Nothing was read from it.", is_touched_only=True)


@dataclass(frozen=True)
class Cached(Source):
    """A source whose files are created once in the cache folder: written to a temporary file, verified, then moved."""

    @property
    def folder(self) -> Path:
        """The cache folder: HMIX_CACHE, or `hmix-hub` in the user's cache folder; one folder per study."""
        return cache_root() / self.study.study_id

    def check(self, name: str) -> None:
        """Do nothing: a prepared table needs no file, and so no network."""

    @abstractmethod
    def _make(self, name: str, output_file: str) -> None:
        """Write the file called `name` to `output_file`."""

    def path(self, name: str) -> Path:
        """Return the path of a file, creating it if missing; see `Source.path`."""
        import pooch

        file, hint = self.study.files[name], self.study.download_hint
        pooch.get_logger().setLevel("WARNING")

        def make_verified(_url: str, output_file: str, _pooch: pooch.Pooch) -> None:
            self._make(name, output_file)
            file.verify(Path(output_file), hint=hint, fate="It was deleted, and nothing was cached.")

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            pinned = {name: f"sha256:{file.sha256}"}
            registry = pooch.create(self.folder, base_url="", registry=pinned, retry_if_failed=DOWNLOAD_RETRIES)
            return Path(registry.fetch(name, downloader=make_verified))
        except (OSError, ValueError) as error:
            msg = f"{file.name} is not available: {_reason(error)}"
            raise SourceMissingError(msg, where=Where(self.description), hint=hint) from None


def _reason(error: Exception) -> str:
    """Return briefly why a file is not available; messages of the libraries fill a screen."""
    from requests import exceptions

    if isinstance(error, exceptions.HTTPError) and error.response is not None:
        return f"the server responded {error.response.status_code} {error.response.reason}"
    if isinstance(error, exceptions.Timeout):
        return f"no answer within {DOWNLOAD_TIMEOUT_S} s"
    if isinstance(error, exceptions.ConnectionError):
        return "the server cannot be reached, or closed the connection"
    return str(error)


@dataclass(frozen=True)
class Web(Cached):
    """Pinned files, downloaded over HTTPS and cached.

    Parameters
    ----------
    base_url
        Base address of the files' paths; ends in a slash.
    into
        Folder to keep them in; `None`: the study's folder in the cache.
    """

    base_url: str
    into: Path | None = None

    @property
    def folder(self) -> Path:
        """Folder of the downloaded files."""
        return super().folder if self.into is None else self.into

    @property
    def description(self) -> str:
        """The base URL."""
        return f"{self.study.title}, from {self.base_url}"

    def _make(self, name: str, output_file: str) -> None:
        import requests
        from tqdm import tqdm

        file = self.study.files[name]
        url = self.base_url + (file.path or name)
        if is_offline():
            msg = f"{' or '.join(_OFFLINE_VARIABLES)} is set, so nothing is downloaded"
            raise SourceMissingError(msg, where=Where(url), hint=self.study.download_hint)
        begun = monotonic()
        # Not decompressed: compressed content may expand to any size.
        asked = requests.get(url, stream=True, timeout=DOWNLOAD_TIMEOUT_S, headers={"Accept-Encoding": "identity"})
        watched = tqdm(desc=name, total=file.size, unit="B", unit_scale=True, disable=not sys.stderr.isatty())
        with asked as answer, open(output_file, "wb") as output, watched as bar:
            answer.raise_for_status()
            while piece := _next_piece(answer):
                if output.tell() + len(piece) > file.size:
                    self._refuse("the server sends more", file, url)
                if monotonic() - begun > DOWNLOAD_LIMIT_S:
                    self._refuse(f"received only {output.tell()} bytes in {DOWNLOAD_LIMIT_S} s", file, url)
                output.write(piece)
                bar.update(len(piece))

    def _refuse(self, said: str, file: SourceFile, url: str) -> NoReturn:
        expected = f"expected {file.size} bytes, sha256 {file.sha256}"
        msg = f"{file.name} is not the expected file: {expected}; {said}. It was deleted, and nothing was cached."
        raise SourceError(msg, where=Where(url), hint=self.study.download_hint)


def _next_piece(answer: requests.Response) -> bytes:
    """Return the bytes received so far, without waiting, as a server may send byte by byte; b"" is the end."""
    from requests.exceptions import ConnectionError as NoConnection
    from urllib3.exceptions import HTTPError

    try:
        piece: bytes = answer.raw.read1(_PIECE, decode_content=False)
    except HTTPError as error:
        raise NoConnection(str(error)) from error
    return piece


_OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE")


def is_offline() -> bool:
    """Return whether the environment forbids downloads."""
    return any(os.environ.get(name, "").upper() in {"1", "ON", "YES", "TRUE"} for name in _OFFLINE_VARIABLES)


@dataclass(frozen=True)
class Generated(Cached):
    """The built-in sample study, whose files are generated on first use."""

    @property
    def description(self) -> str:
        """The study's title."""
        return self.study.title

    def _make(self, name: str, output_file: str) -> None:
        from hmix_hub.sources.sample.files import write_sample_file

        write_sample_file(name, Path(output_file))


def resolve_source(source: str | os.PathLike[str] | Source | None = None) -> Source:
    """Return the source of a name, without accessing files.

    Parameters
    ----------
    source
        `None`: the environment variable HMIX_SOURCE if set, otherwise "release". "release": the released files over
        HTTPS. "sample": the built-in synthetic study. An https:// or http:// address: a mirror of the released files. A
        `Source`: itself. Anything else: a folder with the released files.

    Raises
    ------
    SourceNameError
        If it is none of these.
    """
    if isinstance(source, Source):
        return source
    if source is None:
        source = os.environ.get(ENVIRONMENT_VARIABLE) or "release"
    if source == "release":
        return Web(RELEASE, RELEASE_URL)
    if source == "sample":
        return Generated(SAMPLE)
    if isinstance(source, str) and source.startswith(("https://", "http://")):
        return Web(RELEASE, source.rstrip("/") + "/")
    folder = local_path(source)
    if folder is None or not os.path.isdir(folder):
        named = os.fspath(source) if isinstance(source, os.PathLike) else source
        msg = f"source {named!r} is neither a known name nor a folder"
        hint = f"{nearest(named, _NAMES, label='named sources')}; or give a folder with the six released files"
        raise SourceNameError(msg, where=Where(None if folder is None else str(folder)), hint=hint)
    return Folder(RELEASE, folder)


def choose_source() -> tuple[str, str]:
    """Return a source to start with: the release if it can be reached, otherwise the sample study.

    Returns
    -------
    tuple of str
        The source, for `source=`, and the reason for it, after at most one short probe of the network.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return named, f"{ENVIRONMENT_VARIABLE} is set to it"
    release = Web(RELEASE, RELEASE_URL)
    if all((release.folder / name).is_file() for name in RELEASE.files):
        return "release", "the released files are in the cache"
    if is_offline():
        return "sample", f"{' or '.join(_OFFLINE_VARIABLES)} is set, so the synthetic study is used instead"
    reason = why_unreachable(RELEASE_URL + next(iter(RELEASE.files)))
    if reason:
        return "sample", f"the released files cannot be reached ({reason}), so the synthetic study is used"
    return "release", "the released files can be reached"


def why_unreachable(url: str) -> str:
    """Return in a few words why an address cannot be reached; empty where it can be. One short probe."""
    import requests
    from urllib3.exceptions import HTTPError

    reasons = [f"no answer within {PROBE_LIMIT_S} s"]

    def ask() -> None:
        try:
            requests.head(url, timeout=PROBE_TIMEOUT_S).raise_for_status()
            reasons.append("")
        # Of what is no address, libraries raise errors of their own.
        except (requests.RequestException, HTTPError, ValueError) as error:
            reasons.append(type(error).__name__)

    # In a thread, since the timeout of a request does not bound the look-up of a name.
    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PROBE_LIMIT_S)
    return reasons[-1]
