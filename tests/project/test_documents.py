"""README, guides and dataset card: true, current, short, and understood by the Hub's own tools."""

import importlib.util
import re
import shlex
from functools import partial

import pytest
import torch
import yaml
from click.testing import CliRunner
from datasets import DatasetInfo, load_dataset
from huggingface_hub import DatasetCard

import hmix_hub
from hmix_hub.cli.main import main
from hmix_hub.errors import SplitWarning
from hmix_hub.sources import RELEASE
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.tasks import BY_STIMULUS_COLUMNS, INFER, RELEASED_CONFIGURATIONS, RELEASED_FORMS, TASKS, flags_of

README, LOADING = "README.md", "dataset_cards/loading.md"
GUIDES = (
    *(
        "benchmarks",
        "collecting",
        "exploring",
        "h-mix",
        "house",
        "importing",
        "judgments",
        "large_studies",
        "perception",
        "rules",
    ),
    *("releasing", "running", "study_file"),
)
DOCUMENTS = [README, "CONTRIBUTING.md", "CHANGELOG.md", LOADING, *(f"dataset_cards/{name}.md" for name in GUIDES)]


@pytest.fixture(scope="module")
def card(root):
    return DatasetCard.load(root / "dataset_cards" / "h-mix.md")


@pytest.fixture
def build(root, monkeypatch):
    """The script, under a name of its own: `build` is what makes wheels."""
    monkeypatch.syspath_prepend(str(root / "scripts"))
    spec = importlib.util.spec_from_file_location("hmix_scripts_build", root / "scripts" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_current(build, monkeypatch, source):
    monkeypatch.setenv("HMIX_SOURCE", str(source))
    return not any(build._renew(name, write=False) for name in build.DOCUMENTS)


def test_generated_parts_are_current_with_the_counts_of_the_release(build, monkeypatch, release):
    assert is_current(build, monkeypatch, release)


def test_generated_parts_are_current_where_the_release_is_not(build, monkeypatch, capsys):
    assert is_current(build, monkeypatch, "sample")
    assert "left alone" in capsys.readouterr().out


def test_a_wrong_count_is_found(build, monkeypatch, release, tmp_path, root):
    (tmp_path / "dataset_cards").mkdir()
    for name in build.DOCUMENTS:
        (tmp_path / name).write_text((root / name).read_text(encoding="utf-8").replace("| 1440 |", "| 9999 |"))
    monkeypatch.setattr(build, "ROOT", tmp_path)
    assert not is_current(build, monkeypatch, release)


def test_a_stale_part_is_found_and_renewed(build, tmp_path, monkeypatch):
    (tmp_path / "doc.md").write_text("a\n<!-- generated: filters -->\nold\n<!-- end -->\nb\n", encoding="utf-8")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    assert build._renew("doc.md", write=False)
    assert build._renew("doc.md", write=True)
    assert not build._renew("doc.md", write=True)
    text = (tmp_path / "doc.md").read_text(encoding="utf-8")
    assert text.startswith("a\n<!-- generated: filters -->\n| filter")
    assert text.endswith("<!-- end -->\nb\n")


def test_the_card_has_the_configurations_and_the_default(card):
    configs = {config["config_name"]: config for config in card.data.to_dict()["configs"]}
    assert list(configs) == list(RELEASED_CONFIGURATIONS)
    assert [name for name, config in configs.items() if config.get("default")] == ["infer_mixing_factor"]


def as_released(name):
    """Load a table of the sample with the columns of the release, whose tables count nothing that a program made."""
    dataset = hmix_hub.load_dataset("h-mix", name, split="train", source="sample")
    return dataset.remove_columns([column for column in dataset.column_names if column == "n_synthetic"])


def test_the_card_has_the_features_and_no_sizes(card):
    infos = {info["config_name"]: info for info in card.data.to_dict()["dataset_info"]}
    for name, info in infos.items():
        assert set(info) == {"config_name", "features"}
        assert DatasetInfo._from_yaml_dict(info).features == as_released(name).features


def test_the_card_says_what_a_card_should(card):
    for heading in ("Known defects", "How it was collected", "Intended uses", "Unwise uses", "Licence", "Citation"):
        assert re.search(f"^## .*{heading}", card.content, re.M), heading
    assert card.data.license_name == "not-stated"
    assert "Not stated" in card.text
    assert hmix_hub.citation("h-mix") in card.text


def test_the_card_has_every_column_and_flag(card):
    columns = [c for task in RELEASED_FORMS for c in TASKS[task].columns]
    by_stimulus = [c for task in ("infer_mixing_factor", "categorical_soft_labels") for c in BY_STIMULUS_COLUMNS[task]]
    flags = dict.fromkeys(flag for task in RELEASED_FORMS for flag in flags_of(task))
    for name in [*(c.name for c in columns), *(c.name for c in by_stimulus), *flags]:
        assert f"| `{name}` |" in card.text, name


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_the_card_beside_parquet_files_loads_with_plain_datasets(config, root, tmp_path):
    expected = as_released(config)
    repository = tmp_path / "h-mix-copy"
    for name in RELEASED_CONFIGURATIONS:
        (repository / name).mkdir(parents=True)
        as_released(name).to_parquet(repository / name / "train-00000-of-00001.parquet")
    (repository / "README.md").write_bytes((root / "dataset_cards" / "h-mix.md").read_bytes())
    loaded = load_dataset(str(repository), config, split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.features == expected.features
    assert loaded.to_list() == expected.to_list()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_to_files_lead_somewhere(name, root):
    text = (root / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert ((root / name).parent / target).exists(), target


def test_the_commands_of_the_instructions_print_what_they_show(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    from console import is_current

    assert is_current((root / "CONTRIBUTING.md").read_text(encoding="utf-8"))


def test_a_command_that_prints_something_else_is_found(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    from console import is_current

    shown = "<!-- file: a.txt -->\n```text\nhello\n```\n\n```console\n$ cat a.txt\n{}\n```\n"
    assert is_current(shown.format("hello"))
    assert not is_current(shown.format("goodbye"))


@pytest.mark.parametrize(("size", "is_right"), [("14 kB", True), ("13.9 kB", True), ("12 kB", False), ("14 B", False)])
def test_a_size_of_a_file_is_found_where_it_is_wrong(size, is_right, root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    from console import is_current

    assert is_current(f"```console\n$ echo '     14 kB  README.md'\n{size:>10}  README.md\n```\n") == is_right


def test_every_key_of_a_study_file_is_explained(root):
    text = (root / "dataset_cards" / "study_file.md").read_text(encoding="utf-8")
    table = text.split("<!-- generated: study-keys -->")[1].split("<!-- end -->")[0]
    rows = [line.split(" | ") for line in table.strip().splitlines()[2:]]
    assert len(rows) > 40
    assert [row[0] for row in rows if not row[-1].strip(" |")] == []


def blocks_of(path, language):
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.S)


def run_blocks(path):
    """Run the Python of a document, one block after the other; return its names."""
    names = {}
    for block in blocks_of(path, "python"):
        exec(compile(block, path.name, "exec"), names)  # noqa: S102 - the document is ours
    return names


def test_the_readme_is_short(root):
    assert len((root / README).read_text(encoding="utf-8").splitlines()) < 220


def run_page(path):
    """Run the commands and the Python of a page in their order; return the Python's names."""
    names = {}
    for language, block in re.findall(r"```(bash|python)\n(.*?)```", path.read_text(encoding="utf-8"), re.S):
        if language == "python":
            exec(compile(block, path.name, "exec"), names)  # noqa: S102 - the page is ours
            continue
        for line in block.splitlines():
            ran = CliRunner().invoke(main, shlex.split(line, comments=True)[1:])
            assert ran.exit_code == 0, (line, ran.output)
    return names


@pytest.fixture
def run_python(root, monkeypatch, tmp_path):
    """Run the Python of README, and of the guide to loading, on a source, beside the example study."""
    write_files(tmp_path / "my-study", example_study(INFER))
    monkeypatch.chdir(tmp_path)

    def run(source, *more):
        monkeypatch.setenv("HMIX_SOURCE", str(source))
        names = run_blocks(root / README)
        assert torch.isfinite(names["loss"])
        assert torch.allclose(names["labels"].sum(1), torch.ones(256))
        return [run_blocks(root / name) for name in more]

    return run


def test_the_python_of_the_readme_runs_on_a_folder_with_the_release(run_python, release, cifar10, monkeypatch):
    monkeypatch.setenv("HMIX_CIFAR10", str(cifar10))
    (names,) = run_python(release, LOADING)
    assert names["images"].shape[1:] == (3, 32, 32)
    assert set(names["studies"]) == {"collins2023", "example-study"}


def test_the_python_of_the_readme_runs_on_the_cached_release(run_python, release, cifar10, monkeypatch, tmp_path):
    for file in RELEASE.files:
        (tmp_path / "cache" / RELEASE.study_id).mkdir(parents=True, exist_ok=True)
        (tmp_path / "cache" / RELEASE.study_id / file).symlink_to(release / file)
    monkeypatch.setenv("HMIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HMIX_CIFAR10", str(cifar10))
    run_python("release")


def test_the_python_of_the_readme_runs_on_the_sample(run_python):
    # The sample's pictures are mixed with so many others that few can be told apart.
    with pytest.warns(SplitWarning):
        (names,) = run_python("sample", LOADING)
    assert set(names["studies"]) == {"sample", "example-study"}


def test_the_python_of_the_guide_to_perception_runs(root, monkeypatch, tmp_path):
    monkeypatch.setenv("HMIX_SOURCE", "sample")
    monkeypatch.chdir(tmp_path)
    names = run_blocks(root / "dataset_cards" / "perception.md")
    assert {path.name for path in tmp_path.iterdir()} == {"model.json", "report"}
    assert names["same"].nll == names["model"].nll
    assert names["labels"].shape == (256, 10)


def test_the_guide_to_large_studies_runs(root, monkeypatch, tmp_path):
    """The commands that need no cluster, then the Python, with a cluster of threads in place of one of processes."""
    import distributed

    monkeypatch.setenv("HMIX_SOURCE", "sample")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(distributed, "LocalCluster", partial(distributed.LocalCluster, processes=False))
    guide = root / "dataset_cards" / "large_studies.md"
    commands = [line.split() for block in blocks_of(guide, "bash") for line in block.splitlines()]
    runnable = [words[1:] for words in commands if not {"tcp://HOST:8786", "--repo-id"} & set(words)]
    assert len(runnable) >= 4
    for words in runnable:
        ran = CliRunner().invoke(main, words)
        assert ran.exit_code == 0, (words, ran.output)
    names = run_blocks(guide)
    assert set(names["one"]["participant_id"]) == {"p01"}
    assert names["stimuli"].num_rows == names["loaded"].num_rows
    assert names["again"].nll == names["model"].nll


def test_the_commands_of_readme_and_guide_run(root, monkeypatch, tmp_path):
    monkeypatch.setenv("HMIX_SOURCE", "sample")
    monkeypatch.chdir(tmp_path)
    lines = [
        line.partition("#")[0].strip()
        for name in (README, LOADING)
        for block in blocks_of(root / name, "bash")
        for line in block.splitlines()
        if line.startswith("hmix ")
    ]
    commands = [line.split()[1:] for line in dict.fromkeys(lines)]
    assert len(commands) >= 20
    for command in commands:
        ran = CliRunner().invoke(main, command)
        assert ran.exit_code == 0, (command, ran.output)
    assert {path.name for path in tmp_path.iterdir()} == {
        "dogs.csv",
        "explorer",
        "my-study",
        "my-study-built",
        "pilot",
        "rehearsal",
        "rehearsal-study",
        "report",
        "soft_labels.png",
        "stimulus.png",
    }


# Notebooks run when the site is built.
PAGES = [
    *(f"how_to/{name}.md" for name in ("choose_rows", "classes", "export", "look_up", "offline", "pictures", "pool")),
    *("how_to/resume.md", "how_to/split.md"),
    *("tutorials/collect.md", "tutorials/relabel_mixup.md", "tutorials/reproduce.md"),
]


def test_every_page_with_examples_is_run(root):
    cards = root / "dataset_cards"
    pages = {str(path.relative_to(cards)): path.read_text(encoding="utf-8") for path in cards.glob("*_to/*.md")}
    pages |= {str(path.relative_to(cards)): path.read_text(encoding="utf-8") for path in cards.glob("tutorials/*.md")}
    assert {name for name, text in pages.items() if "```python" in text or "```bash" in text} == set(PAGES)


# Which datasets are on this machine is no part of the example.
@pytest.mark.filterwarnings("ignore::hmix_hub.errors.CacheWarning")
@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_a_page_run(name, root, monkeypatch, tmp_path):
    monkeypatch.setenv("HMIX_SOURCE", "sample")
    monkeypatch.chdir(tmp_path)
    run_page(root / "dataset_cards" / name)


def test_front_matter_is_plain_yaml(root):
    text = (root / "dataset_cards" / "h-mix.md").read_text(encoding="utf-8")
    assert isinstance(yaml.safe_load(text.split("---\n")[1]), dict)
