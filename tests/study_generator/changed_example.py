"""The example study with another manifest."""

from __future__ import annotations

import yaml

from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER


def of_people(files):
    """Return the example study as if participants had given its answers."""
    manifest = files["study.yaml"].replace(b"synthetic: true\n", b"")
    assert manifest != files["study.yaml"]
    return files | {"study.yaml": manifest}


def example(folder, task=INFER, *, without=(), **changes):
    files = {name: content for name, content in of_people(example_study(task)).items() if name not in without}
    # As the manifest's reader has it, all values are text.
    manifest = yaml.load(files["study.yaml"], yaml.BaseLoader) | changes  # noqa: S506
    files["study.yaml"] = yaml.safe_dump(manifest, allow_unicode=True, sort_keys=False).encode()
    return Study.open(write_files(folder / "study", files))
