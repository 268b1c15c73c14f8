"""Folders of offline runs: `offline-run-20260102_030405-ID`, of the time when the run began, as wandb calls them.

`wandb leet` lists folders of other names and opens none of them. A run has one folder, also where it was made again and
began at another time.
"""

import os
import re
import shutil
import time
from pathlib import Path

from sweeps.mirror.sent import Sent

NAME = re.compile(r"offline-run-(?:\d{8}_\d{6}-)?(.+)")  # older mirrors wrote no time


class Folders:
    """The folders below `folder`, as they are when this is made, and as `put` changes them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.known: dict[str, Path] = {}
        with os.scandir(folder) as entries:
            for entry in entries:
                if found := NAME.fullmatch(entry.name):
                    self.known[found[1]] = Path(entry.path)

    def put(self, made: Path, run: Sent) -> None:
        """Move a run's folder to its place, over the one that the run had, in the ledger or not."""
        if run.run_id in self.known:
            shutil.rmtree(self.known[run.run_id], ignore_errors=True)
        began = time.gmtime(run.started or time.time())
        self.known[run.run_id] = target = (
            self.folder / f"offline-run-{time.strftime('%Y%m%d_%H%M%S', began)}-{run.run_id}"
        )
        os.rename(made, target)

    def has(self, run_id: str) -> bool:
        return run_id in self.known and (self.known[run_id] / f"run-{run_id}.wandb").is_file()
