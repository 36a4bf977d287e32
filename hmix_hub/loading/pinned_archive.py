"""Archives of PyTorch among the files of registered studies: read once their bytes are known, as tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from hmix_hub.errors import SourceError, Where, first_line

ENDING = ".pt"
_HINT = "an archive holds a dict of arrays of numbers, of one dimension and one length"


def as_table_file(path: Path, folder: Path) -> Path:
    """Return a file that raw files are read from: of an archive, a Parquet file with a column for each array in it.

    Parameters
    ----------
    path
        A file whose sha256 has just been verified. Even so nothing but numbers and arrays of them is unpickled.
    folder
        Folder that the Parquet file is written in.

    Raises
    ------
    SourceError
        If the archive holds anything else.
    """
    if path.suffix != ENDING:
        return path
    import torch

    array = np.zeros(0, dtype=np.int64)
    make = array.__reduce__()[0]
    # What NumPy's arrays are made of, as NumPy names it, and as NumPy 1 did.
    known: list[Any] = [make, (make, "numpy.core.multiarray._reconstruct"), np.ndarray, np.dtype, type(array.dtype)]
    try:
        with torch.serialization.safe_globals(known):
            content = torch.load(path, weights_only=True)
        columns = {str(name): np.asarray(values) for name, values in content.items()}
        table = pa.table({name: pa.array(values) for name, values in columns.items()})
    except Exception as error:
        # Whatever is in such a file, the error of reading it may be any.
        msg = f"the archive cannot be read as arrays: {first_line(error)}"
        raise SourceError(msg, where=Where(str(path)), hint=_HINT) from None
    made = folder / f"{path.stem}.parquet"
    parquet.write_table(table, made)
    return made
