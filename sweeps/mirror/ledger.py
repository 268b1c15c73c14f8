"""The ledger beside the offline runs: which trials a destination has. Append-only."""

import contextlib
import json
from pathlib import Path

from sweeps.mirror.account import Mode
from sweeps.mirror.run import DECLARATION
from sweeps.mirror.upload import Trial, plain
from sweeps.store.parts import writing


class Ledger:
    """Which trials a destination has. Append-only; a line that was cut off counts as not written."""

    def __init__(self, folder: Path, mode: Mode, destination: str):
        self.destination = destination
        name = "mirrored-offline" if mode == "offline" else f"mirrored-online-{plain(destination)}"
        path = folder / f"{name}.jsonl"
        latest: dict[str, dict[str, str]] = {}
        self.declared = ""  # digest of the declaration that is there
        text = path.read_text(errors="replace") if path.exists() else ""
        for line in text.splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                if entry.get("destination") == destination:
                    self.declared = entry.get(DECLARATION, self.declared)
                latest[entry["trial_id"]] = entry
        here = [entry for entry in latest.values() if entry.get("destination") == destination]
        self.status = {entry["trial_id"]: entry.get("status", "") for entry in here}
        self.shown = {entry["trial_id"]: entry["shown"] for entry in here if "shown" in entry}
        self.runs = {entry["trial_id"]: entry["run"] for entry in here if "run" in entry}
        self.made: set[str] = set()  # since it was opened
        self.url = next((entry["url"] for entry in reversed(here) if entry.get("url")), "")
        with writing(path):
            self.file = open(path, "a")  # noqa: SIM115 closed on exit
        if text and not text.endswith("\n"):
            self.file.write("\n")

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def lacks(self, trial_id: str, status: str, now: str, written: str) -> bool:
        """Whether a row has no run yet, or only that of an attempt that failed while this one did not, or one that
        shows something else than `now` says (older mirrors showed the labels in the row, `written`)."""
        if trial_id not in self.status or (self.status[trial_id] == "failed" != status):
            return True
        return bool(now) and self.shown.get(trial_id, written) != now

    def add(self, trial: Trial, url: str) -> None:
        self.status[trial.id], self.shown[trial.id] = trial.status, trial.shown
        self.runs[trial.id] = trial.run_id
        self.made.add(trial.id)
        entry = {"trial_id": trial.id, "status": trial.status, "shown": trial.shown, "run": trial.run_id}
        self.write(entry, url)

    def declare(self, digest: str, url: str) -> None:
        self.declared = digest
        self.write({DECLARATION: digest}, url)

    def write(self, entry: dict[str, str], url: str) -> None:
        self.url = url
        self.file.write(json.dumps(entry | {"destination": self.destination, "url": url}) + "\n")
        self.file.flush()
