"""One Parquet part of the store: its name, written whole or not at all, read with every column that was asked for.

A part is on the disk before it has its name, and its name before anybody is told: a power cut loses neither.
"""

import contextlib
import hashlib
import os
import uuid
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sweeps.errors import InputError, write_error
from sweeps.store import schema

SMALL = 2**18  # bytes in memory: more than most cohorts have
DAMAGED = "damaged"  # folder for parts that cannot be read


def agreeing(tables: list[pa.Table], declared: Mapping[str, object]) -> list[pa.Table]:
    """The tables with one type a column. A field of one name may be a number in one task's spec and a tuple, kept
    as text, in another's: such a column is text throughout."""
    kinds: dict[str, set[str]] = {}
    for table in tables:
        for f in table.schema:
            if f.name not in declared and not pa.types.is_null(f.type):
                kinds.setdefault(f.name, set()).add(schema.kind(f.type))
    mixed = {name for name, found in kinds.items() if len(found) > 1}
    return [with_text(table, mixed) for table in tables]


def with_text(table: pa.Table, names: set[str]) -> pa.Table:
    for name in names & set(table.column_names):
        table = table.set_column(table.column_names.index(name), name, schema.as_text(table.column(name)))
    return table


def part_name(stage: str, trial_ids: list[str], codes: Collection[str] = ()) -> str:
    digest = hashlib.sha256("\n".join([*sorted(trial_ids), *sorted(codes)]).encode()).hexdigest()[:16]
    return f"{stage}-{digest}.parquet"


def write_part(table: pa.Table, path: Path) -> Path:
    """Write under a name that no reader matches, then rename.

    Dictionaries and statistics would take two fifths of the time and a quarter of the bytes of a part, which has few
    rows and is read whole. Zstandard, which begins anew in every column, would take two fifths of the time of a small
    part and make it no smaller; large ones it halves.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    codec = "snappy" if table.nbytes < SMALL else "zstd"
    with writing(path, temporary):
        pq.write_table(table, temporary, compression=codec, use_dictionary=False, write_statistics=False)
        settle(temporary, path)
    return path


def replace_file(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    with writing(path, temporary):
        temporary.write_bytes(content)
        settle(temporary, path)


def settle(temporary: Path, path: Path) -> None:
    """Give a file its name, once it is on the disk, and have the disk keep the name."""
    sync(temporary)
    os.replace(temporary, path)
    with contextlib.suppress(OSError):  # some file systems keep no folders this way, and need not
        sync(path.parent)


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Damaged(InputError):
    """A part that holds no table, or half of one: `reason`."""

    def __init__(self, path: Path, reason: str):
        super().__init__(
            f"Cannot read {path}: {reason}. The part is damaged; every other part is untouched. The next sweep moves "
            f"it to {DAMAGED}/ and runs the trials that were in it again."
        )
        self.reason = reason


def read_part(path: Path, columns: list[str] | None) -> pa.Table:
    """A part as a table, or these of its columns, those that it lacks left out. Raises Damaged for a file that is none,
    InputError for one that may not be read or that a newer version wrote."""
    try:
        with pq.ParquetFile(path) as part:
            version = int((part.schema_arrow.metadata or {}).get(b"schema_version", b"0"))
            if version != schema.VERSION:
                raise InputError(
                    f"{path} has schema version {version}; this lstm-variants reads {schema.VERSION}. "
                    f"Use the version that wrote it, or move the results away."
                )
            have = part.schema_arrow.names
            return part.read([c for c in columns if c in have] if columns else None).replace_schema_metadata(
                None
            )
    except (pa.ArrowException, OSError) as error:
        number = getattr(error, "errno", None)
        if number is not None:  # the system's doing, not the file's
            raise InputError(f"Cannot read {path}: {os.strerror(number)}.") from None
        raise Damaged(path, str(error).splitlines()[0].rstrip(".")) from None


@contextlib.contextmanager
def writing(path: Path, temporary: Path | None = None) -> Iterator[None]:
    """Around whatever writes `path`: a disk that does not take it raises WriteError, and nothing half written stays."""
    try:
        yield
    except OSError as error:
        raise write_error(error, path) or error from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
