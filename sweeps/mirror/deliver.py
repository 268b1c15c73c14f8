"""Ways of giving runs to W&B: files here, files sent to its server, or wandb itself.

    way = way_to(place)
    for run, url, error in way.give(runs): ...      error: empty where W&B has all of the run

Files are ours (`transaction_log.py`) where the installed wandb is of a version that they were compared with.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sweeps.errors import InputError
from sweeps.mirror import through_wandb
from sweeps.mirror.account import Mode, explained, one_line
from sweeps.mirror.folders import Folders
from sweeps.mirror.sent import Sent
from sweeps.mirror.server import ENDED, Server
from sweeps.mirror.through_wandb import Fill
from sweeps.mirror.transaction_log import TESTED, is_tested, log_of
from sweeps.store.parts import writing

Given = tuple[Sent, str, str]  # a run, the project's URL, the error


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where runs go. folder: of offline runs. scratch: where they are made before they are moved."""

    mode: Mode
    project: str
    entity: str | None
    folder: Path
    scratch: Path


class Way(Protocol):
    """size: of the batches that it works best in."""

    size: int

    def give(self, runs: Sequence[Sent]) -> Iterator[Given]:
        """Give W&B these runs; each comes back once. Raises nothing of W&B's."""
        ...

    def gone(self, run_ids: Sequence[str]) -> set[str]:
        """Those of these runs that W&B does not have, or not to their end. Raises MirrorError where it does not answer,
        InputError where it cannot be asked."""
        ...


def way_to(place: Place, tell: Callable[[str], None]) -> Way:
    if not is_tested():
        tell(
            "W&B: this version of wandb was not compared with the files that we write; it makes the runs itself"
        )
        return ByWandb(place)
    return Files(place) if place.mode == "offline" else Upload(place)


def written(run: Sent, place: Place) -> Path:
    """The run as a folder in `scratch`; returns its file."""
    content = log_of(run, project=place.project, entity=place.entity)
    path = place.scratch / run.run_id / f"run-{run.run_id}.wandb"
    with writing(path):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return path


class Files:
    """Folders that `wandb sync` and `wandb leet` read."""

    size = 64

    def __init__(self, place: Place):
        self.place, self.folders = place, Folders(place.folder)

    def give(self, runs: Sequence[Sent]) -> Iterator[Given]:
        for run in runs:
            try:
                self.folders.put(written(run, self.place).parent, run)
                yield run, "", ""
            except Exception as error:
                yield run, "", one_line(error)

    def gone(self, run_ids: Sequence[str]) -> set[str]:
        return gone_files(self.place.folder, run_ids)


def gone_files(folder: Path, run_ids: Sequence[str]) -> set[str]:
    folders = Folders(folder)
    return {run_id for run_id in run_ids if not folders.has(run_id)}


class Upload:
    """Files that wandb-core sends; then the server says which of the runs are there."""

    size = 128

    def __init__(self, place: Place):
        self.place = place
        self.server = Server(place.project, place.entity, place.scratch)

    def give(self, runs: Sequence[Sent]) -> Iterator[Given]:
        files: dict[str, Path] = {}
        try:
            url = (
                self.server.url
            )  # asks the server, where it is not known: one that is down costs one request
            for run in runs:
                files[run.run_id] = written(run, self.place)
            complaints, ended = self.server.send(files.values())
            states = self.server.states(files)
        except Exception as error:
            yield from ((run, "", explained(one_line(error))) for run in runs)
            return
        finally:
            for file in files.values():
                shutil.rmtree(file.parent, ignore_errors=True)
        for run in runs:
            reason = complaints.get(files[run.run_id], "")
            if not reason and states.get(run.run_id) not in ENDED:
                whole = f"W&B does not have all of run {run.run_id}"
                reason = whole if ended else self.server.late(run.run_id)
            yield run, "" if reason else url, explained(reason) if reason else ""

    def gone(self, run_ids: Sequence[str]) -> set[str]:
        states = self.server.states(run_ids)
        return {i for i in run_ids if states.get(i) not in ENDED}


class ByWandb:
    """Runs that wandb makes, from `init` to `finish`, and what `fill` puts into them: tables, images, artifacts."""

    def __init__(self, place: Place, fill: Fill = lambda made: None):
        self.place, self.fill = place, fill
        self.size = 8 if place.mode == "online" else 1  # online is waiting for answers; offline is work

    def give(self, runs: Sequence[Sent]) -> Iterator[Given]:
        with ThreadPoolExecutor(self.size) as pool:
            yield from pool.map(self.one, runs)

    def one(self, run: Sent) -> Given:
        place = self.place
        try:
            url = through_wandb.write_run(
                run,
                mode=place.mode,
                project=place.project,
                entity=place.entity,
                folder=place.folder,
                scratch=place.scratch,
                fill=self.fill,
            )
            return run, url, ""
        except Exception as error:
            return run, "", explained(one_line(error))

    def gone(self, run_ids: Sequence[str]) -> set[str]:
        if self.place.mode == "offline":
            return gone_files(self.place.folder, run_ids)
        raise InputError(
            f"--verify was not tested with this version of wandb; install {' or '.join(TESTED)}, or leave it out."
        )
