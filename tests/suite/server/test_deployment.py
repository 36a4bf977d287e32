"""Settings that `hmix collect deploy` writes; the proxies themselves run in `tests/suite/browser/test_proxies.py`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from suite_maker import study_content

from hmix_hub.cli.collect import collect, serve
from hmix_hub.errors import CollectionError
from hmix_hub.suite.deployment import FILES, settings, write_settings

AT = "https://study.example.org/lab/pilot"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pilot"
    made.mkdir()
    (made / "collection.yaml").write_text(yaml.safe_dump(study_content()))
    return made


def options_of(words: list[str]) -> dict[str, Any]:
    """Read the words of `hmix collect serve` as the command does."""
    assert words[:2] == ["collect", "serve"]
    return serve.make_context("serve", words[2:]).params


def needs(command: str) -> None:
    if shutil.which(command) is None:
        pytest.skip(f"{command} is not installed")


def test_the_command_writes_all_files_and_writes_over_none(folder: Path) -> None:
    words = ["deploy", str(folder), "--at", AT, "--to", str(folder.parent / "made")]
    done = CliRunner().invoke(collect, words)
    assert done.exit_code == 0
    assert sorted(file.name for file in (folder.parent / "made").iterdir()) == sorted(FILES)
    for name in FILES:
        assert f"wrote {folder.parent / 'made' / name}\n" in done.output
    with pytest.raises(CollectionError, match=r"nginx\.conf already exists"):
        write_settings(folder, folder.parent / "made", at=AT)


def test_systemd_takes_the_service_and_the_command_takes_its_options(folder: Path) -> None:
    text = settings(folder, at=AT, port=8123)["hmix-collect.service"]
    line = re.search(r'^ExecStart="(.*?)" collect serve "(.*?)" (.*)$', text, re.MULTILINE)
    assert line is not None
    assert line[2] == str(folder)
    options = options_of(["collect", "serve", line[2], *line[3].split()])
    assert (options["host"], options["port"], options["root_path"]) == ("127.0.0.1", 8123, "/lab/pilot")
    assert options["trusted_proxy"] == ("127.0.0.1", "::1")
    needs("systemd-analyze")
    service = folder.parent / "hmix-pilot.service"
    service.write_text(text.replace(f'"{line[1]}"', sys.executable))
    checked = subprocess.run(["systemd-analyze", "verify", service], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_the_container_serves_what_is_mounted_and_asks_after_its_health(folder: Path) -> None:
    text = settings(folder, at=AT, port=8123)["Dockerfile"]
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert [line.split()[0] for line in lines] == [
        *("FROM", "RUN", "RUN", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD")
    ]
    hmix, *words = json.loads(lines[-1].removeprefix("CMD "))
    options = options_of(words)
    assert (hmix, options["folder"], options["host"]) == ("hmix", Path("/study"), "0.0.0.0")
    assert lines[5].split()[1:] == [str(options["port"]), str(options["dashboard_port"])]
    python, flag, code = json.loads(lines[-2].partition("CMD ")[2])
    assert (python, flag) == ("python", "-c")
    asked = subprocess.run([sys.executable, flag, code.replace("8000", "1")], capture_output=True, check=False)
    assert asked.returncode == 1
    assert b"URLError" in asked.stderr


def test_nginx_takes_the_settings_with_a_certificate(folder: Path, tmp_path: Path) -> None:
    needs("nginx")
    needs("openssl")
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"]
    subprocess.run(["openssl", "req", "-x509", *key, "-subj", "/CN=x"], check=True, capture_output=True)
    text = settings(folder, at=AT, port=8000)["nginx.conf"]
    (tmp_path / "study.conf").write_text(text.replace("/etc/letsencrypt/live/study.example.org", str(tmp_path)))
    (tmp_path / "main.conf").write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{ }}\nhttp {{ access_log off;\ninclude study.conf; }}\n"
    )
    checked = subprocess.run(["nginx", "-t", "-c", tmp_path / "main.conf"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr


@pytest.mark.parametrize("at", [AT, "https://study.example.org", "http://127.0.0.1:8080/pilot"])
def test_caddy_takes_the_settings(folder: Path, tmp_path: Path, at: str) -> None:
    needs("caddy")
    (tmp_path / "Caddyfile").write_text(settings(folder, at=at, port=8000)["Caddyfile"])
    words = ["caddy", "validate", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile"]
    home = {"HOME": str(tmp_path), "PATH": "/usr/bin"}
    checked = subprocess.run(words, capture_output=True, text=True, check=False, env=home)
    assert checked.returncode == 0, checked.stderr
    assert "Valid configuration" in checked.stdout


@pytest.mark.parametrize(
    "at",
    [
        "study.example.org",
        "ftp://study.example.org",
        "https://",
        "https://study.example.org/?a=b",
        "https://study.example.org/a/../b",
        "https://someone:secret@study.example.org",
        "https://study.example.org; rm -rf",
        "https://study.example.org/a{b}",
        "https://study.example.org:99999",
        "https://[study.example.org",
    ],
)
def test_an_address_that_a_study_cannot_have_is_refused(folder: Path, at: str) -> None:
    with pytest.raises(CollectionError):
        settings(folder, at=at, port=8000)


def test_a_folder_whose_name_means_something_else_in_settings_is_refused(folder: Path) -> None:
    strange = folder.with_name("my pilot;")
    folder.rename(strange)
    with pytest.raises(CollectionError, match="spaces or characters"):
        settings(strange, at=AT, port=8000)
