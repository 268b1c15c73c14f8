"""`python -m sweeps.bench.table bench.json` writes the Markdown of a run again: a pure function of its JSON."""

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

from sweeps.bench import SECTIONS

TITLES = {
    "step": "Training step",
    "sizes": "Small loops as one function",
    "peers": "Many small networks at once",
    "rate": "Share of the matrix-product rate",
    "study": "A study",
    "ablation": "An ablation",
    "scaling": "Scaling",
    "orchestration": "Orchestration",
}


def render(run: dict[str, Any]) -> str:
    """The whole page, from `{"metadata": {...}, "rows": [...], "failed": {section: error}}`."""
    about = run["metadata"]
    words = [
        f"{about['date']}; commit {(about['commit'] or 'unknown')[:12]}{' with changes' if about['dirty'] else ''}",
        f"{about['device']}, {about['cores']} {'core' if about['cores'] == 1 else 'cores'}",
        ", ".join(f"{name} {version}" for name, version in about["versions"].items() if version),
    ]
    parts = ["# Benchmarks", "`lstm-variants bench` wrote this page: " + "; ".join(words) + "."]
    if about["quick"]:
        parts.append("Made with `--quick`: tiny sizes, whose numbers mean nothing.")
    for section in SECTIONS:
        rows = [row for row in run["rows"] if row["section"] == section]
        error = run["failed"].get(section)
        if rows or error:
            parts.append(f"## {TITLES[section]}")
        if error:
            parts.append(f"Failed: {error}")
        if rows:
            parts.append(importlib.import_module(f"sweeps.bench.{section}").table(rows).strip())
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m sweeps.bench.table", description="Markdown of a bench.json."
    )
    parser.add_argument("path", type=Path, metavar="bench.json")
    print(render(json.loads(parser.parse_args().path.read_text())), end="")
