"""A notebook set up for one study: it names the study and where its results are, and its first cell says what they are.

set_up(sources()["finding"], study, "../..")      the results are two folders above the notebook

A source loads its study with `chosen("comparable")`; that is what is replaced. A notebook without such a call runs a
study of its own and stays as it is.
"""

import json
from pathlib import Path

import jupytext
import nbformat

from analysis.report.terminal import trust_line
from analysis.study.tables import Analysed
from analysis.words import count
from sweeps.errors import InputError

CALL = 'chosen("comparable")'
SPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


def set_up(path: Path, study: Analysed, results: str) -> nbformat.NotebookNode:
    """The notebook of a source without outputs. results: the results directory, as seen from the notebook's folder."""
    notebook = jupytext.read(path)
    notebook.metadata = nbformat.from_dict({"kernelspec": SPEC})
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number}", nbformat.from_dict({})
    calling = [cell for cell in notebook.cells if cell.cell_type == "code" and CALL in cell.source]
    names = ", ".join(json.dumps(name, ensure_ascii=False) for name in (study.declaration.study, results))
    for cell in calling:
        cell.source = cell.source.replace(CALL, f"chosen({names})")
    if calling:
        notebook.cells[0].source += f"\n\n{about(study)}"
    return notebook


def about(study: Analysed) -> str:
    """Which study, how many trials, and whether its controls passed, at the time of writing."""
    declaration, trials = study.declaration, study.results.trials
    stages = ", ".join(f"{n:,} in {stage}" for stage, n in trials["stage"].value_counts(sort=False).items())
    size = f"{count(len(declaration.cells), 'cell')} on {count(len(declaration.tasks), 'task')}"
    return (
        f"**Study `{declaration.study}`:** {len(trials):,} trials ({stages}) of {size}, when this notebook was written."
        f" {trust_line(study.trust).plain}"
    )


def unchanged(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Raises InputError where a notebook is there already in which somebody has worked: its cells after the first one
    are not those of `notebook`."""
    if not path.exists():
        return
    try:
        there = [cell.source for cell in nbformat.read(path, as_version=4).cells[1:]]
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError, AttributeError):
        there = None
    if there != [cell.source for cell in notebook.cells[1:]]:
        raise InputError(
            f"{path} has other cells than the notebook of this package: it would be overwritten. Move it away, or name "
            f"another directory with --out."
        )
