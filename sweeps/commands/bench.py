"""`lstm-variants bench`: measure here, beside the alternatives, what the project says about speed.

OUT gets `bench.json`, with every round of every measurement, and `benchmarks.md` made from it; both are written
again after each section, so that a run that breaks off keeps the sections that it finished. They replace those
of an earlier run, but for sections that `--only` leaves out and that were measured on this machine with this commit:
a section's table is of one run, whole.
"""

import argparse
import datetime
import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.markdown import Markdown

from experiments.specs import unknown
from sweeps.bench import SECTIONS, Options
from sweeps.bench.cases import ONE_CORE
from sweeps.bench.table import render
from sweeps.cores import cores
from sweeps.errors import InputError
from sweeps.provenance import checkout, version
from sweeps.terminal.outputs import folder, reason
from sweeps.terminal.screen import console


def run(options: argparse.Namespace) -> int:
    """Measure, write both files, print them; exit code 1 where something failed. Raises InputError before anything
    is measured."""
    out = Path(options.out)
    sections = chosen(options.only)
    if options.rounds is not None and options.rounds < 1:
        raise InputError(f"--rounds must be at least 1; got {options.rounds}.")
    asked = Options(
        quick=options.quick,
        rounds=options.rounds,
        out=out,
        cells=known_cells(options.cells),
        settings=(ONE_CORE,) if options.one_core else (),
    )
    folder(out, "--out")
    found: dict[str, Any] = {"metadata": metadata(options.quick), "rows": [], "failed": {}}
    found["rows"] = kept(out / "bench.json", found["metadata"], set(sections))
    for name, section in sections.items():
        try:
            found["rows"] += section.run(asked)
        except Exception as error:  # the other sections are worth having
            found["failed"][name] = f"{type(error).__name__}: {error}"
            print(f"{name} failed: {found['failed'][name]}", file=sys.stderr)
        try:
            write(out, found)
        except OSError as error:
            found["failed"]["writing"] = f"{out} could not be written: {reason(error)}"
            print(found["failed"]["writing"], file=sys.stderr)
    if options.json:
        print(json.dumps(found))
    elif sys.stdout.isatty():
        console().print(Markdown(render(found)))
    else:
        print(render(found), end="")
    return 1 if found["failed"] or any("error" in row for row in found["rows"]) else 0


def known_cells(names: str | None) -> tuple[str, ...]:
    """Names of cells, in order. Raises InputError for one that there is not."""
    from lstm_variants import CELLS

    asked = tuple(dict.fromkeys(names.split(","))) if names else ()
    for name in asked:
        if name not in CELLS:
            raise InputError(unknown("cell", name, CELLS))
    return asked


def kept(path: Path, now: dict[str, Any], measured: set[str]) -> list[dict[str, Any]]:
    """Rows of an earlier run's sections that are not measured now, if it was of the same code on the same machine."""
    if not path.exists():
        return []
    before = json.loads(path.read_text(encoding="utf-8"))
    same = all(before["metadata"].get(name) == value for name, value in now.items() if name != "date")
    if not same or now["dirty"]:
        return []
    return [row for row in before["rows"] if row["section"] not in measured]


def chosen(only: str | None) -> dict[str, ModuleType]:
    """The sections asked for, all that there are by default. Raises InputError before anything is measured."""
    there = [name for name in SECTIONS if importlib.util.find_spec(f"sweeps.bench.{name}")]
    names = list(dict.fromkeys(only.split(","))) if only else there
    for name in names:
        if name not in there:
            raise InputError(unknown("section", name, there))
    sections = {name: importlib.import_module(f"sweeps.bench.{name}") for name in SECTIONS if name in names}
    needing = [name for name, section in sections.items() if getattr(section, "NEEDS_TORCH", False)]
    if needing and importlib.util.find_spec("torch") is None:
        raise InputError(
            f"The benchmark measures PyTorch beside the project ({', '.join(needing)}), and it is not installed. "
            "Install it with: pip install 'lstm-variants[bench]' (or torch alone)."
        )
    return sections


def metadata(quick: bool) -> dict[str, Any]:
    """When, where and with what. The device is that of a process of its own: nothing starts on it here."""
    from sweeps.bench.step import ask

    commit, dirty = checkout(Path(__file__).parent)
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "dirty": dirty,
        "quick": quick,
        "device": ask("ours")["device"],
        "cores": len(cores()),
        "versions": {name: version(name) for name in ("jax", "flax", "torch", "ray")},
    }


def write(out: Path, found: dict[str, Any]) -> None:
    """Both files, each whole or as it was before."""
    out.mkdir(parents=True, exist_ok=True)
    texts = {"bench.json": json.dumps(found, indent=1) + "\n", "benchmarks.md": render(found)}
    for name, text in texts.items():
        part = out / f".{name}.part"
        part.write_text(text, encoding="utf-8")
        os.replace(part, out / name)
