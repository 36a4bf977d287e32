"""Released layout: the answers of a collection as CSV files that the readers of the release take."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.judgments.derived_columns import with_derived_columns
from hmix_hub.judgments.migration import migrate
from hmix_hub.schema import CIFAR10, CURRENT, RELEASED
from hmix_hub.sources import RELEASE
from hmix_hub.sources.released_csv import write_released_csv
from hmix_hub.sources.study import JUDGMENT_FILES
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.export.answers import UNTOUCHED
from hmix_hub.suite.export.places import new_folder, new_place
from hmix_hub.suite.export.rows import LATE, observed_table
from hmix_hub.suite.export.study_folder import Exported, gathered_answers
from hmix_hub.suite.store.store import Store
from hmix_hub.tasks import INFER

if TYPE_CHECKING:
    import pyarrow as pa


def export_released(
    folder: str | os.PathLike[str], target: str | os.PathLike[str], *, unfinished: bool = False
) -> Exported:
    """Write the answers of a collection in the layout of the release, schema 1.0.0; see `export_study`.

    What that layout has no room for is left out: sides, paths, orders, what was touched, who was late. See
    `hmix_hub.judgments.migration.LOSSES`. Where neither slider of infer_mixing_factor was touched both are written as
    50, as the released interface stored them, so that readers flag the row. Where a program made the answers, the files
    have a column `synthetic`, which the readers of this package know and those of the release pass over.

    Raises
    ------
    CollectionError
        As `export_study` does.
    ConfigurationError
        As `export_study` does; and if the study is one that the layout cannot say: of other pictures or classes.
    """
    root, place = Path(os.path.expanduser(folder)).absolute(), new_place(target)
    with Store.open(root, read_only=True) as store:
        frozen = store.frozen
        check_sayable(frozen, root)
        gathered = gathered_answers(store, root, unfinished=unfinished)
        written = {}
        with new_folder(place) as made:
            for task, people in gathered.people.items():
                observed = observed_table(frozen, task, people)
                observed = observed.drop_columns([name for name in observed.column_names if name == LATE])
                observed = _as_released(observed, task)
                judgments = with_derived_columns(
                    observed,
                    task,
                    study_id=frozen.study.id,
                    vocabulary=CIFAR10,
                    is_synthetic=store.is_synthetic,
                )
                released = migrate(judgments, task, start=CURRENT, target=RELEASED)
                name = JUDGMENT_FILES[task]
                written[name] = write_released_csv(made / name, task, released.to_pylist())
        return Exported(place, written, gathered, store.is_synthetic)


def _as_released(observed: pa.Table, task: str) -> pa.Table:
    """Give the confidence its start where neither slider was touched."""
    if task != INFER:
        return observed
    is_neither = pc.and_(pc.invert(observed["inferred_touched"]), pc.invert(observed["confidence_touched"]))
    confidence = pc.if_else(is_neither, UNTOUCHED, observed["confidence"])
    place = observed.schema.get_field_index("confidence")
    return observed.set_column(place, observed.schema.field(place), confidence)


def check_sayable(frozen: FrozenStudy, root: Path) -> None:
    """Check that the released layout, which names neither pictures nor classes, can say a study.

    Raises
    ------
    ConfigurationError
        If it is not about the ten classes of the CIFAR-10 test set.
    """
    classes = frozen.study.pictures.vocabulary
    if frozen.image_set == RELEASE.image_set and classes == CIFAR10:
        return
    found = frozen.image_set if frozen.image_set != RELEASE.image_set else f"the classes {', '.join(classes.names)}"
    msg = f"the released layout counts in {RELEASE.image_set} and its ten classes alone; this study has {found}"
    raise ConfigurationError(msg, where=Where(str(root)), hint="export without --layout released")
