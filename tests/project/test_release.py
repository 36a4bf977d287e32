"""A release: the version is written wherever it stands, tried before it is tagged, and only then pushed."""

import datetime
import shutil
import subprocess
import sys

import pytest

CHANGELOG = "# Changelog\n\n## Unreleased\n\n### Added\n\n* A thing.\n\n## 0.1.0 - 2026-01-01\n\n* All.\n"
FILES = {
    "hmix_hub/__init__.py": '"""Package."""\n\n__version__ = "0.1.0"\n',
    "CITATION.cff": "cff-version: 1.2.0\nversion: 0.1.0\ndate-released: 2026-01-01\n",
    "README.md": "# hmix-hub\n\nIt is version 0.1.0.\n",
    "CHANGELOG.md": CHANGELOG,
}


@pytest.fixture
def release(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    import release

    return release


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A small project, `checkout`, with a `remote`."""
    place = tmp_path_factory.mktemp("template")
    for name, text in FILES.items():
        (place / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "checkout" / name).write_text(text, encoding="utf-8")
    commands = (
        "git init --quiet --bare --initial-branch main remote",
        "git init --quiet --initial-branch main checkout",
        "git -C checkout remote add origin ../remote",
        "git -C checkout add .",
        "git -C checkout -c user.name=A -c user.email=a@example.org commit --quiet --message All",
        "git -C checkout tag v0.1.0",
        "git -C checkout push --quiet origin main v0.1.0",
    )
    for command in commands:
        subprocess.run(command.split(), cwd=place, check=True)
    return place


@pytest.fixture
def checkout(release, template, tmp_path, monkeypatch):
    """A copy of the project, whose distributions are taken to be good."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada Example")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.org")
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(release, "ROOT", tmp_path / "checkout")
    monkeypatch.setattr(release, "build", lambda _, dist: dist.mkdir())
    monkeypatch.setattr(release, "check_metadata", lambda dist, version: dist / f"hmix_hub-{version}.whl")
    monkeypatch.setattr(release, "try_wheel", lambda *_: None)
    return tmp_path / "checkout"


def run(release, *words):
    release.main(release.options().parse_args(words))


def test_the_version_is_written_wherever_it_stands(release, root, tmp_path):
    for name in release.PLACES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((root / name).read_bytes())
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    release.write_version(tmp_path, "7.8.9", datetime.date(2027, 1, 2))
    assert '\n__version__ = "7.8.9"\n' in (tmp_path / "hmix_hub" / "__init__.py").read_text()
    assert "\nversion: 7.8.9\ndate-released: 2027-01-02\nlicense:" in (tmp_path / "CITATION.cff").read_text()
    assert "version 7.8.9" in (tmp_path / "README.md").read_text()
    closed = CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n## 7.8.9 - 2027-01-02\n")
    assert (tmp_path / "CHANGELOG.md").read_text() == closed


def test_a_dry_run_leaves_everything_as_it_was(release, checkout, capsys):
    run(release, "0.2.0", "--dry-run")
    printed = capsys.readouterr().out
    assert "Version 0.2.0\n" in printed
    assert "4 files changed" in printed
    assert release.git(checkout, "tag") == "v0.1.0"
    assert release.git(checkout, "status", "--porcelain") == ""
    assert {name: (checkout / name).read_text() for name in FILES} == FILES


def test_a_release_is_a_commit_and_a_tag_that_are_pushed(release, checkout, tmp_path):
    run(release, "0.2.0")
    assert '"0.2.0"' in release.git(tmp_path / "remote", "show", "v0.2.0:hmix_hub/__init__.py")
    assert release.git(tmp_path / "remote", "rev-parse", "main") == release.git(
        checkout, "rev-parse", "v0.2.0^{commit}"
    )

    assert (
        release.git(checkout, "log", "--format=%s %D", "-1") == "Version 0.2.0 HEAD -> main, tag: v0.2.0, origin/main"
    )
    assert release.git(checkout, "status", "--porcelain") == ""


def test_a_rejected_push_changes_nothing(release, checkout, tmp_path):
    hook = tmp_path / "remote" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    with pytest.raises(SystemExit, match="nothing was released"):
        run(release, "0.2.0")
    assert release.git(checkout, "tag") == release.git(tmp_path / "remote", "tag") == "v0.1.0"
    assert release.git(checkout, "log", "--format=%s") == "All"
    hook.unlink()
    run(release, "0.2.0")
    assert "v0.2.0" in release.git(tmp_path / "remote", "tag").split()


def test_only_main_as_it_was_pushed_is_released(release, checkout):
    release.git(checkout, "switch", "--quiet", "--create", "side")
    with pytest.raises(SystemExit, match="git switch main"):
        run(release, "0.2.0")
    release.git(checkout, "switch", "--quiet", "main")
    release.git(checkout, "commit", "--quiet", "--allow-empty", "--message", "Not pushed")
    with pytest.raises(SystemExit, match="differs from origin/main"):
        run(release, "0.2.0")


def test_nothing_is_tagged_where_the_wheel_does_not_work(release, checkout, monkeypatch):
    failing = [sys.executable, "-c", "raise SystemExit(1)"]
    monkeypatch.setattr(release, "try_wheel", lambda _, folder: release.run(failing, folder.parent))
    with pytest.raises(SystemExit, match="nothing was released"):
        run(release, "0.2.0")
    assert release.git(checkout, "tag") == "v0.1.0"
    assert release.git(checkout, "log", "--format=%s") == "All"


@pytest.mark.parametrize(
    ("version", "message"),
    [("0.1.0", "not larger than 0.1.0"), ("0.0.9", "not larger"), ("next", "not a version"), ("0.2", "three numbers")],
)
def test_a_version_that_is_none_or_not_new_is_refused(version, message, release, checkout):
    with pytest.raises(SystemExit, match=message):
        run(release, version)


def test_changes_that_are_not_committed_are_refused(release, checkout):
    (checkout / "README.md").write_text("other", encoding="utf-8")
    with pytest.raises(SystemExit, match="uncommitted"):
        run(release, "0.2.0")


def test_an_empty_section_is_not_released(release, checkout):
    (checkout / "CHANGELOG.md").write_text(CHANGELOG.replace("### Added\n\n* A thing.\n\n", ""), encoding="utf-8")
    release.git(checkout, "commit", "--quiet", "--all", "--message", "Nothing")
    release.git(checkout, "push", "--quiet", "origin", "main")
    with pytest.raises(SystemExit, match="nothing under Unreleased"):
        run(release, "0.2.0")
