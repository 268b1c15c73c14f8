"""Exceptions with a message for people. The command line prints it and exits with code 2."""

import difflib
import errno
import os
import traceback
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input from the user: what you gave us is wrong, and here is what we expected."""


class NeverRan(InputError):
    """There are no results of a study. The command line adds the command that makes them."""


class WriteError(InputError):
    """The disk is full, or may not be written. What was written before is whole."""


class ThereTraceback(Exception):
    """The cause of an exception that came from another process: its traceback there, as text."""


def traceback_of(error: BaseException) -> str:
    """Where an exception was raised, in this process or in another one, as text."""
    if isinstance(error.__cause__, ThereTraceback):
        return str(error.__cause__)
    return "".join(traceback.format_exception(error))


# What the disk, not our code, is to blame for, and what helps.
CURES = {
    errno.ENOSPC: "Free some space there",
    errno.EDQUOT: "Free some of your quota there, or request more",
    errno.EFBIG: "Allow larger files (ulimit -f)",
    errno.EROFS: "Make it writable",
    errno.EACCES: "Make it writable",
    errno.EPERM: "Make it writable",
    errno.EIO: "Check the disk for errors",
    errno.ESTALE: "Check that the file system is mounted",
    errno.ENOENT: "Check that the folder exists",
}


def write_error(error: OSError, place: object) -> WriteError | None:
    """The error in words, None where it does not come from the disk."""
    if error.errno not in CURES:
        return None
    where = f" {place}" if place is not None else " the output"
    return WriteError(
        f"Cannot write{where}: {os.strerror(error.errno)}. {CURES[error.errno]}; then the same command runs the rest. "
        f"What has been stored so far is intact."
    )


def did_you_mean(given: str, known: Iterable[str], also: Iterable[str] = ()) -> str:
    """` Did you mean 'lstm'?`, to stand after the sentence that refuses a name; empty where no known one is near,
    whatever its capitals. also: words that are no names, such as "all", meant where they are all but written."""
    names = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(given.casefold(), list(also), n=1, cutoff=0.8)
    near = near or difflib.get_close_matches(given.casefold(), names, n=1, cutoff=0.5)
    return f" Did you mean '{names.get(near[0], near[0])}'?" if near else ""
