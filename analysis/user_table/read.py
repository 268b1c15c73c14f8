"""Tables from files: CSV, of which all is text, and Parquet. What is wrong with a file is said, with its rows."""

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.user_table.csv import distinct, read_csv
from sweeps.errors import InputError


def read(path: str | os.PathLike[str]) -> pd.DataFrame:
    """The table in a file, all of a CSV as text; `attrs["notes"]` has a sentence for each thing that was assumed.
    Raises InputError where there is none or it cannot be read."""
    path = Path(path)
    if not path.exists() or path.is_dir():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {what}; give a table, a .csv or .parquet file.")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"{path.name} must end in .csv or .parquet, which determines how it is read (.tsv and .txt: as .csv)."
        )
    try:
        table = reader(path)
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}.") from None
    if table.empty:
        raise InputError(f"{path} has no rows; a verdict needs 2 cells with some seeds each.")
    return table


def read_parquet(path: Path) -> pd.DataFrame:
    try:
        with pq.ParquetFile(path) as file:
            distinct(file.schema_arrow.names, path)
            return file.read().to_pandas(ignore_metadata=True)  # an index is a column like any other
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"Cannot read {path}: {str(error).splitlines()[0]}") from None


READERS = {".csv": read_csv, ".tsv": read_csv, ".txt": read_csv, ".parquet": read_parquet}
