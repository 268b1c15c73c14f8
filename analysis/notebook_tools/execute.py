"""Execute notebooks, and turn them into HTML.

    python -m analysis.notebook_tools.execute docs/comparable/results comparable docs/notebooks

writes every notebook of the package with its outputs, as they are shipped: without what differs from one execution to
the next (ids, times, the kernel's version). Needs `pip install 'lstm-variants[notebooks]'`.
"""

import os
import re
import sys
from pathlib import Path

import nbclient
import nbformat
from nbconvert import HTMLExporter

from analysis.notebook_tools.set_up import SPEC, set_up
from analysis.notebook_tools.sources import sources
from analysis.study.results import load
from analysis.study.tables import Analysed
from sweeps.errors import InputError

SECONDS = 600
LOADED = tuple(
    f"{name}_url" for name in ("mathjax", "mermaid_layout_elk_js", "mermaid_js", "require_js", "jquery")
)
COLOURS = re.compile(r"\x1b\[[\d;]*m")
EMPTY = re.compile(r'<script src="">\s*</script>')
QUIET = "--log-level=40"  # errors alone: the kernel warns that it is reached over this machine's own network


def executed(notebook: nbformat.NotebookNode, folder: Path, name: str) -> nbformat.NotebookNode:
    """The notebook with the outputs of a run in `folder`. Raises InputError where a cell fails, with its error."""
    place = {"metadata": {"path": str(folder)}}
    try:
        nbclient.NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            resources=place,
            record_timing=False,
            extra_arguments=[QUIET],
        ).execute()
    except nbclient.exceptions.CellExecutionError as error:
        told = COLOURS.sub("", str(error)).strip()
        raise InputError(f"The notebook {name} failed: {told[-400:]}") from None
    return stripped(notebook)


def stripped(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without what differs from one execution to the next."""
    notebook.metadata = nbformat.from_dict({"kernelspec": SPEC})
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number}", nbformat.from_dict({})
        for output in cell.get("outputs", []):
            if {"text/markdown", "image/png"} & set(output.get("data", {})):
                output.data.pop("text/plain", None)
                output.metadata = nbformat.from_dict({})
    return notebook


def html(notebook: nbformat.NotebookNode, title: str) -> str:
    """One page with everything in it: it loads nothing from the network."""
    exporter = HTMLExporter(**dict.fromkeys(LOADED, ""))
    return EMPTY.sub("", exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})[0])


def main(results: str, study: str, out: str) -> None:
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    analysed = Analysed(load(results, study))
    for name, path in sources().items():
        notebook = set_up(path, analysed, os.path.relpath(results, folder))
        target = folder / f"{name}.ipynb"
        nbformat.write(executed(notebook, folder, name), target)
        print(f"{target}  {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
