"""`hmix doctor`: what it calls good, worth a note or a problem, and what it keeps to itself."""

import json
import os
import shutil
import threading
from collections import namedtuple
from importlib import metadata

import datasets.load
import pytest
import requests
from click.testing import CliRunner

from hmix_hub import checkup
from hmix_hub.cli.main import main
from hmix_hub.errors import SourceError, SourceMissingError, Where
from hmix_hub.sources import RELEASE, cifar10
from hmix_hub.sources import source as sources

GOOD, DATA_ARE_WRONG = 0, 1


@pytest.fixture
def asked(monkeypatch):
    """Addresses that were asked; every server answers."""
    addresses = []

    def head(url, timeout):
        addresses.append(url)
        answer = requests.Response()
        answer.status_code = 200
        return answer

    monkeypatch.setattr(requests, "head", head)
    return addresses


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path, asked):
    """A home of its own, with empty caches, the sample as the source, and pictures that are always there."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HMIX_CACHE", "~/cache")
    monkeypatch.setenv("HMIX_SOURCE", "sample")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(cifar10, "open_cifar10", lambda split, *, downloads: range(10_000))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def doctor(*words, status=GOOD):
    ran = CliRunner().invoke(main, ["doctor", "--json", *words])
    assert ran.exit_code == status, ran.output
    found = json.loads(ran.stdout)
    assert found["is_good"] == (status == GOOD)
    return {check["name"]: check for check in found["checks"]}


def unreachable(monkeypatch):
    def head(url, timeout):
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "head", head)


def lay_release(folder, release):
    folder.mkdir(parents=True)
    for name in RELEASE.files:
        shutil.copyfile(release / name, folder / name)
    return folder


def test_text_has_a_line_for_each_check_and_says_what_to_do_next():
    ran = CliRunner().invoke(main, ["doctor"])
    assert ran.exit_code == GOOD
    assert [line for line in ran.stdout.splitlines() if line and line[0] != " "][:-1] == [
        "installation",
        "data",
        "folders",
        "Hub",
    ]
    assert "  note     judgments       the built-in sample study (synthetic" in ran.stdout
    assert "next: unset HMIX_SOURCE to load H-Mix itself" in ran.stdout
    assert ran.stdout.splitlines()[-1].endswith("2 notes")


def test_versions_of_all_dependencies_are_listed():
    said = doctor()["dependencies"]["said"]
    assert f"torch {metadata.version('torch')}" in said
    assert f"datasets {metadata.version('datasets')}" in said


def test_a_dependency_of_another_version_is_a_problem_with_the_command_that_installs_it(monkeypatch):
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "4.9" if name == "datasets" else version(name))
    found = doctor(status=DATA_ARE_WRONG)["datasets"]
    assert (found["state"], found["said"]) == ("problem", "datasets 4.9 is installed; <6,>=5.0 is required")
    assert found["next"].endswith('-m pip install "datasets<6,>=5.0"')


def test_an_extra_that_is_not_installed_is_a_note_with_the_command_that_installs_it(monkeypatch):
    version = metadata.version

    def without_uvicorn(name):
        if name == "uvicorn":
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", without_uvicorn)
    found = doctor()["extra suite"]
    assert (found["state"], found["said"]) == ("note", "collects judgments in the browser; uvicorn is not installed")
    assert found["next"].endswith('-m pip install "uvicorn<1,>=0.40"')


def test_without_registration_the_other_call_is_named(monkeypatch):
    monkeypatch.delitem(datasets.load._PACKAGED_DATASETS_MODULES, "h-mix")
    found = doctor()["registration"]
    assert found["state"] == "note"
    assert "use hmix_hub.load_dataset" in found["next"]


def test_a_folder_with_the_release_is_verified(monkeypatch, release, place, asked):
    monkeypatch.setenv("HMIX_SOURCE", str(lay_release(place / "h_mix", release)))
    found = doctor("--offline")["judgments"]
    assert (found["state"], found["next"]) == ("good", "")
    assert found["said"].endswith("from the folder ~/h_mix: all 6 files verified")
    assert asked == []


def test_a_wrong_and_a_missing_file_of_a_folder_are_one_problem(monkeypatch, release, place):
    folder = lay_release(place / "h_mix", release)
    (folder / "hmix_infer_mixing_factor.csv").write_text("a,b\n")
    (folder / "hmix_individ_soft_labels.json").unlink()
    monkeypatch.setenv("HMIX_SOURCE", str(folder))
    found = doctor(status=DATA_ARE_WRONG)["judgments"]
    assert "hmix_infer_mixing_factor.csv is not the expected file" in found["said"]
    assert "hmix_individ_soft_labels.json is missing" in found["said"]
    assert "give another folder" in found["next"]


def test_a_source_that_is_none_is_a_problem(monkeypatch):
    monkeypatch.setenv("HMIX_SOURCE", "relaese")
    found = doctor(status=DATA_ARE_WRONG)["judgments"]
    assert "'relaese' is neither a known name nor a folder" in found["said"]
    assert "release" in found["next"]


def test_the_cached_release_needs_no_network(monkeypatch, release, place):
    monkeypatch.delenv("HMIX_SOURCE")
    unreachable(monkeypatch)
    lay_release(place / "cache" / RELEASE.study_id, release)
    found = doctor()
    assert found["judgments"]["said"].endswith("all 6 files verified, cached in ~/cache/collins2023")
    assert found["Hub"]["state"] == "note"
    assert "cannot be reached (ConnectionError)" in found["Hub"]["said"]


def test_a_release_that_is_not_cached_is_a_note_where_it_can_be_downloaded(monkeypatch, asked):
    monkeypatch.setenv("HMIX_SOURCE", "release")
    found = doctor()["judgments"]
    assert found["state"] == "note"
    assert "6 of 6 files are not in the cache; the server answers" in found["said"]
    assert found["next"] == "the first load downloads them (2.5 MB)"
    assert asked[0].startswith(sources.RELEASE_URL)


def test_a_release_that_can_neither_be_read_nor_downloaded_is_a_problem(monkeypatch):
    monkeypatch.setenv("HMIX_SOURCE", "release")
    unreachable(monkeypatch)
    found = doctor(status=DATA_ARE_WRONG)["judgments"]
    assert "cannot be reached (ConnectionError)" in found["said"]
    assert 'source="sample" needs no files' in found["next"]


def test_offline_asks_nobody(monkeypatch, asked):
    monkeypatch.setenv("HMIX_SOURCE", "release")
    found = doctor("--offline")
    assert [found[name]["state"] for name in ("judgments", "Hub")] == ["note", "note"]
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    # Nothing can be downloaded at all.
    assert doctor(status=DATA_ARE_WRONG)["judgments"]["state"] == "problem"
    assert asked == []


def test_a_server_that_is_never_found_does_not_hold_it_up(monkeypatch):
    end = threading.Event()
    monkeypatch.setattr(sources, "PROBE_LIMIT_S", 0.01)

    def head(url, timeout):
        end.wait(60)
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "head", head)
    said = sources.why_unreachable("https://nowhere.example")
    end.set()
    assert said == "no answer within 0.01 s"


def test_an_address_that_is_none_is_unreachable(monkeypatch):
    monkeypatch.undo()
    assert sources.why_unreachable("https://[") != ""


@pytest.mark.parametrize(
    ("error", "named", "state"),
    [
        (SourceMissingError("nothing there"), None, "note"),
        (SourceMissingError("nothing there", where=Where("/x")), "/x", "problem"),
        (SourceError("the same pictures in another order"), None, "problem"),
    ],
)
def test_cifar10_is_a_note_where_it_is_missing_and_a_problem_where_it_is_wrong(error, named, state, monkeypatch):
    def open_cifar10(split, *, downloads):
        assert not downloads
        raise error

    monkeypatch.setattr(cifar10, "open_cifar10", open_cifar10)
    if named:
        monkeypatch.setenv("HMIX_CIFAR10", named)
    found = doctor(status=GOOD if state == "note" else DATA_ARE_WRONG)["CIFAR-10"]
    assert found["state"] == state
    assert ("HMIX_CIFAR10" in found["next"]) == (state == "note")


def test_nothing_is_downloaded_to_find_the_pictures(monkeypatch):
    import huggingface_hub

    monkeypatch.undo()
    monkeypatch.delenv("HMIX_CIFAR10", raising=False)
    asked = []
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda **options: asked.append(options) or "nowhere")
    with pytest.raises(SourceMissingError):
        cifar10.open_cifar10("test", downloads=False)
    assert [options["local_files_only"] for options in asked] == [True]


def test_caches_are_measured(place):
    (place / "cache" / "studies").mkdir(parents=True)
    (place / "cache" / "studies" / "file").write_bytes(bytes(1_500_000))
    (place / "cache" / "link").symlink_to(place / "cache" / "studies")
    assert doctor()["hmix-hub cache"]["said"].startswith("~/cache: 1.5 MB used by hmix-hub, ")


def test_little_space_is_a_note_and_a_folder_that_cannot_be_written_a_problem(monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(5 * 10**8))
    found = doctor()["hmix-hub cache"]
    assert (found["state"], found["next"]) == ("note", "make room there, or name another folder with HMIX_CACHE")
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = doctor(status=DATA_ARE_WRONG)["hmix-hub cache"]
    assert (found["state"], found["said"]) == ("problem", "~/cache cannot be written")


def test_secrets_and_the_home_folder_are_not_shown(monkeypatch, place):
    secret = "hf_" + "a" * 30
    monkeypatch.setenv("HF_TOKEN", secret)
    monkeypatch.setenv("HMIX_SOURCE", "https://somebody:pass-word@mirror.example/h_mix?key=pass-word")
    monkeypatch.setenv("http_proxy", "somebody:pass-word@127.0.0.1:9")
    monkeypatch.setenv("HMIX_REGISTERED", str(place / "studies"))
    printed = CliRunner().invoke(main, ["doctor"]).output
    found = doctor()
    assert found["token"] == {
        "name": "token",
        "state": "good",
        "said": "there is one for the Hub; its value is not shown",
        "next": "",
        "topic": "Hub",
    }
    assert "HMIX_REGISTERED=~/studies" in found["environment"]["said"]
    for text in (printed, json.dumps(found)):
        assert [word for word in (secret, "somebody", "pass-word", str(place)) if word in text] == []


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("http_proxy", "user:SECRET@127.0.0.1:9", "127.0.0.1:9"),
        ("https_proxy", "//user:SECRET@127.0.0.1:9", "127.0.0.1:9"),
        ("http_proxy", "http://u:p@SECRET@host:9", "http://host:9"),
        ("http_proxy", "http://u:p/SECRET@host:9", "http://host:9"),
        ("http_proxy", "http://u:p SECRET@host:9", "http://host:9"),
        ("HTTP_PROXY", "http://u:p?SECRET@host:9", "http://[hidden]"),
        ("HMIX_SOURCE", "https://host/data?key=SECRET", "https://host/data"),
        ("HMIX_SOURCE", "https://host/data?key=SE@CRET", "https://[hidden]"),
        ("HF_ENDPOINT", "https://u:SECRET@host/#SECRET", "https://host/"),
        ("HMIX_CACHE", "/data/a@b#c", "/data/a@b#c"),
        ("OMP_NUM_THREADS", "2", "2"),
    ],
)
def test_of_addresses_in_variables_only_the_place_is_shown(name, value, shown, monkeypatch):
    monkeypatch.setenv("HMIX_SOURCE", "sample")
    monkeypatch.setenv(name, value)
    (line,) = checkup._environment()
    for text in (line.said, f"no answer from {value}: 404"):
        told = checkup._shareable(text)
        assert shown in told
        assert [word for word in ("SECRET", "CRET", "user", "u:p") if word in told] == []


def test_what_is_only_called_like_the_home_folder_keeps_its_name(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    assert checkup._shareable("/home/ada/x, /home/adam/x, /home/ada") == "~/x, /home/adam/x, ~"


def test_a_check_that_fails_is_a_problem_and_stops_no_other(monkeypatch):
    def cache_root():
        msg = "no such thing\nat all"
        raise RuntimeError(msg)

    monkeypatch.setattr("hmix_hub.sources.arrays.cache_root", cache_root)
    found = doctor(status=DATA_ARE_WRONG)
    assert found["caches"]["said"] == "could not be checked: RuntimeError: no such thing"
    assert found["token"]["state"] == "note"


def test_it_works_where_a_dependency_cannot_be_imported(run):
    code = (
        "import sys; sys.modules.update(numpy=None, torch=None)\n"
        "from hmix_hub.cli.main import main; main(['doctor', '--offline'])"
    )
    ran = run(code, HMIX_SOURCE="https://somebody:pass-word@mirror.example/h_mix")
    assert (ran.returncode, ran.stderr) == (DATA_ARE_WRONG, "")
    assert "import of numpy halted" in ran.stdout
    assert "token" in ran.stdout
    assert "pass-word" not in ran.stdout


def test_names_of_files_cannot_steer_the_terminal(monkeypatch):
    monkeypatch.setenv("HMIX_REGISTERED", "\x1b[31mred")
    assert "\x1b[31m" not in CliRunner().invoke(main, ["doctor"], color=False).output
