"""Tables from files: CSV, of which all is text, and Parquet. What is wrong with a file is said, with its rows."""

import csv
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.words import listing
from sweeps.errors import InputError


def read(path: str | os.PathLike[str]) -> pd.DataFrame:
    """The table in a file, all of a CSV as text. Raises InputError where there is none or it can not be read."""
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {what}; give a table, a .csv or .parquet file.")
    reader = {".csv": read_csv, ".parquet": read_parquet}.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path.name} must end in .csv or .parquet, by which the table is read.")
    table = reader(path)
    if table.empty:
        raise InputError(f"{path} has no rows; a verdict needs 2 cells with some seeds each.")
    return table


def read_csv(path: Path) -> pd.DataFrame:
    """Text throughout: no cell called NA or None turns into a missing value, no seed into a fraction."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as handle:
            header, *rows = [line for line in csv.reader(handle, skipinitialspace=True) if line] or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a CSV file in UTF-8 ({error}).") from None
    names = [name.strip() for name in header]
    for i, row in enumerate(rows, 1):
        if len(row) != len(names):
            raise InputError(
                f"{path}: row {i} below the header has {len(row)} fields, the header has {len(names)}: "
                f"{','.join(row)[:80]}"
            )
    return pd.DataFrame(rows, columns=distinct(names, path), dtype=object)


def read_parquet(path: Path) -> pd.DataFrame:
    try:
        with pq.ParquetFile(path) as file:
            distinct(file.schema_arrow.names, path)
            return file.read().to_pandas(ignore_metadata=True)  # an index is a column like any other
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"Cannot read {path}: {str(error).splitlines()[0]}") from None


def distinct(names: list[str], path: Path) -> list[str]:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(f"{path} has two columns called {listing(map(repr, sorted(twice)))}; rename one.")
    return names
