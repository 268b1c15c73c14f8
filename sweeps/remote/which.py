"""Which files of a study are on its URL, and in which order they go there.

study.json, trials/, curves/, flow/, errors/, damaged/       results, always brought over
networks/, report/, figures/, notebooks/                     brought over for commands that read them
wandb/mirrored-online-*.jsonl, wandb/published.json          what W&B's server has
checkpoints/, wandb/ (offline runs), .lock, temporary files  stay on the machine that made them
"""

import fnmatch
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

TABLES = ("trials", "curves", "flow")
RESULTS = (*TABLES, "errors", "damaged")
MADE = ("networks", "report", "figures", "notebooks")
SENT = ("wandb/mirrored-online-*.jsonl", "wandb/published.json")
LAST = ("trials", "study.json")  # whoever finds these finds what belongs to them


def shared(name: str) -> bool:
    """Whether a file, named from the study's folder, is on the URL."""
    parts = PurePosixPath(name).parts
    if any(part.startswith(".") for part in parts):
        return False
    if len(parts) == 1:
        return name == "study.json"
    return parts[0] in RESULTS + MADE or any(fnmatch.fnmatchcase(name, pattern) for pattern in SENT)


def wanted(name: str, *, everything: bool) -> bool:
    """Whether a command needs it. everything: also what was made of the results."""
    return shared(name) and (everything or PurePosixPath(name).parts[0] not in MADE)


def is_part(name: str) -> bool:
    return PurePosixPath(name).parts[0] in TABLES and name.endswith(".parquet")


def files(folder: Path, *, everything: bool) -> list[str]:
    """Names of the files of a study that belong on its URL.

    Rows are listed before curves: of a row that is found the curve is found, as it was written before.
    """
    found = []
    everywhere = [f"{top}/**/*" for top in RESULTS + (MADE if everything else ())]
    for pattern in (*everywhere, "study.json", *SENT):
        paths = folder.glob(pattern)
        names = [path.relative_to(folder).as_posix() for path in paths if path.is_file()]
        found += [name for name in names if shared(name)]
    return found


def in_order(names: Iterable[str]) -> list[list[str]]:
    """The names in groups, each to be written once the one before is there: a row after its curves, the list of kept
    networks after these."""
    groups: dict[int, list[str]] = {}
    for name in names:
        parts = PurePosixPath(name).parts
        listing = parts[0] == "networks" and len(parts) == 2
        groups.setdefault(2 if parts[0] in LAST else int(listing), []).append(name)
    return [sorted(groups[key]) for key in sorted(groups)]
