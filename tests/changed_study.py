"""A study whose tables are others than its folder holds."""

from __future__ import annotations

import pyarrow as pa

from hmix_hub.studies.study import Study


def with_tables(study: Study, tables: dict[str, pa.Table]) -> Study:
    """Return a study with the same manifest and other tables; nothing that was computed is taken over."""
    changed = Study(study.path, is_draft=study.is_draft)
    vars(changed)["tables"] = tables
    return changed
