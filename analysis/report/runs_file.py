"""The trials of all shipped studies as one table, docs/runs.parquet, and what docs/data.md says of its columns.

    python -m analysis.report.runs_file docs

which `make runs` does: a row for each trial of each docs/*/results. The same results give the same bytes, with the same
version of pyarrow. Where a study trains a cell in layers, the fields of the cell have the names that they have without
(`cell.hidden`), and those of the layers are called `layers.noise` and so on.
"""

import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.report.markdown import escape
from sweeps.errors import InputError
from sweeps.store import schema
from sweeps.store.store import Store
from sweeps.terminal.pipes import pipe_table

FILE, PAGE = "runs.parquet", "data.md"
BEGIN, END = "<!-- runs:begin -->", "<!-- runs:end -->"
CODE, MARKUP = re.compile(r"(`[^`]+`)"), re.compile(r"([\\*_\[\]<>|])")
LEVEL = 19  # of zstd: a few seconds, a tenth fewer bytes than the usual
# What is about the store, the worker or the study and not about the trial.
LEFT_OUT = {"schema_version", "code", "margin", "memory_bytes", "finished_at", "spec"}
FIRST = ("study", "task", "cell", "stage", "seed", "trial_id", "task.type", "cell.type")
LAYERS = {"layers.type": (pa.string(), "", "Layers or Stacked where the cell stands in layers, else null")}
COLUMNS = (
    {name: schema.TRIAL_COLUMNS[name] for name in FIRST}
    | LAYERS
    | {name: told for name, told in schema.TRIAL_COLUMNS.items() if name not in (*FIRST, *LEFT_OUT)}
)
MEANINGS = {  # where the schema speaks to readers of the store
    "study": "name of the study",
    "cell": "the cell's label in the study",
    "task": "the task's label in the study",
    "task.type": "class of the task",
    "cell.type": "class of the cell",
    "tolerance": "a task counts as solved with fewer items wrong",
    "rung": "how often its search had looked at the trial when it stopped it, else null or 0",
    "step_flops": "of the matrix products of one update, forward and backward; null where they were not counted yet",
}
UNITS = {"loss": "task loss", "error": "fraction", "score": "score"}
# What rows do not say that are older than the column, or the field.
BEFORE = {"tolerance": 0.01, "precision": "float32"}


def studies(docs: Path) -> Iterator[tuple[Path, str]]:
    """Results folder and name of every study that is shipped with its results, in alphabetical order."""
    for declared in sorted(docs.glob("*/results/*/study.json")):
        yield declared.parents[1], declared.parent.name


def row_of(stored: Mapping[str, Any], study: str) -> dict[str, object]:
    """A trial's row in a study, of what the store has of it, without settings that are null."""
    spec = json.loads(stored["spec"])
    wrapped = isinstance(spec["cell"].get("cell"), dict)
    inner = spec["cell"]["cell"] if wrapped else spec["cell"]
    known = {
        "study": study,  # that the row belongs to, whichever ran it
        "task.type": spec["task"]["type"],
        "cell.type": inner["type"],
        "layers.type": spec["cell"]["type"] if wrapped else None,
    }
    measured = {name: stored[name] for name in COLUMNS if name in stored}
    settings = {
        called(name) if wrapped else name: value
        for name, value in stored.items()
        if name not in schema.TRIAL_COLUMNS and value is not None
    }
    row = measured | known | settings
    return row | {name: value for name, value in BEFORE.items() if row.get(name) is None}


def called(name: str) -> str:
    """What a field of a trial whose cell stands in layers is called here."""
    if name.startswith("cell.cell."):
        return name.removeprefix("cell.")
    return name.replace("cell.", "layers.", 1) if name.startswith("cell.") else name


def runs(docs: Path) -> pa.Table:
    """A row a trial, studies in alphabetical order and trials in the order of their plans. Raises InputError where no
    results are there, or some of them are damaged."""
    rows = list[dict[str, object]]()
    for results, study in studies(docs):
        store = Store(results, study)
        planned = store.planned().rows.to_pylist()
        if store.incomplete:
            raise InputError(store.incomplete)
        rows += [row_of(stored, study) for stored in planned]
    if not rows:
        raise InputError(f"There are no results of a study in {docs}/*/results.")
    names = [*COLUMNS, *sorted({name for row in rows for name in row} - COLUMNS.keys(), key=order)]
    table = schema.table([{**dict.fromkeys(names), **row} for row in rows], COLUMNS).select(names)
    return table.cast(pa.schema([f.with_metadata(described(f, table)) for f in table.schema]))


