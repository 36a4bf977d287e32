"""Build H-Mix: writes its publishable form like that of a contributed study, for those with the right to publish it.

python3 scripts/build_h_mix.py OUT [--source FOLDER]

The release is imported from its raw files, checked against every rule, and built with its own card; nothing is
uploaded.
"""

from __future__ import annotations

import argparse
import tempfile
from importlib import resources
from pathlib import Path

from environment import options_of, run_script


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument("out", type=Path, help="folder to write: new, empty, or built before")
    parser.add_argument("--source", help="where the six released files are; default: HMIX_SOURCE, else the release")
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Build what --source names, the release or the sample study in its layout."""
    from hmix_hub.contribute.building import build
    from hmix_hub.contribute.importer import import_raw
    from hmix_hub.sources import JUDGMENT_FILES, SAMPLE, resolve_source
    from hmix_hub.studies.manifest import MANIFEST
    from hmix_hub.studies.study import Study

    source = resolve_source(arguments.source)
    with tempfile.TemporaryDirectory(prefix="hmix-build-") as scratch:
        folder = Path(scratch) / "h-mix"
        import_raw([source.path(name) for name in JUDGMENT_FILES.values()], folder)
        cards = resources.files("hmix_hub.dataset_cards")
        manifest = cards.joinpath("h-mix.study.yaml").read_text(encoding="utf-8")
        card: str | None = cards.joinpath("h-mix.md").read_text(encoding="utf-8")
        if source.study is SAMPLE:
            # The same steps without the released files, as a check; H-Mix's card would be wrong for the sample.
            manifest = manifest.replace("id: collins2023", f"id: {SAMPLE.study_id}")
            manifest, card = manifest.replace("source: cifar10/test", f"source: {SAMPLE.image_set}"), None
        (folder / MANIFEST).write_text(manifest, encoding="utf-8")
        built = build(Study.open(folder), arguments.out, card=card)
    print(f"wrote {len(built.files)} files of {source.description} to {built.path}")
    for name, table in built.study.tables.items():
        print(f"  {table.num_rows:>6,} rows  {name}")
    if source.study is not SAMPLE:
        print("H-Mix has no stated licence: publish it only with the right to do so")


if __name__ == "__main__":
    run_script(main, options())
