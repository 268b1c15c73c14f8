"""`--results URL`, for every command: its local copy takes its place, brought up to date before and back after.

Commands that take the store's lock (`sweep`, a study's `flow`, `import-wandb`) do so once they hold it.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from sweeps.errors import InputError
from sweeps.remote.address import folder_of, is_url
from sweeps.remote.copy import Copy
from sweeps.remote.store import LOCK, RemoteStore
from sweeps.remote.trouble import RemoteError
from sweeps.store.held import held

READING = ("plan", "status", "watch", "inspect", "generate")
WRITING = ("train", "report", "notebook", "mirror", "dashboard", "flow", "sweep", "import-wandb")
LOCKING = ("sweep", "import-wandb")
ALL_OF_IT = ("inspect", "generate", "train", "mirror")  # networks and reports are read
SINGLE = "single"  # the study of `train`


@contextlib.contextmanager
def at_hand(options: argparse.Namespace) -> Iterator[None]:
    """Have `options.results` be a folder, and `options.copy` what it is a copy of, None where it is none.

    Raises InputError before any work where a URL can not be used.
    """
    options.copy = None
    given = str(getattr(options, "results", ""))
    if not is_url(given) or options.command not in READING + WRITING:
        yield
        return
    folder = folder_of(given)
    if folder is not None:
        options.results = str(folder)
        yield
        return
    options.copy = copy = Copy.of(given)
    options.results = str(copy.folder)
    everything = options.command in ALL_OF_IT or bool(getattr(options, "keep", None))
    studies = studies_of(options, copy)
    if options.command not in LOCKING or getattr(options, "dry_run", False):
        for study in studies:
            RemoteStore(copy, study, everything=everything).refresh()
        if not any((copy.folder / study / "study.json").exists() for study in studies):
            copy.pull_names()
    if studies and (options.command == "flow" or (options.command == "train" and options.again is None)):
        copy.objects.writable()
    for study in studies if options.command in READING else ():
        tell_unsent(copy, study)
    try:
        yield
    except InputError as error:
        if not isinstance(error, RemoteError):  # which says where the copy is
            error.args = (str(error).replace(str(copy.folder), copy.url),)
        raise
    if options.command in WRITING:
        for study in studies or copy.studies():
            bring_back(copy, study, options.command)


def studies_of(options: argparse.Namespace, copy: Copy) -> list[str]:
    """The studies that a command reads or writes."""
    given = getattr(options, "study", None)
    if options.command == "train" and options.again is None:
        return [SINGLE]
    if given is None and options.command == "flow":
        return []
    if given is None:
        return copy.objects.studies()
    return [Path(given).stem if given.endswith((".py", ".yml", ".yaml")) else given]


def bring_back(copy: Copy, study: str, command: str) -> None:
    """Write what a command has made; one that only looks at results (`report`) has done so all the same where nothing
    may be written."""
    if not (copy.folder / study).exists():
        return
    try:
        copy.push(study, everything=True)
    except RemoteError as error:
        if command not in ("report", "notebook", "mirror", "dashboard"):
            raise
        print(f"{error}", file=sys.stderr)
        return
    if command in ("report", "notebook"):
        print(f"Also in {copy.url}/{study}", file=sys.stderr)


def tell_unsent(copy: Copy, study: str) -> None:
    store = RemoteStore(copy, study)
    left = [] if held(store.path / LOCK) else copy.unsent(study)
    if left:
        print(
            f"{len(left)} files of '{study}' are on this machine alone, in {store.path}: a sweep was ended before it "
            f"brought them to {store.place}. The next sweep from here does.",
            file=sys.stderr,
        )
