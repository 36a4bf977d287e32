# One word for each thing that is done often; `just` lists them. Without just, run the lines themselves.

python := env("HMIX_VENV", ".venv") / "bin/python"

_list:
    @just --list --unsorted

# make the environment .venv, with everything that tests and documents need
setup:
    python3 scripts/environment.py

# check what is committed, before it is
hooks: setup
    {{ python }} -m pre_commit install

# show judgments, tensors and a picture
quickstart:
    python3 scripts/quickstart.py

# browse stimuli and judgments: just explore --source sample
explore *words: setup
    {{ python }} -m hmix_hub explore {{ words }}

# format, lint, spelling, types, imports, then the tests; words go to pytest
test *words:
    python3 scripts/test.py {{ words }}

# the checks alone: just check lint spelling
check *names:
    python3 scripts/test.py --checks {{ names }}

# rewrite the code in the format of the project, and fix what lint can
format: setup
    {{ python }} -m ruff format .
    {{ python }} -m ruff check --fix .

# the site, from pages and docstrings
docs *words:
    python3 scripts/docs.py {{ words }}

# the generated parts of pages
build *words:
    python3 scripts/build.py {{ words }}

# the tables of dataset_cards/benchmarks.md: just bench --parts tables
bench *words:
    python3 scripts/benchmark.py {{ words }}

# size and structure of the package
house:
    python3 scripts/house.py

# the pictures of screens in the guides
screens *words:
    python3 scripts/screens.py {{ words }}

# a new version: just release 0.2.0 --dry-run
release *words:
    python3 scripts/release.py {{ words }}
