"""Runs from W&B's offline files, without its server. `sweeps.mirror.transaction_log` describes their format. A run
that was killed leaves a file that ends anywhere: its whole records count. There are about 3 ms of work in a run.
"""

import contextlib
import json
import os
import re
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from sweeps.errors import InputError
from sweeps.mirror.run import Row, Run
from sweeps.mirror.transaction_log import BLOCK, CHUNK, FILE, LAST, MIDDLE, PROTO, WHOLE

MAGIC = FILE[:-1]  # the version may be another


def find(folder: Path) -> list[Path]:
    """The `.wandb` files of the runs below `folder`, sorted; hidden folders, where runs are still being made, and
    links are left out."""
    if folder.suffix == ".wandb" and folder.is_file():
        return [folder]
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in files if name.endswith(".wandb")]
    return sorted(found)


def read_file(path: Path) -> Run:
    """One run. Raises InputError where it cannot be read or is no such file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from None
    if len(data) >= len(FILE) and not data.startswith(MAGIC):
        raise InputError(f"{path} is not an offline file of W&B: it does not begin with ':W&B'.")
    contents, torn = records(data)
    start: Any = PROTO.RunRecord()
    config: Row = {}
    summary: Row = {}
    history: list[Row] = []
    state = "crashed"  # until a record says how it ended
    for content in contents:
        try:
            record = PROTO.Record.FromString(content)
        except DecodeError:
            torn = True
            break
        match record.WhichOneof("record_type"):
            case "run":
                start = record.run
                update(config, start.config)
            case "config":
                update(config, record.config)
            case "history":
                history.append(nested({}, record.history.item))
            case "summary":
                update(summary, record.summary)
            case "exit":
                state = "failed" if record.exit.exit_code else "finished"
    config.pop("_wandb", None)
    return Run(
        id=start.run_id or path.stem.removeprefix("run-"),
        name=start.display_name,
        project=start.project,
        group=start.run_group,
        job_type=start.job_type,
        state=state,
        config=config,
        summary={name: value for name, value in summary.items() if not name.startswith("_")},
        history=lambda: history,
        torn=torn,
        entity=start.entity,
        read=lambda name: text_of(path.parent / "files" / name),
        started=start.start_time.seconds + start.start_time.nanos / 1e9 or time_of(path),
    )


def text_of(path: Path) -> str | None:
    """A file that the run keeps beside its own; None where it has none."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None


def time_of(path: Path) -> float:
    """When a run began that does not say so: its folder is called `offline-run-20260102_110000-ID`; else when its file
    was last written."""
    stamp = re.search(r"run-(\d{8}_\d{6})-", path.parent.name)
    with contextlib.suppress(ValueError, OverflowError):
        if stamp:
            return time.mktime(time.strptime(stamp[1], "%Y%m%d_%H%M%S"))
    return path.stat().st_mtime


def records(data: bytes) -> tuple[list[bytes], bool]:
    """The whole records of a file, and whether it ends, or is damaged, before a record does."""
    found: list[bytes] = []
    record: bytes | None = None  # what there is of one that goes on
    position = len(FILE)
    if len(data) < position:
        return [], True
    while position < len(data):
        left = BLOCK - position % BLOCK
        if left < CHUNK.size or not any(data[position : position + CHUNK.size]):  # the rest of a block
            position += left
            continue
        if position + CHUNK.size > len(data):
            return found, True
        checksum, length, kind = CHUNK.unpack_from(data, position)
        start = position + CHUNK.size
        position = start + length
        piece = data[start:position]
        if len(piece) < length or zlib.crc32(data[start - 1 : position]) != checksum:
            return found, True
        if (kind in (MIDDLE, LAST)) != (record is not None):
            return found, True
        record = (record or b"") + piece
        if kind in (WHOLE, LAST):
            found.append(record)
            record = None
    return found, record is not None


def update(values: Row, change: Any) -> None:
    """Apply a record's changes."""
    nested(values, change.update)
    for entry in change.remove:
        *parents, name = keys(entry)
        place: Any = values
        for parent in parents:
            place = place.get(parent, {})
        place.pop(name, None)


def nested(values: Row, entries: Iterable[Any]) -> Row:
    """Put keys and JSON values in; a key of several parts becomes nested dictionaries."""
    for entry in entries:
        *parents, name = keys(entry)
        place: Any = values
        for parent in parents:
            if not isinstance(place.get(parent), dict):
                place[parent] = {}
            place = place[parent]
        place[name] = json.loads(entry.value_json)
    return values


def keys(entry: Any) -> list[str]:
    return list(entry.nested_key) or [entry.key]
