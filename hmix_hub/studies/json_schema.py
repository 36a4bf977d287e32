"""JSON Schema of study.yaml, generated from the model and shipped for editors."""

from __future__ import annotations

import json
from importlib import resources

from hmix_hub.studies.manifest import Manifest

FILE = "study.schema.json"


def schema_text() -> str:
    """Generate the JSON Schema from the model."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Manifest.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def shipped_schema() -> str:
    """Give the JSON Schema that the package ships."""
    return resources.files("hmix_hub.studies").joinpath(FILE).read_text(encoding="utf-8")
