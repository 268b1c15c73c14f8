"""A run as W&B's transaction log, written directly: what `wandb.init`, `log` and `finish` write offline, in a tenth of
the time, and with the trial's own clocks.

    7 bytes                ":W&B", 0xBEE1, version 0
    blocks of 32 KiB       chunks: checksum (4 bytes)  length (2)  kind (1)  content

This is LevelDB's log format: a record is one chunk (kind 1), or a first (2), any number of middle (3) and a last one
(4); a block's rest that is too short for a chunk's seven bytes is zero. The checksum, CRC-32, is of kind and content.
The records are protobuf messages of the `wandb` package (`wandb/proto/wandb_internal.proto`): header, run, metrics,
artifact, history, summary, exit. `sweeps.wandb_import.files` reads them.
"""

import functools
import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import wandb
from wandb.proto import wandb_internal_pb2

from sweeps.mirror.design import Design
from sweeps.mirror.sent import HIDDEN, STEP, Sent

TESTED = ("0.31.0",)  # versions of wandb whose files the tests compare with ours
OLDEST_READER = "0.70.0"  # of W&B's servers, as wandb 0.31 writes it

PROTO: Any = wandb_internal_pb2  # its classes are made at run time
FILE = struct.pack("<4sHB", b":W&B", 0xBEE1, 0)
CHUNK = struct.Struct("<IHB")
BLOCK = 32 * 1024
WHOLE, FIRST, MIDDLE, LAST = 1, 2, 3, 4
ONE_BYTE = [zlib.crc32(bytes([kind])) for kind in range(5)]

ENCODER = json.JSONEncoder(separators=(",", ":"))
NAMES = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def dumps(value: object) -> str:
    """JSON with NaN and Infinity bare, as wandb writes them. A trial has some 160 values, nearly all of them numbers
    and short texts, for which the encoder's own way is three times as long.

    >>> [dumps(value) for value in (0.5, 3, True, "ß", float("-inf"), [1, None])]
    ['0.5', '3', 'true', '"\\\\u00df"', '-Infinity', '[1,null]']
    """
    kind = type(value)
    if kind is float:
        text = float.__repr__(value)  # type: ignore[arg-type]
        return NAMES.get(text, text)
    if kind is int:
        return int.__repr__(value)  # type: ignore[arg-type]
    return json.encoder.encode_basestring_ascii(value) if kind is str else ENCODER.encode(value)  # type: ignore[arg-type]


def is_tested() -> bool:
    """Whether the installed wandb writes files like ours, as far as was tested."""
    return wandb.__version__ in TESTED


def log_of(run: Sent, *, project: str, entity: str | None) -> bytes:
    """The whole file of a run."""
    return framed(serialised(run, project=project, entity=entity))


def framed(contents: Iterable[bytes]) -> bytes:
    """Contents of records as a file."""
    out = bytearray(FILE)
    for content in contents:
        position, end, kind = 0, len(content), 0
        while kind not in (WHOLE, LAST):
            left = BLOCK - len(out) % BLOCK
            if left < CHUNK.size:
                out += bytes(left)
                left = BLOCK
            piece = content[position : position + left - CHUNK.size]
            first, position = position == 0 and kind == 0, position + len(piece)
            kind = (WHOLE if first else LAST) if position == end else (FIRST if first else MIDDLE)
            out += CHUNK.pack(zlib.crc32(piece, ONE_BYTE[kind]), len(piece), kind)
            out += piece
    return bytes(out)


def serialised(run: Sent, *, project: str, entity: str | None) -> Iterator[bytes]:
    """The messages in order, numbered from 1."""
    first, *metrics = constant()
    yield first
    start = PROTO.Record(num=2)
    start.run.CopyFrom(run_record(run, project=project, entity=entity))
    yield start.SerializeToString()
    yield from metrics
    for number, record in enumerate(contents(run, project=project, entity=entity), start=3 + len(metrics)):
        record.num = number
        yield record.SerializeToString()


@functools.cache
def constant() -> tuple[bytes, ...]:
    """The messages that are the same in every run: the header, number 1, and the metrics, from number 3 on."""
    version = PROTO.VersionInfo(producer=wandb.__version__, min_consumer=OLDEST_READER)
    options = {"step_sync": True, "defined": True}
    hidden = options | {"hidden": True}
    every = PROTO.MetricRecord(glob_name="*", step_metric=STEP, options=options)
    metrics = [every, *(PROTO.MetricRecord(name=name, step_metric=STEP, options=hidden) for name in HIDDEN)]
    records = [PROTO.Record(num=1, header=PROTO.HeaderRecord(version_info=version))]
    records += [PROTO.Record(num=number, metric=metric) for number, metric in enumerate(metrics, start=3)]
    return tuple(record.SerializeToString() for record in records)


def contents(run: Sent, *, project: str, entity: str | None) -> Iterator[Any]:
    """The other messages, without their numbers."""
    if run.uses:
        yield PROTO.Record(artifact=artifact_record(run, run.uses, project=project, entity=entity))
    line: dict[str, object] = {}
    for number, point in enumerate(run.history):
        seconds = point.get("seconds", 0.0)
        line = {**point, "_step": number, "_runtime": seconds, "_timestamp": run.started + seconds}  # type: ignore[operator]
        record = PROTO.Record()
        record.history.step.num = number
        add = record.history.item.add
        for name, value in line.items():
            add(nested_key=(name,), value_json=dumps(value))
        yield record
    record = PROTO.Record()
    add = record.summary.update.add
    summary = line | {"_runtime": run.seconds} | run.summary  # the server, too, begins with the last line
    for name, value in summary.items():
        add(key=name, value_json=dumps(value))
    add(nested_key=("_wandb", "runtime"), value_json=dumps(int(run.seconds)))
    yield record
    yield PROTO.Record(exit=PROTO.RunExitRecord(exit_code=run.exit_code, runtime=int(run.seconds)))


def run_record(run: Sent, *, project: str, entity: str | None) -> Any:
    record = PROTO.RunRecord(
        run_id=run.run_id,
        project=project,
        entity=entity or "",
        run_group=run.group,
        job_type=run.job_type,
        display_name=run.name,
        tags=run.tags,
    )
    record.start_time.FromNanoseconds(int(run.started * 1e9))
    for name, value in run.config.items():
        record.config.update.add(key=name, value_json=dumps(value))
    record.telemetry.cli_version = wandb.__version__
    record.telemetry.feature.offline = True
    return record


def artifact_record(run: Sent, design: Design, *, project: str, entity: str | None) -> Any:
    """An artifact that the run uses: given to W&B where it does not have it."""
    artifact, client = design.artifact, design.client_id(run.run_id)
    record = PROTO.ArtifactRecord(
        run_id=run.run_id,
        project=project,
        entity=entity or "",
        type=artifact.type,
        name=artifact.name,
        digest=artifact.digest,
        digest_algorithm=artifact.digest_algorithm,
        metadata=dumps(artifact.metadata),
        user_created=True,
        use_after_commit=True,
        finalize=True,
        aliases=["latest"],
        client_id=client,
        sequence_client_id=client[::-1],
    )
    manifest = artifact.manifest
    record.manifest.version = manifest.version()
    record.manifest.storage_policy = manifest.storage_policy.name()
    for key, value in manifest.storage_policy.config().items():
        record.manifest.storage_policy_config.add(key=key, value_json=dumps(value))
    for entry in manifest.entries.values():
        told = {
            "path": entry.path,
            "digest": entry.digest,
            "size": entry.size,
            "local_path": entry.local_path,
        }
        record.manifest.contents.add(**told, skip_cache=entry.skip_cache)
    return record
