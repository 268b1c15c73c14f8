"""Read W&B's offline files back, without W&B's server: what a test compares with the store.

A `.wandb` file is a LevelDB log: a seven-byte header, then blocks of 32 KiB that hold chunks

    checksum (4 bytes)  length (2)  kind (1: whole, 2: first, 3: middle, 4: last)  content

and the joined contents are protobuf `Record`s. A file that was cut off ends at its last whole record.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wandb.proto import wandb_internal_pb2

FILE_HEADER = struct.Struct("<4sHB")
CHUNK_HEADER = struct.Struct("<IHB")
BLOCK = 32 * 1024
WHOLE, FIRST, MIDDLE, LAST = 1, 2, 3, 4


@dataclass
class OfflineRun:
    """One run. `config` and `summary` lack what wandb adds by itself; `history` keeps `_step`."""

    path: Path
    id: str = ""
    name: str = ""
    project: str = ""
    entity: str = ""
    group: str = ""
    job_type: str = ""
    tags: list[str] = field(default_factory=list)
    config: dict[str, object] = field(default_factory=dict)
    history: list[dict[str, object]] = field(default_factory=list)
    summary: dict[str, object] = field(default_factory=dict)
    metrics: list[tuple[str, str]] = field(default_factory=list)
    exit_code: int | None = None


def read_runs(folder: Path) -> list[OfflineRun]:
    """All offline runs below `folder`, which is the `wandb` directory of a study."""
    return [read_run(path) for path in sorted(folder.glob("offline-run-*/*.wandb"))]


def read_run(path: Path) -> OfflineRun:
    run = OfflineRun(path)
    for content in chunks(path.read_bytes()):
        record = wandb_internal_pb2.Record.FromString(content)
        match record.WhichOneof("record_type"):
            case "run":
                start = record.run
                run.id, run.name, run.project, run.entity = (
                    start.run_id,
                    start.display_name,
                    start.project,
                    start.entity,
                )
                run.group, run.job_type, run.tags = start.run_group, start.job_type, list(start.tags)
                run.config |= items(start.config.update)
            case "config":
                run.config |= items(record.config.update)
            case "metric":
                run.metrics.append((record.metric.name or record.metric.glob_name, record.metric.step_metric))
            case "history":
                run.history.append(own(items(record.history.item)))
            case "summary":
                run.summary |= items(record.summary.update)
            case "exit":
                run.exit_code = record.exit.exit_code
    run.config.pop("_wandb", None)
    run.summary = {name: value for name, value in run.summary.items() if not name.startswith("_")}
    return run


def chunks(data: bytes) -> Iterator[bytes]:
    magic, *_ = FILE_HEADER.unpack_from(data)
    assert magic == b":W&B", "not a .wandb file"
    position, record = FILE_HEADER.size, b""
    while position + CHUNK_HEADER.size <= len(data):
        left = BLOCK - position % BLOCK
        if left < CHUNK_HEADER.size:  # a block's tail that holds no header is padding
            position += left
            continue
        _, length, kind = CHUNK_HEADER.unpack_from(data, position)
        start = position + CHUNK_HEADER.size
        position = start + length
        if position > len(data):
            return
        record = data[start:position] if kind in (WHOLE, FIRST) else record + data[start:position]
        if kind in (WHOLE, LAST):
            yield record


def items(entries: object) -> dict[str, object]:
    """Key and value pairs; a nested key becomes nested dictionaries."""
    result: dict[str, object] = {}
    for entry in entries:  # type: ignore[attr-defined]
        *parents, name = list(entry.nested_key) or [entry.key]
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})  # type: ignore[assignment]
        place[name] = json.loads(entry.value_json)
    return result


def own(row: dict[str, object]) -> dict[str, object]:
    """A history row without wandb's clocks."""
    return {name: value for name, value in row.items() if name not in ("_timestamp", "_runtime")}
