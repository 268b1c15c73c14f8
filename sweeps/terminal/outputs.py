"""Where results are written to: asked before anything is computed, never over what was read.

out = output("verdicts.csv", "--csv", inputs=["runs.csv"])    InputError, or a path that can be written now
...compute and print...
write(out, content)                                           the old file or the new one, whole

A path is an input when it leads to the same file: by another spelling, by a symbolic or by a hard link.
"""

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sweeps.errors import InputError

PathLike = str | os.PathLike[str]


def output(path: PathLike, option: str, *, inputs: Iterable[PathLike] = ()) -> Path:
    """`path` as a file that can be written. Raises InputError where it is one of `inputs` (files, or folders with all
    that is in them) or nothing can be written there; the option is named in it."""
    path = Path(path)
    for given in inputs:
        if read := same(path, Path(given)):
            raise InputError(
                f"{option} {path} is {read}, an input: it would be overwritten. Name another file."
            )
    try:
        if path.is_dir():
            raise InputError(f"{option} {path} is a folder; {option} needs the name of a file.")
        special = path.exists() and not path.is_file()
        parent = path.resolve().parent
        if not special and not parent.is_dir():
            raise InputError(
                f"There is no folder {parent} to write {path.name} into ({option}); create it, or name another."
            )
        if special:
            with open(path, "ab"):
                pass
        elif path.exists() and not os.access(path, os.W_OK):
            raise InputError(f"{option} {path} cannot be written: it is write-protected. Name another file.")
        else:
            probe(parent)
            if not path.exists():
                unused(path)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        raise InputError(f"{option} {path} cannot be written: {reason(error)}. Name another place.") from None
    return path


def folder(
    path: PathLike, option: str, *, inputs: Iterable[PathLike] = (), below: Iterable[str] = ()
) -> Path:
    """`path` as a folder that is there and can be written into. Raises InputError where it is one of `inputs` (files
    and folders) or lies in one, where a file in it, or in the folders `below` it, is one of theirs, and where nothing
    can be written."""
    path = Path(path)
    try:
        place = path.resolve()
        for given in map(Path, inputs):
            read = given.resolve()
            own = [file for part in (place, *(place / name for name in below)) for file in part.glob("*")]
            meeting = [file for file in own if file.is_file() and same(file, given)]
            if place == read or read in place.parents or meeting:
                what = f"has {meeting[0].name}, which" if meeting else f"is, or lies in, {given}, which"
                raise InputError(f"{option} {path} {what} is read. Name another directory.")
        path.mkdir(parents=True, exist_ok=True)
        probe(path)
    except FileExistsError:
        raise InputError(f"{option} needs a directory; {path} is a file.") from None
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"Cannot write to {path}: {reason(error)}. Name a writable directory with {option}."
        ) from None
    return path


def write(path: Path, content: bytes) -> None:
    """Write the whole file, or leave the old one. Through a link to where it leads; into devices and pipes directly.

    Raises InputError with what failed; what was printed before stays valid.
    """
    try:
        if path.exists() and (printed := printing(path)) is not None:
            sys.stdout.flush()
            sys.stderr.flush()
            with open(printed, "wb", closefd=False) as handle:
                handle.write(content)
            return
        if path.exists() and not path.is_file():
            with open(path, "wb") as handle:
                handle.write(content)
            return
        replace(path.resolve(), content)
    except OSError as error:
        raise InputError(f"{path} could not be written: {reason(error)}.") from None


def printing(path: Path) -> int | None:
    """The descriptor of standard output or error where `path` is the same file, as /dev/stdout is."""
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
    return None


def replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~mask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def mask() -> int:
    """The permissions that new files of this process do not get."""
    current = os.umask(0)
    os.umask(current)
    return current


def same(path: Path, read: Path) -> Path | None:
    """The file below `read` (itself, if it is a file) that `path` leads to; None where it is another or not there."""
    try:
        mine = path.stat()
        for file in read.rglob("*") if read.is_dir() else [read]:
            if file.exists() and os.path.samestat(mine, file.stat()) and not file.is_dir():
                return file
    except OSError:
        return None
    return None


def probe(parent: Path) -> None:
    """Raises OSError where no file can be made in this folder: whatever the system minds shows only in trying."""
    with tempfile.TemporaryFile(prefix=".", dir=parent) as file:
        file.write(b"x")


def unused(path: Path) -> None:
    """Raises OSError where a file of this name cannot be made, such as for a name that is too long."""
    os.close(os.open(path.resolve(), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    os.unlink(path.resolve())


def reason(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return text[:1].lower() + text[1:]
