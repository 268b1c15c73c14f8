"""Many small parts of a store made few, while others read and whatever happens.

    trials/search-0123456789abcdef.parquet     of a cohort
    trials/search-fedcba9876543210.1.parquet   of `MANY` of these; of `MANY` such ones: .2., and so on

What stood in small parts, row for row, stands in the large one, also several rows of one trial (one a rung). Its name
is a hash of what it was made of, which its metadata lists: the parts' names and hashes. First the large parts are
written, curves before rows, then the small ones are removed. Whoever reads between the two finds rows twice, of which
a reader takes one. After a kill between the two, the next compaction removes what the large part lists, if it is still
the same: a part of that name may have been written anew. `steady` reads all parts as if nothing had been moved
meanwhile.

Left as they are: parts that cannot be read, those whose curves cannot, with which they are to be set aside, and those
with failed trials, which a part of the same name replaces when they ran again. One process at a time: the one that
holds the store's lock.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from sweeps.errors import InputError
from sweeps.store import schema
from sweeps.store.parts import write_part

MANY = 64
TRIES = 20
NAME = re.compile(r"(?P<kind>.+)-[0-9a-f]{16}(\.(?P<level>\d+))?\.parquet")
MADE_OF = b"made_of"  # JSON: name to hash

T = TypeVar("T")


def listed(folder: Path) -> list[Path]:
    """The parts in a folder."""
    return sorted(folder.glob("*.parquet"))


def level_of(path: Path) -> int:
    """How often the rows of a part were put together."""
    match = NAME.fullmatch(path.name)
    return int(match["level"] or 0) if match else 0


def steady(folder: Path, read: Callable[[Path], T]) -> list[T]:
    """What `read` gives of every part, of the parts as they stood at one time or later.

    Parts that were put together meanwhile are read again. Raises what `read` raises for a part that is there.
    """
    for _ in range(TRIES):
        before = listed(folder)
        try:
            found = [read(path) for path in before]
        except (InputError, OSError):
            if all(path.exists() for path in before):
                raise
            continue
        after = set(listed(folder))
        if after.issuperset(before) and not any(map(level_of, after.difference(before))):
            return found
    raise InputError(f"The parts in {folder} change faster than they can be read; try again.")


class Compactor:
    """Of the store of a study, for the holder of its lock. many: how many parts are put together. left: those that were
    looked at and stay as they are."""

    def __init__(self, study: Path, many: int = MANY):
        self.study, self.many = study, many
        self.left: set[Path] = set()
        self.finish()

    def run(self, most: int = 4) -> int:
        """Put together what there is too much of, at most so many times; returns the number of parts that went. Raises
        WriteError where the disk does not take it: then nothing is lost."""
        gone = 0
        for _ in range(most):
            group = self.group()
            if group is None:
                break
            kind, level, paths = group
            rows, curves = self.readable(paths)
            for parts in fitting(rows):
                names = {path.name for path in parts}
                lines = {path: part for path, part in curves.items() if path.name in names}
                self.put_together(kind, level, parts, lines)
                gone += len(parts)
        return gone

    def group(self) -> tuple[str, int, list[Path]] | None:
        """Of `many` parts of one kind and level that can be put together."""
        groups: dict[tuple[str, int], list[Path]] = {}
        for path in listed(self.study / "trials"):
            match = NAME.fullmatch(path.name)
            if match and path not in self.left:
                found = groups.setdefault((match["kind"], level_of(path)), [])
                found.append(path)
                if len(found) == self.many:
                    return match["kind"], level_of(path), found
        return None

    def readable(self, paths: Iterable[Path]) -> "tuple[dict[Path, Part], dict[Path, Part]]":
        """Those of which all rows stay, and their curves; the others are noted in `left`."""
        rows: dict[Path, Part] = {}
        lines: dict[Path, Part] = {}
        for path in paths:
            part, curves = whole(path), self.study / "curves" / path.name
            line = whole(curves) if curves.exists() else None
            damaged = part is None or (line is None and curves.exists())
            if part is None or damaged or "failed" in part.table["status"].to_pylist():
                self.left.add(path)
                continue
            rows[path] = part
            if line is not None:
                lines[curves] = line
        return rows, lines

    def put_together(
        self, kind: str, level: int, rows: "dict[Path, Part]", lines: "dict[Path, Part]"
    ) -> None:
        digest = hashlib.sha256("".join(part.hash for part in rows.values()).encode()).hexdigest()[:16]
        name = f"{kind}-{digest}.{level + 1}.parquet"
        for some in (lines, rows):
            if some:
                write_part(together(some), next(iter(some)).with_name(name))
        for path in [*rows, *lines]:
            path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Remove the parts that stand in larger ones: a compaction was killed."""
        for folder in (self.study / "trials", self.study / "curves"):
            there = {path.name for path in listed(folder)}
            for large in filter(level_of, listed(folder)):
                for name, digest in made_of(large).items():
                    if name in there and hash_of((folder / name).read_bytes()) == digest:
                        (folder / name).unlink()


@dataclass(frozen=True)
class Part:
    """All of a part, and the hash of its file."""

    table: pa.Table
    hash: str


def whole(path: Path) -> Part | None:
    """None where a part cannot be read or is of another version."""
    try:
        content = path.read_bytes()
        table = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
    except (pa.ArrowException, OSError):
        return None
    version = (table.schema.metadata or {}).get(b"schema_version", b"")
    return Part(table, hash_of(content)) if version == str(schema.VERSION).encode() else None


def made_of(path: Path) -> dict[str, str]:
    try:
        found = json.loads((pq.read_schema(path).metadata or {}).get(MADE_OF, b"{}"))
    except (pa.ArrowException, OSError, ValueError):
        return {}
    return dict(found)


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def fitting(parts: dict[Path, Part]) -> list[dict[Path, Part]]:
    """The parts in groups in which every column has one type, so that no value changes when they are put together."""
    groups: list[tuple[dict[str, pa.DataType], dict[Path, Part]]] = []
    for path, part in parts.items():
        types = {f.name: f.type for f in part.table.schema if not pa.types.is_null(f.type)}
        for known, group in groups:
            if all(known.get(name, kind) == kind for name, kind in types.items()):
                known.update(types)
                group[path] = part
                break
        else:
            groups.append((types, {path: part}))
    return [group for _, group in groups]


def together(parts: dict[Path, Part]) -> pa.Table:
    """One table under another; a column that some lack is null there."""
    joined = pa.concat_tables([part.table for part in parts.values()], promote_options="default")
    made_of = json.dumps({path.name: part.hash for path, part in parts.items()})
    metadata = {"schema_version": str(schema.VERSION), MADE_OF: made_of}
    return joined.replace_schema_metadata(metadata).combine_chunks()
