"""The example study with another manifest, as content."""

from __future__ import annotations

import yaml

from hmix_hub.contribute.content import read_content
from hmix_hub.schema import INFER
from hmix_hub.studies.example import example_study, write_files


def example(folder, task=INFER, *, without=(), **changes):
    files = {name: content for name, content in example_study(task).items() if name not in without}
    # As the manifest's reader has it, all values are text.
    manifest = yaml.load(files["study.yaml"], yaml.BaseLoader) | changes  # noqa: S506
    files["study.yaml"] = yaml.safe_dump(manifest, allow_unicode=True, sort_keys=False).encode()
    return read_content(write_files(folder / "study", files))
