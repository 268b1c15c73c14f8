"""The results store: append-only Parquet parts, each written under a temporary name and renamed.

    results/STUDY/study.json             what the study declared (replaced whole, atomically)
    results/STUDY/trials/STAGE-HASH.parquet    rows of one cohort
    results/STUDY/curves/STAGE-HASH.parquet    their curves, written before the rows
    results/STUDY/flow/flow-HASH.parquet       what flows through confirmed networks, where the study asked for it
    results/STUDY/*/STAGE-HASH.1.parquet       many such parts put together (`sweeps.store.compact`)

A part's name is a hash of the trial ids in it, so that a late duplicate replaces itself; the reader
keeps one row per trial id all the same. Nothing is edited after it was written. A part that cannot be
read is left out, and `incomplete` says so, until a sweep moves it to `damaged/`. This module imports
neither jax nor ray nor wandb: reading results starts nothing.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from sweeps.errors import InputError, NeverRan
from sweeps.store import schema
from sweeps.store.compact import listed, steady
from sweeps.store.declaration import Declaration
from sweeps.store.held import for_a_moment, held
from sweeps.store.lock import Held, locked
from sweeps.store.parts import (
    DAMAGED,
    Damaged,
    agreeing,
    part_name,
    read_part,
    replace_file,
    write_part,
    writing,
)

MANY = 3  # damaged parts that are named
UNRECORDED = ""  # the code of rows that do not say by which they were made


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What a store has of its study's plan, called as the study calls it now.

    rows: one a trial, with the declared stage, cell and task. left_out: trials in the store that are not in the plan.
    other: trials of the plan that ran, but by code that does not count.
    """

    rows: pa.Table
    left_out: int
    other: int


