"""The ledger beside the offline runs: which runs a destination has. Append-only; a line that was cut off counts as not
written. The last line of a run counts.

    {"trial_id": ..., "status": ..., "steps": ..., "shown": ..., "run": ..., "destination": ..., "url": ...}
    {"other": ..., "shown": ..., "run": ..., ...}        a run of an arm, or of the study

Older mirrors wrote no `steps`: their rows had one row per trial.
"""

import contextlib
import json
from pathlib import Path
from typing import Any

from sweeps.mirror.account import Mode
from sweeps.mirror.names import plain
from sweeps.mirror.sent import Sent
from sweeps.store.parts import writing

TRIAL, OTHER = "trial_id", "other"
ALL_STEPS = 1 << 62  # of a trial that a ledger says no steps of

Entry = dict[str, Any]


class Ledger:
    """What a destination has. `trials` and `others`: the entries by id. `runs`: the run id that a trial, arm or study
    has, or had before its run was gone. `made`: trials added since it was opened."""

    def __init__(self, folder: Path, mode: Mode, destination: str):
        self.destination = destination
        name = "mirrored-offline" if mode == "offline" else f"mirrored-online-{plain(destination)}"
        path = folder / f"{name}.jsonl"
        latest: dict[str, dict[str, Entry]] = {TRIAL: {}, OTHER: {}}
        text = path.read_text(errors="replace") if path.exists() else ""
        for line in text.splitlines():
            with contextlib.suppress(ValueError, AttributeError):
                entry = json.loads(line)
                for kind in latest.keys() & entry.keys():
                    latest[kind][entry[kind]] = entry
        here = {kind: self.ours(entries) for kind, entries in latest.items()}
        self.trials, self.others = here[TRIAL], here[OTHER]
        both = self.trials | self.others
        self.runs = {i: str(entry["run"]) for i, entry in both.items() if "run" in entry}
        self.made: set[str] = set()
        self.url = next((str(entry["url"]) for entry in both.values() if entry.get("url")), "")
        with writing(path):
            self.file = open(path, "a")  # noqa: SIM115 closed on exit
        if text and not text.endswith("\n"):
            self.file.write("\n")

    def ours(self, entries: dict[str, Entry]) -> dict[str, Entry]:
        return {i: entry for i, entry in entries.items() if entry.get("destination") == self.destination}

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def lacks(self, trial_id: str, status: str, steps: int, now: str, written: str) -> bool:
        """Whether a row has no run yet, or only that of an attempt that failed while this one did not, of a trial that
        has gone on since, or one that shows something else than `now` says (older mirrors showed the labels in the
        row, `written`)."""
        entry = self.trials.get(trial_id)
        if entry is None or (entry.get("status") == "failed" != status):
            return True
        if int(entry.get("steps", ALL_STEPS)) < steps:
            return True
        return bool(now) and entry.get("shown", written) != now

    def has(self, run: Sent) -> bool:
        """Whether the run of an arm, or of the study, is there as it is now."""
        return run.id in self.others and self.others[run.id].get("shown") == run.mark

    def forget(self, gone: set[str]) -> None:
        """These ids have no run any more, whatever is written here; what their runs were called stays known."""
        for entries in (self.trials, self.others):
            for i in gone & entries.keys():
                del entries[i]

    def add(self, run: Sent, url: str, *, trial: bool) -> None:
        entry: Entry = {"shown": run.mark, "run": run.run_id, "destination": self.destination, "url": url}
        if trial:
            self.made.add(run.id)
            entry = {TRIAL: run.id, "status": run.status, "steps": run.steps} | entry
            self.trials[run.id] = entry
        else:
            entry = {OTHER: run.id} | entry
            self.others[run.id] = entry
        self.runs[run.id], self.url = run.run_id, url or self.url
        self.file.write(json.dumps(entry) + "\n")
        self.file.flush()
