"""Hostile files: whatever is meant to exhaust memory or time is a finding, soon, and in bounded memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from study_generator.hostile import HOSTILE, TABLE

from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.studies.example import example_study
from hmix_hub.studies.study import Study

MOST_MEGABYTES = 700
"""Most memory of a process that checks one of them; Python and its libraries take the first hundred."""
MOST_SECONDS = 400
"""Of all of them together; a few seconds each on a machine that is not busy."""

_CHECK = """
import json, pathlib, sys
from hmix_hub.contribute.checking import check_study
from hmix_hub.studies.study import Study

def peak():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024

for place in sys.argv[1:]:
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    codes = sorted({found.rule.code for found in check_study(Study.open(place))})
    print(json.dumps([codes, peak()]), flush=True)
"""


@pytest.fixture(scope="module")
def checked(tmp_path_factory, write_files):
    """Check all hostile studies in one process: what is found in each, and the most memory that it took."""
    if not os.access("/proc/self/clear_refs", os.W_OK):
        pytest.skip("the system does not tell how much memory a process took")
    root = tmp_path_factory.mktemp("hostile")
    places = [str(write_files(root / str(n), make())) for n, (_, make) in enumerate(HOSTILE.values())]
    done = subprocess.run(
        [sys.executable, "-c", _CHECK, *places], capture_output=True, text=True, check=False, timeout=MOST_SECONDS
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(HOSTILE, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_a_finding(name, checked):
    codes, _ = checked[name]
    assert HOSTILE[name][0] in codes


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_takes_little_memory(name, checked):
    _, megabytes = checked[name]
    assert megabytes < MOST_MEGABYTES


LINKS = [TABLE + ".csv", "study.yaml", "participants.csv", "stimuli/images.csv", "stimuli", "judgments", "NOTES.md"]


@pytest.fixture
def outside(tmp_path):
    """Files that lie beside the study folder, each with a text that no finding may hold."""
    root = tmp_path / "outside"
    for name in LINKS:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_dir() and "." in path.name:
            path.write_text("secret,file,label,participant_id\nsecret,secret,secret,secret\n")
    return root


@pytest.mark.parametrize("name", LINKS)
def test_nothing_outside_the_folder_is_read(name, write, outside):
    files = {path: content for path, content in example_study().items() if not path.startswith(name)}
    files["study.yaml"] = files.get("study.yaml", b"").replace(b"cifar10/test", b"own")
    if name == "study.yaml":
        del files[name]
    folder = write(files)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).symlink_to(outside / name)
    report = check_study(Study.open(folder))
    assert "HMX511" in {found.rule.code for found in report}
    assert "secret" not in json.dumps([report.as_dict(), scan_privacy(Study.open(folder)).as_dict()])


@pytest.mark.parametrize(
    "name", [TABLE + ".jsonl", "study.yaml", "participants.csv", "stimuli/images.csv", "README.md"]
)
def test_a_pipe_is_not_waited_for(name, write):
    files = {path: content for path, content in example_study().items() if path != name}
    if "study.yaml" in files:
        files["study.yaml"] = files["study.yaml"].replace(b"cifar10/test", b"own")
    folder = write(files)
    (folder / name).parent.mkdir(exist_ok=True)
    os.mkfifo(folder / name)
    assert check_study(Study.open(folder)).errors


@pytest.mark.parametrize("name", ["judgments", "stimuli", "study.yaml", "participants.csv", TABLE + ".csv"])
def test_a_link_to_itself_is_no_end_of_the_world(name, write):
    folder = write({path: content for path, content in example_study().items() if not path.startswith(name)})
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).symlink_to(folder / name)
    assert "HMX511" in {found.rule.code for found in check_study(Study.open(folder))}


@pytest.mark.parametrize(
    "named",
    [
        "../../../etc/passwd",
        "/etc/passwd",
        "..\\..\\etc\\passwd",
        "C:\\a.png",
        "a\x00b",
        "//host/a.png",
        "stimuli/../../a",
    ],
)
def test_a_list_of_pictures_names_none_outside_its_folder(named, write):
    files = example_study()
    files["study.yaml"] = files["study.yaml"].replace(b"cifar10/test", b"own")
    files["stimuli/images.csv"] = f"file,label\n{named},dog\n".encode()
    (found,) = check_study(Study.open(write(files)))
    assert (found.rule.code, found.spots[0].row) == ("HMX568", 0)