def order(name: str) -> tuple[int, int, str]:
    """Sort key: tests on longer sequences by their length, then settings: the trial's own, then those of optimiser,
    cell, layers and task."""
    heads = ("optimizer", "cell", "layers", "task")
    head, dot, _ = name.partition(".")
    if schema.LONGER.fullmatch(name):
        return -1, int(name.rpartition("_x")[2]), name
    return (heads.index(head) + 1 if dot else 0), 0, name


def described(field: pa.Field, table: pa.Table) -> dict[str, str]:
    """Unit and meaning of a column."""
    unit = (field.metadata or {}).get(b"unit", b"").decode()
    if schema.LONGER.fullmatch(field.name):
        _, measure, factor = field.name.split("_")
        return {
            "unit": UNITS[measure],
            "meaning": f"`test_{measure}` on sequences {factor[1:]} times as long",
        }
    return {"unit": unit, "meaning": meaning_of(field, table)}


def meaning_of(field: pa.Field, table: pa.Table) -> str:
    """What a column is; of a setting, whose it is."""
    if field.name in COLUMNS:
        return MEANINGS.get(field.name) or str(field.metadata[b"meaning"].decode())
    head, dot, name = field.name.partition(".")
    if not dot or head not in ("cell", "task", "layers"):
        return f"field `{name}` of the optimiser" if dot else f"field `{field.name}` of the trial"
    having = table.filter(pc.is_valid(table[field.name]))[f"{head}.type"].unique().to_pylist()
    every = set(table[f"{head}.type"].drop_null().unique().to_pylist()) == set(having)
    whose = f"every {head}" if every and len(having) > 1 else ", ".join(sorted(having))
    return f"field `{name}` of {whose}"


def content(table: pa.Table) -> bytes:
    """The table as a Parquet file: zstd, numbers split by bytes, text as dictionaries."""
    floats = [f.name for f in table.schema if pa.types.is_floating(f.type)]
    out = io.BytesIO()
    pq.write_table(
        table,
        out,
        compression="zstd",
        compression_level=LEVEL,
        use_dictionary=[name for name in table.column_names if name not in floats],
        use_byte_stream_split=floats,
        write_statistics=False,
        row_group_size=max(1, table.num_rows),
    )
    return out.getvalue()


def told(table: pa.Table) -> str:
    """What the page says of the file: how many rows of which study, and every column."""
    counts = {name: len(rows) for name, rows in table.to_pandas().groupby("study")}
    by_study = pipe_table(("study", "trials"), [(escape(name), f"{n:,}") for name, n in counts.items()])
    lines = [
        (f"`{f.name}`", str(f.type), f.metadata[b"unit"].decode(), prose(f.metadata[b"meaning"].decode()))
        for f in table.schema
    ]
    by_column = pipe_table(("column", "type", "unit", "meaning"), lines)
    size = f"{table.num_rows:,} trials, {table.num_columns} columns."
    return f"{size}\n\n{by_study}\n\n{by_column}"


def prose(text: str) -> str:
    """Text for Markdown; what stands between backticks stays as it is."""
    return "".join(part if part.startswith("`") else MARKUP.sub(r"\\\1", part) for part in CODE.split(text))


def filled(text: str, table: pa.Table) -> str:
    """The page with what is told of the file between its markers. Raises InputError where it lacks them."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise InputError(f"The page has no lines {BEGIN} and {END} between which the columns could go.")
    return f"{head}{BEGIN}\n{told(table)}\n{END}{tail}"


def main(docs: Path) -> None:
    """Write the file, and the page's part on it. Raises InputError before anything is written."""
    table = runs(docs)
    page = filled((docs / PAGE).read_text(encoding="utf-8"), table)
    (docs / FILE).write_bytes(content(table))
    (docs / PAGE).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
