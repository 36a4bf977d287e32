"""Made-up judgments of class_choice: which of three animals a picture shows."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from hmix_hub.judgments.derived_columns import with_derived_columns
from hmix_hub.schema import Vocabulary
from hmix_hub.tables import dataset_of
from hmix_hub.tasks import CHOICE, columns

ANIMALS = Vocabulary(("cat", "dog", "fox"))
PAGES = ("cat", "dog", "fox")


def observed(rows, vocabulary=ANIMALS):
    """Judgments of single pictures: (participant, picture, its class, chosen class), and what else is given."""
    people: Counter[str] = Counter()
    values = []
    for participant, picture, label, chosen, *others in rows:
        values.append(
            {
                "participant_id": participant,
                "trial_index": people[participant],
                "is_repeat": False,
                "image_1_label": vocabulary.code(label),
                "image_1_index": picture,
                "image_2_label": None,
                "image_2_index": None,
                "mixing_coefficient": 1.0,
                "chosen_class": vocabulary.code(chosen),
                **(others[0] if others else {}),
            }
        )
        people[participant] += 1
    kinds = {column.name: column.arrow_type(vocabulary) for column in columns(CHOICE)}
    names = dict.fromkeys(name for row in values for name in row)
    table = pa.table({name: pa.array([row.get(name) for row in values], kinds[name]) for name in names})
    shared = {"collection_round": "1", "image_set": "pictures", "source_file": "raw.csv"}
    for name, value in shared.items():
        table = table.append_column(name, pa.repeat(pa.scalar(value), len(values)))
    table = table.append_column("source_row", pa.array(range(len(values)), pa.int32()))
    for name in ("condition", "response_time_ms", "confidence"):
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(len(values), kinds[name]))
    return table


def judged(rows, vocabulary=ANIMALS):
    return with_derived_columns(observed(rows, vocabulary), CHOICE, study_id="animals", vocabulary=vocabulary)


def dataset(rows, vocabulary=ANIMALS):
    return dataset_of(judged(rows, vocabulary), columns(CHOICE), vocabulary)


THREE = [("a", 0, "cat", "cat"), ("b", 0, "cat", "dog"), ("c", 0, "cat", "cat"), ("a", 1, "fox", "dog")]
