"""What the local copy of a study knows of its URL: one line of JSON for each object that was equal on both sides.

    STUDY/.known.json    {"trials/search-0123456789abcdef.parquet": ["mark of the object", bytes, nanoseconds]}

A file that is not listed, or is not the one that is listed, has not been written to the URL yet. An object that is
listed and gone was removed there. The list is read and written by one process at a time (`.known.lock`).
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from sweeps.errors import InputError
from sweeps.store.parts import replace_file, writing

PATIENCE = 600.0  # seconds, for another process that reads or writes the same copy


@dataclass
class Known:
    """marks: by name, of the object. stamps: by name, of the file (bytes, time of change)."""

    folder: Path
    marks: dict[str, str] = field(default_factory=dict)
    stamps: dict[str, tuple[int, int]] = field(default_factory=dict)
    changed: bool = False

    def same(self, name: str) -> bool:
        """Whether the file is there as it is on the other side, as far as is known."""
        return name in self.marks and stamp(self.folder / name) == self.stamps[name]

    def note(self, name: str, mark: str, found: tuple[int, int] | None) -> None:
        """File and object are equal. found: the file's stamp when it was read or written."""
        if found is not None:
            self.marks[name], self.stamps[name], self.changed = mark, found, True

    def forget(self, name: str) -> None:
        self.marks.pop(name, None)
        self.stamps.pop(name, None)
        self.changed = True


def stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


@contextlib.contextmanager
def known(folder: Path) -> Iterator[Known]:
    """The list of a study's copy, for this process alone; it is kept in the end, however that comes."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    path = folder / ".known.json"
    try:
        lock = FileLock(folder / ".known.lock", timeout=PATIENCE)
        lock.acquire()
    except TimeoutError:
        raise InputError(
            f"Another process has been reading or writing {folder} for {PATIENCE:.0f} s."
        ) from None
    try:
        found = Known(folder)
        with contextlib.suppress(OSError, ValueError, TypeError):
            for name, (mark, size, time) in json.loads(path.read_text()).items():
                found.marks[name], found.stamps[name] = str(mark), (int(size), int(time))
        try:
            yield found
        finally:
            if found.changed:
                lines = {name: [mark, *found.stamps[name]] for name, mark in found.marks.items()}
                replace_file(path, json.dumps(lines).encode())
    finally:
        lock.release()