class Store:
    """The results of one study below `results/`. Creating the object touches no file."""

    def __init__(self, results: str | os.PathLike[str], study: str):
        if "://" in str(results):
            raise InputError(f"A store is a folder; {results} is a URL, which commands take with --results.")
        self.results = Path(results).absolute()
        self.study = study
        self.path = self.results / study
        self.damaged: dict[Path, str] = {}  # parts that could not be read so far, and why

    def prepare(self) -> "Store":
        """Make the folders. Raises InputError where a file is in the way or nothing may be written."""
        for folder in (self.path / "trials", self.path / "curves"):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except (NotADirectoryError, FileExistsError):
                blocker = next(p for p in (folder, *folder.parents) if p.exists() and not p.is_dir())
                raise InputError(
                    f"The results directory must be a directory; {blocker} is a file. "
                    f"Move it away or name another with --results."
                ) from None
            except OSError as error:
                raise InputError(
                    f"Cannot write results below {self.results}: {error.strerror}. "
                    f"Name a writable directory with --results."
                ) from None
        return self

    @property
    def place(self) -> str:
        """Where the results are, for people."""
        return str(self.path)

    @property
    def checkpoints(self) -> Path:
        """Where cohorts that are under way are kept, on the machine of their worker."""
        return self.path / "checkpoints"

    def share(self) -> None:
        """Have others see what was written: who looks into the folder does."""

    def take_in(self, files: list[tuple[str, bytes]]) -> None:
        """Write files, by name in the study's folder, that a worker on another machine has made: rows last."""
        contents = dict(files)
        for name in sorted(
            contents, key=lambda name: (name.startswith("trials/"), name.count("/") < 2, name)
        ):
            path = self.path / name
            with writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, contents[name])

    def refresh(self) -> None:
        """See what others wrote: the folder has it."""

    # ------------------------------------------------------------------ writing

    def append(self, trials: list[dict[str, object]], curves: list[dict[str, object]]) -> Path:
        """Write one part of each table, curves first; returns the path of the trials' part."""
        codes = {str(row["code"]) for row in trials if row["code"] is not None}
        stage = str(trials[0]["stage"])
        # A failure after a rung must not take the name, and so the place, of what the rung wrote of the same trials.
        rung = max(int(row["rung"] or 0) if row["status"] != "failed" else 0 for row in trials)  # type: ignore[call-overload]
        ids = [str(row["trial_id"]) for row in trials]
        name = part_name(f"{stage}-rung-{rung}" if rung else stage, ids, codes)
        if curves:
            write_part(schema.table(curves, schema.CURVE_COLUMNS), self.path / "curves" / name)
        return write_part(schema.table(trials, schema.TRIAL_COLUMNS), self.path / "trials" / name)

    def append_flow(self, rows: list[dict[str, object]]) -> Path:
        """Write one part of what flows through the networks of a cohort."""
        codes = {str(row["code"]) for row in rows if row["code"] is not None}
        name = part_name("flow", [str(row["trial_id"]) for row in rows], codes)
        with writing(self.path / "flow"):
            (self.path / "flow").mkdir(exist_ok=True)
        return write_part(schema.table(rows, schema.FLOW_COLUMNS), self.path / "flow" / name)

    def declare(self, declaration: Declaration) -> None:
        """Replace `study.json`: a line for each of its fields."""
        lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in vars(declaration).items()]
        replace_file(self.path / "study.json", ("{\n" + ",\n".join(lines) + "\n}\n").encode())

    @contextlib.contextmanager
    def lock(self, *, broken: bool = False) -> Iterator[None]:
        """Hold the study for one sweep. broken: whoever holds it. Raises InputError where another sweep holds it."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(locked(self.path / ".lock", "sweep", for_a_moment(), broken=broken))
            except Held as held:
                raise InputError(
                    f"Another sweep ({held.holder or 'of an unknown process'}) is running on {self.path}. Wait for it, "
                    f"stop it, or use another --results. If you know that it is dead: --break-lock."
                ) from None
            yield

    def repair(self) -> list[str]:
        """Move parts that cannot be read to `damaged/`, the curves with their rows, so that their trials run again;
        returns what was done, in words. For the holder of the lock. Raises InputError as `read_part` does, WriteError
        where nothing can be moved."""
        found: dict[Path, str] = {}
        for table in schema.COLUMNS:
            for path in self.parts(table):
                try:
                    read_part(path, None)
                except Damaged as error:
                    found[path] = error.reason
        for name in sorted({path.name for path in found}):
            for table in schema.COLUMNS:
                self.set_aside(self.path / table / name)
        self.damaged.clear()
        again = {"flow": "its networks are measured again"}
        return [
            f"{path} was damaged ({reason}): moved to {self.path / DAMAGED}, "
            f"{again.get(path.parent.name, 'its trials run again')}."
            for path, reason in found.items()
        ]

    def set_aside(self, part: Path) -> None:
        target = self.path / DAMAGED / part.parent.name / part.name
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            if part.exists():
                os.replace(part, target)

    @property
    def incomplete(self) -> str:
        """One sentence on the parts that could not be read so far and are still there, nothing where there are none."""
        told = [f"{p.relative_to(self.path)} ({reason})" for p, reason in self.damaged.items() if p.exists()]
        if not told:
            return ""
        more = f" and {len(told) - MANY} more" if len(told) > MANY else ""
        return (
            f"Incomplete: {len(told)} damaged part{'s' * (len(told) != 1)} of the results could not be read and "
            f"{'are' if len(told) != 1 else 'is'} left out: {', '.join(told[:MANY])}{more}. The next sweep runs the "
            "trials again."
        )

    @property
    def swept(self) -> bool | None:
        """Whether a sweep holds the study now; None where that cannot be told."""
        return held(self.path / ".lock")

    def forget_checkpoints(self, ids: Collection[str]) -> None:
        """Remove what killed cohorts left that begin with one of these trials, and what is kept of these at rungs, once
        all of them have rows: another cut may have made those. The study with another seed keeps its own here."""
        for folder in self.checkpoints.glob("*"):
            if folder.name.rpartition("-")[0] in ids:
                if folder.is_dir():
                    shutil.rmtree(folder, ignore_errors=True)
                else:
                    folder.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not there, or not empty
            self.checkpoints.rmdir()

    # ------------------------------------------------------------------ reading

    def parts(self, table: str) -> list[Path]:
        return listed(self.path / table)

    def trials(self, columns: list[str] | None = None) -> pa.Table:
        """All rows, one a trial id: that of its end, where there is one, else that of its last attempt from the
        highest rung. Missing columns are null.

        Where the study declares what a trial is called and by which code it is made, labels are these, whatever the
        trial was called when it ran, and only rows of that code are there. Damaged parts are left out, which
        `incomplete` then says. Raises InputError for a part that may not be read or that a newer version wrote.
        """
        return self.one_each(self.declared(), columns)

    def one_each(
        self,
        declared: Declaration | None,
        columns: list[str] | None = None,
        codes: Mapping[str, str] | None = None,
    ) -> pa.Table:
        """`trials` under this declaration. codes: by trial id, in place of what it says."""
        wanted = columns and list(dict.fromkeys([*columns, "trial_id", "status", "rung", "code"]))
        counted = codes if codes is not None else declared.counted if declared else {}
        table = of_code(self._read("trials", wanted), counted)
        best: dict[str, tuple[bool, int, int]] = {}
        for i, (trial, status, rung) in enumerate(
            zip(*(table[name].to_pylist() for name in ("trial_id", "status", "rung")), strict=True)
        ):
            failed, ended = status == "failed", status not in ("failed", schema.STOPPED)
            place = (not ended, -2 * (rung or 0) - failed, i)
            best[trial] = min(best.get(trial, place), place)
        if len(best) < table.num_rows:
            table = table.take(pa.array(sorted(i for *_, i in best.values()), pa.int64()))
        table = with_labels(table, declared.called if declared else {})
        return table.select(columns) if columns else table

    def rows(self, columns: list[str]) -> list[dict[str, Any]]:
        """All rows as they were written, also several of one trial."""
        return self._read("trials", columns).to_pylist()

    def rungs(self) -> list[dict[str, Any]]:
        """Rows of trials at rungs after which they went on: those that `trials` leaves out for a later one."""
        counted = self.trials(["trial_id", "status", "rung"]).to_pylist()
        last = {row["trial_id"]: row["rung"] if row["status"] == schema.STOPPED else None for row in counted}
        found: dict[tuple[str, int], dict[str, Any]] = {}
        for row in of_code(self._read("trials", None), getattr(self.declared(), "counted", {})).to_pylist():
            name, rung = row["trial_id"], row["rung"]
            if row["status"] != schema.STOPPED or name not in last:  # not there yet when `counted` was read
                continue
            if last[name] is None or rung < last[name]:
                found.setdefault((name, rung), row)
        return list(found.values())

    def planned(self, columns: list[str] | None = None) -> Planned:
        """The rows of the study's plan, as `trials` has them, in the plan's order. Raises InputError as `declaration`
        and `trials` do."""
        declaration = self.declaration()
        wanted = columns and list(dict.fromkeys([*columns, "trial_id"]))
        rows = self.one_each(declaration, wanted)
        place = {name: i for i, name in enumerate(rows["trial_id"].to_pylist())}
        here = {name: stage for name, stage in declaration.stages.items() if name in place}
        table = rows.take(pa.array([place[name] for name in here], pa.int64()))
        if "stage" in table.column_names:  # older declarations say no more than that
            table = with_column(table, "stage", list(here.values()))
        ran = (
            set(self._read("trials", ["trial_id"])["trial_id"].to_pylist())
            if declaration.codes
            else set(place)
        )
        return Planned(
            rows=table.select(columns) if columns else table,
            left_out=len(ran - declaration.stages.keys()),
            other=len((ran & declaration.stages.keys()) - place.keys()),
        )

    def curves(self) -> pa.Table:
        """All curve rows, one a trial id and step; labels and code as in `trials`."""
        declared = self.declared()
        table = of_code(self._read("curves", None), declared.counted if declared else {})
        if table.num_rows == 0:
            return table
        indexed = table.select(["trial_id", "step"]).append_column("i", pa.array(range(table.num_rows)))
        keep = indexed.group_by(["trial_id", "step"]).aggregate([("i", "min")])
        table = table.take(keep["i_min"].combine_chunks().sort())
        return with_labels(table, declared.called if declared else {})

    def flow(self, columns: list[str] | None = None) -> pa.Table:
        """What flows through networks, one row a trial id and moment; labels and code as in `trials`. No rows where
        nothing was measured."""
        declared = self.declared()
        wanted = columns and list(dict.fromkeys([*columns, "trial_id", "moment", "code"]))
        table = of_code(self._read("flow", wanted), declared.counted if declared else {})
        keys = zip(table["trial_id"].to_pylist(), table["moment"].to_pylist(), strict=True)
        first = {key: i for i, key in reversed(list(enumerate(keys)))}
        if len(first) < table.num_rows:
            table = table.take(pa.array(sorted(first.values()), pa.int64()))
        table = with_labels(table, declared.called if declared else {})
        return table.select(columns) if columns else table

    def declared(self) -> Declaration | None:
        """The declaration, None where there is none that can be read."""
        try:
            return self.declaration()
        except InputError:
            return None

    def declaration(self) -> Declaration:
        """Raises InputError where the study never ran here."""
        path = self.path / "study.json"
        try:
            return Declaration(**json.loads(path.read_text()))
        except (FileNotFoundError, NotADirectoryError):
            known = sorted(p.parent.name for p in self.results.glob("*/study.json"))
            raise NeverRan(
                f"No results of study '{self.study}' below {self.results}; "
                f"{'found: ' + ', '.join(known) if known else 'nothing is there'}."
            ) from None
        except (ValueError, TypeError) as error:
            raise InputError(
                f"{path} is not a study declaration ({error}); run the sweep again to rewrite it."
            ) from None

    def readable(self, path: Path, columns: list[str] | None) -> pa.Table | None:
        """A part; None for a damaged one, which `incomplete` then names."""
        try:
            return read_part(path, columns)
        except Damaged as error:
            self.damaged[path] = error.reason
            return None

    def _read(self, table: str, columns: list[str] | None) -> pa.Table:
        declared = schema.COLUMNS[table]
        read = [
            part
            for part in steady(self.path / table, lambda path: self.readable(path, columns))
            if part is not None
        ]
        tables = agreeing(read, declared)
        names = columns or list(declared)
        fields = [schema.field(n, *declared[n]) if n in declared else pa.field(n, pa.null()) for n in names]
        empty = pa.schema(fields).empty_table()
        return pa.concat_tables([empty, *tables], promote_options="permissive")


def with_column(table: pa.Table, name: str, values: list[str]) -> pa.Table:
    i = table.column_names.index(name)
    return table.set_column(i, table.schema.field(i), pa.array(values, pa.string()))


def with_labels(table: pa.Table, called: Mapping[str, tuple[str, str, str]]) -> pa.Table:
    """Stage, cell and task as they are called; the row's own where that is not said."""
    ids = table["trial_id"].to_pylist()
    for i, name in enumerate(("stage", "cell", "task")):
        if called and name in table.column_names:
            own = table[name].to_pylist()
            now = [called[trial][i] if trial in called else was for trial, was in zip(ids, own, strict=True)]
            table = with_column(table, name, now)
    return table


