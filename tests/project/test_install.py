"""The package as it is installed: editable, and from a wheel that is built from the sdist; from any working directory.

Both stand on this environment's libraries, so that nothing is downloaded.
"""

import itertools
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

import hmix_hub

USE = (
    "import hmix_hub, datasets; from hmix_hub.tasks import CONFIGURATIONS\n"
    "ds = datasets.load_dataset('h-mix', split='train', source='sample')\n"
    "from hmix_hub.builders.h_mix import HMix\n"
    "import hmix_hub.builders, hmix_hub.dataset_cards\n"
    "assert hmix_hub.citation().startswith('@'); assert len(ds) == 1236, len(ds)\n"
    "print(hmix_hub.__file__); print(hmix_hub.builders.__file__); print(hmix_hub.dataset_cards.__file__)"
)


def environment():
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "HMIX_SOURCE"}}


def run(*command, cwd):
    ran = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, cwd=cwd, env=environment()
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def checkout(root, tmp_path_factory):
    """A copy of what is under version control, so that building leaves nothing in the checkout."""
    copy = tmp_path_factory.mktemp("checkout") / "hmix-hub"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, check=True,
    ).stdout  # fmt: skip
    for name in listed.decode().split("\0"):
        if name and (root / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((root / name).read_bytes())
    return copy


@pytest.fixture(scope="module")
def distributions(checkout, tmp_path_factory):
    """The sdist, and the wheel that is built from it, as pip would."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, checkout, cwd=folder)
    return {"wheel": next(folder.glob("*.whl")), "sdist": next(folder.glob("*.tar.gz"))}


def make_environment(folder):
    """A new environment over this one's libraries, but not over this one's hmix-hub, which is found last."""
    venv.create(folder, with_pip=False, system_site_packages=False)
    site = next(folder.glob("lib/python*/site-packages"))
    here = [path for path in sys.path if path.endswith("site-packages")]
    (site / "zz-libraries.pth").write_text("\n".join(here) + "\n", encoding="utf-8")
    return folder / "bin" / "python", site


@pytest.fixture(scope="module", params=["wheel", "editable"])
def installed(request, checkout, distributions, tmp_path_factory):
    python, site = make_environment(tmp_path_factory.mktemp(request.param))
    target = ["--editable", checkout] if request.param == "editable" else [distributions["wheel"]]
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed", "--quiet", "--target", site]
    if request.param == "editable":
        options = [*options[:-2], "--prefix", site.parents[2]]
    run(sys.executable, "-m", "pip", "install", *options, *target, cwd=site)
    return request.param, python, site


def test_it_loads_from_any_working_directory(installed, checkout, tmp_path):
    kind, python, site = installed
    home = checkout if kind == "editable" else site
    for cwd in (tmp_path, Path("/"), checkout / "hmix_hub"):
        package, builders, cards = run(python, "-c", USE, cwd=cwd).split()
        assert {Path(place).is_relative_to(home) for place in (package, builders, cards)} == {True}


def test_in_the_root_of_the_repository_it_loads_or_says_what_to_do(installed, checkout):
    kind, python, site = installed
    if kind == "editable":
        places = run(python, "-c", USE, cwd=checkout).split()
        assert all(Path(place).is_relative_to(checkout) for place in places)
        return
    # Python puts the working directory first, and the checkout in it is not what was installed.
    command = [python, "-c", "import hmix_hub"]
    ran = subprocess.run(command, cwd=checkout, env=environment(), capture_output=True, text=True, check=False)
    assert f"{checkout / 'hmix_hub'} is in a checkout that is not installed: run `pip install" in ran.stderr
    places = run(python, "-P", "-c", USE, cwd=checkout).split()
    assert all(Path(place).is_relative_to(site) for place in places)


def test_the_command_is_installed(installed, tmp_path):
    _, python, site = installed
    commands = [site / "bin" / "hmix", python.parent / "hmix"]
    command = next(path for path in commands if path.is_file())
    assert run(python, command, "--version", cwd=tmp_path).strip() == f"hmix, version {hmix_hub.__version__}"


# An editable installation runs what all other tests run; a wheel has to have brought templates and schemas along.
@pytest.mark.parametrize("installed", ["wheel"], indirect=True)
def test_a_study_is_begun_checked_and_built(installed, tmp_path):
    _, python, _ = installed
    hmix = [python, "-m", "hmix_hub", "contribute"]
    run(*hmix, "init", "study", "--example", cwd=tmp_path)
    run(*hmix, "card", "study", cwd=tmp_path)
    run(*hmix, "build", "study", "-o", "built", cwd=tmp_path)
    assert "h-mix-study" in (tmp_path / "built" / "README.md").read_text(encoding="utf-8")


def test_builders_and_cards_travel_in_the_wheel(distributions):
    names = set(zipfile.ZipFile(distributions["wheel"]).namelist())
    assert {
        "hmix_hub/builders/h_mix.py",
        "hmix_hub/builders/readers.py",
        "hmix_hub/dataset_cards/h-mix.md",
        "hmix_hub/dataset_cards/h-mix.bib",
        "hmix_hub/dataset_cards/h-mix.study.yaml",
        "hmix_hub/dataset_cards/study.md.jinja",
        "hmix_hub/studies/study.schema.json",
        "hmix_hub/py.typed",
    } <= names
    tops = {name.split("/")[0] for name in names}
    assert tops == {"hmix_hub", f"hmix_hub-{hmix_hub.__version__}.dist-info"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_sdist_has_what_a_wheel_is_built_from(distributions, root):
    with tarfile.open(distributions["sdist"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"builders/h_mix.py", "dataset_cards/h-mix.md", "LICENSE", "README.md", "pyproject.toml"} <= names
    packaged = {str(path.relative_to(root)) for path in (root / "hmix_hub").rglob("*.py")}
    assert packaged <= names


def test_no_file_is_left_out_of_the_wheel(distributions, checkout):
    names = set(zipfile.ZipFile(distributions["wheel"]).namelist())
    homes = {"hmix_hub": "hmix_hub", "builders": "hmix_hub/builders", "dataset_cards": "hmix_hub/dataset_cards"}
    for folder, home in homes.items():
        files = {path.relative_to(checkout / folder) for path in (checkout / folder).rglob("*") if path.is_file()}
        assert {f"{home}/{path}" for path in files if "__pycache__" not in path.parts} <= names


def test_one_version_everywhere(distributions, root):
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == hmix_hub.__version__
    assert f"-{hmix_hub.__version__}-" in distributions["wheel"].name
    assert f"version {hmix_hub.__version__}" in (root / "README.md").read_text(encoding="utf-8")


def test_what_the_wheel_says_of_itself_passes_the_check_of_a_release(distributions, root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    from release import check_metadata

    assert check_metadata(distributions["wheel"].parent, hmix_hub.__version__) == distributions["wheel"]
    with pytest.raises(SystemExit, match="is version"):
        check_metadata(distributions["wheel"].parent, "9.9.9")


def test_every_dependency_is_pinned_in_the_constraints(root):
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    names = {requirement.split(">")[0].lower().replace("_", "-") for requirement in wanted}
    # Extras may name one another.
    names = {name for name in names if not name.startswith("hmix-hub[")}
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    assert names <= pinned
    assert all(line.startswith("#") or line.count("==") == 1 for line in lines if line)
