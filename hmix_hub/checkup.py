"""Checkup of an installation: what is installed, cached and reachable, and what to do about what is not.

A checkup has to work where other things do not. So nothing but the standard library is imported at the top, each check
is guarded by itself, and nothing is downloaded.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, cast

from hmix_hub.errors import HMixError, SourceError, SourceMissingError, first_line

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from hmix_hub.sources.source import Cached, Folder

DISTRIBUTION = "hmix-hub"
LITTLE_SPACE = 2 * 10**9
"""Bytes of free space below which a cache folder is worth a note."""
EXTRAS = {
    "suite": "collects judgments in the browser",
    "xlsx": "imports Excel workbooks",
    "dask": "spreads large studies over machines",
    "croissant": "validates Croissant files with the authors' own library",
}
"""What an extra is for; the others are for developers."""
VARIABLES = re.compile(r"HMIX_\w+|HF_(?:HOME|ENDPOINT|\w+_CACHE|\w*OFFLINE)|OMP_NUM_THREADS|https?_proxy", re.I)
"""Environment variables that change what the package does; those with addresses can contain passwords."""


class State(StrEnum):
    """What a line of a checkup comes to."""

    GOOD = "good"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Line:
    """One thing that was checked.

    Parameters
    ----------
    name
        What was checked.
    state
        Whether it is good, worth a note, or a problem.
    said
        What was found.
    next
        What to do about it; empty: nothing.
    topic
        Group that it belongs to.
    """

    name: str
    state: State
    said: str
    next: str = ""
    topic: str = ""


Check = Callable[[], Iterator[Line]]


def check_up(*, offline: bool = False) -> list[Line]:
    """Check the installation, the data, the caches and the access to the Hub; nothing is downloaded.

    Parameters
    ----------
    offline
        Whether to leave the network alone. HF_HUB_OFFLINE and HF_DATASETS_OFFLINE do the same.

    Returns
    -------
    list of Line
        What was found, with home folders as `~` and without secrets, so that it can be shared.
    """
    judgments, hub = partial(_judgments, offline=offline), partial(_hub, offline=offline)
    of_code = [("Python", _python), ("dependencies", _dependencies), ("registration", _registration), ("torch", _torch)]
    checks: dict[str, list[tuple[str, Check]]] = {
        "installation": of_code,
        "data": [("judgments", judgments), ("CIFAR-10", _pictures)],
        "folders": [("caches", _caches), ("environment", _environment)],
        "Hub": [("Hub", hub), ("token", _token)],
    }
    return [
        replace(line, topic=topic, said=_shareable(line.said), next=_shareable(line.next))
        for topic, of_topic in checks.items()
        for name, check in of_topic
        for line in _run(name, check)
    ]


def _run(name: str, check: Check) -> list[Line]:
    """Return the lines of a check; one that fails is a problem, and stops no other."""
    lines: list[Line] = []
    try:
        lines.extend(check())
    except HMixError as error:
        lines.append(Line(name, State.PROBLEM, str(error).partition("\n")[0], error.hint or ""))
    except ImportError as error:
        lines.append(Line(name, State.PROBLEM, f"cannot be imported: {first_line(error)}", "install it again"))
    except Exception as error:
        said = f"could not be checked: {type(error).__name__}: {first_line(error)}"
        lines.append(Line(name, State.PROBLEM, said, "report this, with all other lines"))
    return lines


def _shareable(text: str) -> str:
    """Return a text without secrets, and with the home folder as `~`."""
    # Longest first, since one value can contain another; libraries may add or remove a final slash.
    for value in sorted({value.rstrip("/") for _, value in _variables()} - {""}, key=len, reverse=True):
        text = text.replace(value, _bare(value))
    try:
        from hmix_hub.loading.hub_client import redacted
    except ImportError:
        # The other patterns of secrets are not known here.
        return _without_home(re.sub(r"\S+://\S+", "(an address)", text))
    return _without_home(redacted(text))


def _variables() -> list[tuple[str, str]]:
    """Return the names and values of the environment variables that are shown."""
    return sorted((name, value) for name, value in os.environ.items() if VARIABLES.fullmatch(name))


def _bare(value: str) -> str:
    """Return the value of a variable without what an address can hide: user, password, query; paths stay."""
    if re.match(r"/(?!/)|[~.]", value):
        return value
    rest = re.sub(r"^[\w+.-]*://", "", value)
    secret, _, place = rest.rpartition("@")
    # Before a query, the last @ ends the password; within the query, it is part of a secret.
    return value.removesuffix(rest) + ("[hidden]" if re.search("[?#]", secret) else re.split("[?#]", place)[0])


def _without_home(text: str) -> str:
    home = os.path.expanduser("~").rstrip(os.sep)
    return re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text) if home else text


def _python() -> Iterator[Line]:
    system = f"{platform.system()} {platform.machine()}"
    yield Line("Python", State.GOOD, f"{platform.python_version()} on {system}, {sys.prefix}")
    yield Line(DISTRIBUTION, State.GOOD, f"{metadata.version(DISTRIBUTION)}, {Path(__file__).parent}")


def _dependencies() -> Iterator[Line]:
    """Compare what is installed with what the package requires, for itself and for each of its extras."""
    from packaging.requirements import Requirement

    required = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or []]
    of_all = [one for one in required if one.marker is None or one.marker.evaluate({"extra": ""})]
    missing = [one for one in of_all if _fault_of(one)]
    for one in missing:
        yield Line(one.name, State.PROBLEM, _fault_of(one), _installing([one]))
    found = [one for one in of_all if one not in missing]
    yield Line("dependencies", State.GOOD, f"{len(found)} installed: {_versions(found)}")
    for extra, use in EXTRAS.items():
        of_extra = [one for one in required if one.marker is not None and f'extra == "{extra}"' in str(one.marker)]
        missing = [one for one in of_extra if _fault_of(one)]
        if missing:
            faults = "; ".join(map(_fault_of, missing))
            yield Line(f"extra {extra}", State.NOTE, f"{use}; {faults}", _installing(missing))
        else:
            yield Line(f"extra {extra}", State.GOOD, f"{use}: {_versions(of_extra)}")


def _versions(requirements: list[Requirement]) -> str:
    return ", ".join(f"{one.name} {metadata.version(one.name)}" for one in requirements)


def _fault_of(requirement: Requirement) -> str:
    """Return why a requirement is not met; empty: it is."""
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is not installed"
    if requirement.specifier.contains(version, prereleases=True):
        return ""
    return f"{requirement.name} {version} is installed; {requirement.specifier} is required"


def _installing(requirements: list[Requirement]) -> str:
    wanted = " ".join(f'"{one.name}{one.specifier}"' for one in requirements)
    return f"{Path(sys.executable).name} -m pip install {wanted}"


def _registration() -> Iterator[Line]:
    import datasets

    from hmix_hub.datasets_by_name import H_MIX
    from hmix_hub.loading.registration import SWITCH, is_registered

    call = f'datasets.load_dataset("{H_MIX}")'
    if is_registered():
        yield Line("registration", State.GOOD, f"{call} works after `import hmix_hub`")
    else:
        said = f"datasets {datasets.__version__} does not know the name {H_MIX!r}"
        advice = f"use hmix_hub.load_dataset, which takes the same arguments; unset {SWITCH} if you set it"
        yield Line("registration", State.NOTE, said, advice)


def _torch() -> Iterator[Line]:
    import torch

    said = f"CPU, {torch.get_num_threads()} threads"
    if torch.cuda.is_available():
        said = "CUDA: " + ", ".join(map(torch.cuda.get_device_name, range(torch.cuda.device_count())))
    elif torch.backends.mps.is_available():
        said = "MPS (Apple)"
    yield Line("torch device", State.GOOD, said)


def _judgments(*, offline: bool) -> Iterator[Line]:
    """Verify the files of the source that is loaded by default, as far as they are on this machine."""
    from hmix_hub.sources import resolve_source
    from hmix_hub.sources.source import Cached, Web, is_offline

    source = cast("Cached | Folder", resolve_source())
    files, faults = source.study.files, []
    for file in files.values():
        try:
            file.verify(source.folder / file.name, hint="")
        except SourceMissingError:
            faults.append(f"{file.name} is missing")
        except SourceError:
            faults.append(f"{file.name} is not the expected file")
    said = f"{source.description}: "
    if source.study.synthetic:
        made = "made on first use" if faults else "verified"
        yield Line("judgments", State.NOTE, f"{said}{made}", "unset HMIX_SOURCE to load H-Mix itself")
    elif not faults:
        where = f", cached in {source.folder}" if isinstance(source, Cached) else ""
        yield Line("judgments", State.GOOD, f"{said}all {len(files)} files verified{where}")
    elif isinstance(source, Web):
        said += f"{len(faults)} of {len(files)} files are not in the cache"
        reason = _unreachable(source.base_url + next(iter(files)), offline=offline)
        if reason and not (offline and not is_offline()):
            yield Line("judgments", State.PROBLEM, f"{said}; {reason}", source.study.download_hint)
        else:
            size = _size_text(sum(file.size for file in files.values()))
            advice = f"the first load downloads them ({size})"
            yield Line("judgments", State.NOTE, f"{said}; {reason or 'the server answers'}", advice)
    else:
        yield Line("judgments", State.PROBLEM, said + "; ".join(faults), source.study.folder_hint)


def _pictures() -> Iterator[Line]:
    from hmix_hub.sources.cifar10 import ENVIRONMENT_VARIABLE, open_cifar10

    place = os.environ.get(ENVIRONMENT_VARIABLE)
    try:
        pictures = open_cifar10("test", downloads=False)
    except SourceMissingError:
        if place:
            raise
        advice = f"the first use of pictures downloads it (24 MB); or name a copy with {ENVIRONMENT_VARIABLE}"
        yield Line("CIFAR-10", State.NOTE, "the test set is not on this machine", advice)
    else:
        said = f"the test set, {len(pictures):,} pictures, verified, from {place or 'the cache'}"
        yield Line("CIFAR-10", State.GOOD, said)


def _caches() -> Iterator[Line]:
    import datasets
    from huggingface_hub import constants

    from hmix_hub.sources.arrays import CACHE_VARIABLE, cache_root

    caches = (
        ("hmix-hub cache", cache_root(), "*", CACHE_VARIABLE),
        ("datasets cache", Path(datasets.config.HF_DATASETS_CACHE), "h-mix*", "HF_HOME"),
        ("Hub cache", Path(constants.HF_HUB_CACHE), "datasets--uoft-cs--cifar10", "HF_HOME"),
    )
    for name, folder, pattern, variable in caches:
        there = next(place for place in (folder, *folder.parents) if place.exists())
        free = shutil.disk_usage(there).free
        size = _size_text(sum(map(_size_of, folder.glob(pattern))))
        said = f"{folder}: {size} used by {DISTRIBUTION}, {_size_text(free)} free"
        if not os.access(there, os.W_OK | os.X_OK):
            advice = f"name a folder that can be written with {variable}"
            yield Line(name, State.PROBLEM, f"{folder} cannot be written", advice)
        elif free < LITTLE_SPACE:
            yield Line(name, State.NOTE, said, f"make room there, or name another folder with {variable}")
        else:
            yield Line(name, State.GOOD, said)


def _size_of(place: Path) -> int:
    """Return the bytes of a file, or of all files below a folder; links count as what they are, not where they lead."""
    places = place.rglob("*") if place.is_dir() and not place.is_symlink() else [place]
    return sum(one.lstat().st_size for one in places if not one.is_dir())


def _size_text(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 10**9 else f"{size / 1e6:,.1f} MB"


def _environment() -> Iterator[Line]:
    named = [f"{name}={value}" for name, value in _variables()]
    yield Line("environment", State.GOOD, ", ".join(named) or "no variable that concerns the package is set")


def _hub(*, offline: bool) -> Iterator[Line]:
    from huggingface_hub import constants

    reason = _unreachable(constants.ENDPOINT, offline=offline)
    if not reason:
        yield Line("Hub", State.GOOD, f"{constants.ENDPOINT} can be reached")
    else:
        needed = "needed only for CIFAR-10, for contributed studies, and to publish"
        yield Line("Hub", State.NOTE, f"{constants.ENDPOINT}: {reason}", f"check network and proxy; {needed}")


def _token() -> Iterator[Line]:
    from huggingface_hub import get_token

    if get_token():
        yield Line("token", State.GOOD, "there is one for the Hub; its value is not shown")
    else:
        yield Line("token", State.NOTE, "none for the Hub", "to publish or to load private studies: hf auth login")


def _unreachable(url: str, *, offline: bool) -> str:
    """Return why an address cannot be reached, or that it was not tried; empty: it can."""
    from hmix_hub.sources.source import is_offline, why_unreachable

    if offline or is_offline():
        return "the network was not tried"
    reason = why_unreachable(url)
    return reason and f"cannot be reached ({reason})"