def mixed(codes: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Classes of which rows of more than one code count, and how many of each, out of `Declaration.codes`.

    >>> mixed({"mine:Cell 3fa9": ["a", "b"], "mine:Cell 77aa": ["c"], "mine:Task 1111": ["d"]})
    {'mine:Cell': '3fa9 (2 trials), 77aa (1 trial)'}
    """
    found: dict[str, dict[str, int]] = {}
    for code, ids in codes.items():
        for part in code.split("; ") if code != UNRECORDED else ():
            name, digest = part.rsplit(" ", 1)
            digests = found.setdefault(name, {})
            digests[digest] = digests.get(digest, 0) + len(ids)
    nameless = len(codes.get(UNRECORDED, ()))
    return {
        name: ", ".join(f"{digest} ({n} trial{'s' * (n != 1)})" for digest, n in digests.items())
        for name, digests in found.items()
        if len(digests) > 1
    } | ({"cells or tasks of yours": f"{nameless} before rows said by which code"} if nameless else {})


def of_code(table: pa.Table, codes: Mapping[str, str]) -> pa.Table:
    """The rows whose code is the one that counts for their trial."""
    if not codes:
        return table
    rows = zip(table["trial_id"].to_pylist(), table["code"].to_pylist(), strict=True)
    counts = [codes.get(name, code or UNRECORDED) == (code or UNRECORDED) for name, code in rows]
    return table.filter(pa.array(counts, pa.bool_()))
