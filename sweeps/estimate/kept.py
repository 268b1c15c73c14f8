"""What was timed on this machine before: by `plan`, in a file of the cache, and by sweeps, in the rows of their stores.

The file has a line of JSON for each structure that was timed, beside the compiled programs: there is one for each kind
of processor and version of JAX. The newest line of a structure counts; one that cannot be read does not. A row counts
where its device is this one and its trial ran to its end.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.read_back import from_json
from experiments.specs import SpecError, structure
from experiments.trial import Trial
from sweeps import xla
from sweeps.errors import InputError
from sweeps.estimate.guess import compile_seconds, trial_seconds
from sweeps.estimate.posterior import Name, name_of
from sweeps.estimate.timing import Timing
from sweeps.provenance import cpu_model
from sweeps.store.store import Store

FILE = "timings.2.jsonl"  # another number where `guess` changes, or how it is timed
MOST_ROWS = 2000  # of a store that are read, evenly spread
COLUMNS = ["spec", "status", "run_seconds", "memory_bytes", "device"]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a structure. run, compile: log(seconds / guess), None where it was not timed. memory: peak
    bytes of the worker. device: where. how: the options of the worker that change what it takes."""

    name: Name
    run: float
    compile: float | None
    memory: int
    device: str
    how: str


def known(bare: Trial, timing: Timing, how: str) -> Known:
    compiling = timing.compile
    return Known(
        name=name_of(bare),
        run=math.log(max(timing.run, 1e-6) / trial_seconds(bare)),
        compile=None if compiling is None else math.log(max(compiling, 1e-3) / compile_seconds(bare)),
        memory=timing.memory,
        device=timing.device,
        how=how,
    )


def keep(found: Iterable[Known]) -> None:
    """Append to the file. Where nothing can be kept, nothing is."""
    folder = xla.folder()
    lines = "".join(json.dumps(asdict(each)) + "\n" for each in found)
    if folder is None or not lines:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / FILE, "a") as file:
            file.write(lines)
    except OSError:
        return


def kept(how: str, gpu: bool) -> list[Known]:
    """What the file has of this device and of these options, one a structure."""
    folder, found = xla.folder(), dict[str, Known]()
    try:
        lines = (folder / FILE).read_text().splitlines() if folder is not None else []
    except OSError:
        lines = []
    for line in lines:
        try:
            data = json.loads(line)
            each = Known(**data | {"name": Name(**data["name"])})
        except (ValueError, TypeError, KeyError):
            continue
        if each.how == how and here(each.device, gpu):
            found[each.name.structure] = each
    return list(found.values())


def here(device: str, gpu: bool) -> bool:
    """Whether a row's device is, as far as can be told without starting one, a worker's on this machine."""
    return not device.startswith("cpu ") if gpu else device == f"cpu {cpu_model()}"


def from_stores(results: Path, planned: Iterable[Trial], gpu: bool) -> list[Known]:
    """What the rows of all studies below a folder say, one a structure. planned: structures that are known by their
    text, whose classes need not be read back."""
    by_text = {name_of(bare).structure: bare for bare in planned}
    seconds: dict[str, list[float]] = {}
    memory: dict[str, int] = {}
    device = ""
    for path in sorted(results.glob("*/trials")):
        for row in some_rows(Store(results, path.parent.name)):
            if row["status"] != "finished" or not row["run_seconds"] or not here(row["device"] or "", gpu):
                continue
            text = structure_text(row["spec"])
            if text not in by_text:
                try:
                    by_text[text] = structure(from_json(row["spec"]))
                except SpecError:  # a class from elsewhere, or a field that has changed
                    continue
            device = row["device"]
            seconds.setdefault(text, []).append(row["run_seconds"])
            memory[text] = max(memory.get(text, 0), row["memory_bytes"] or 0)
    return [
        known(
            by_text[text],
            Timing(run=sum(each) / len(each), compile=None, memory=memory[text], device=device),
            "",
        )
        for text, each in seconds.items()
    ]


def some_rows(store: Store) -> list[dict[str, Any]]:
    """At most `MOST_ROWS` rows of a store, none where it cannot be read."""
    try:
        rows = store.rows(COLUMNS)
    except InputError:
        return []
    return rows[:: -(-len(rows) // MOST_ROWS) or 1]


def structure_text(spec: str) -> str:
    """The canonical JSON of a trial's structure, from the trial's: floats and the seed are 0."""
    return json.dumps(without_knobs(json.loads(spec)) | {"seed": 0}, sort_keys=True, separators=(",", ":"))


def without_knobs(data: Mapping[str, Any]) -> dict[str, Any]:
    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return without_knobs(value)
        return 0.0 if isinstance(value, float) or value in ("inf", "-inf") else value

    return {name: bare(value) for name, value in data.items()}
