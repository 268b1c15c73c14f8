"""The command `lstm-variants notebook`: notebooks on a user's own study.

results/STUDY/notebooks/NAME.ipynb      to open in JupyterLab: its first cell says which study it is about
results/STUDY/notebooks/NAME.html       with --execute: the same with its outputs, for any browser
"""

import argparse
import os
from pathlib import Path

from analysis.notebook_tools.sources import asked
from analysis.study.results import load
from analysis.study.tables import Analysed
from sweeps.errors import InputError
from sweeps.terminal import outputs

NEEDED = "Notebooks need packages that are not installed ({}). Run: pip install 'lstm-variants[notebooks]'"


def run(arguments: argparse.Namespace) -> int:
    """Write the notebook `arguments.name` (or all) for a study, and run it where asked; print where the files are.

    arguments: name, study (a name, or the path of a study file), results, out (None: beside the results), execute.
    Raises InputError, before anything is written: for a name that is none, a study without results, packages that are
    not installed, and a notebook that is there and was edited; later, where a cell fails.
    """
    try:
        import nbformat

        from analysis.notebook_tools import set_up

        if arguments.execute:
            from analysis.notebook_tools import execute
    except ImportError as error:
        raise InputError(NEEDED.format(error.name)) from None
    wanted = asked(arguments.name)
    study = Path(arguments.study).stem if str(arguments.study).endswith(".py") else arguments.study
    loaded = load(arguments.results, study)
    folder = ready(arguments.results, loaded.declaration.study, arguments.out)
    analysed, there = Analysed(loaded), os.path.relpath(arguments.results, folder)
    notebooks = {name: set_up.set_up(path, analysed, there) for name, path in wanted.items()}
    for name, notebook in notebooks.items():
        set_up.unchanged(folder / f"{name}.ipynb", notebook)
    for name, notebook in notebooks.items():
        outputs.write(folder / f"{name}.ipynb", nbformat.writes(notebook).encode())
    for name, notebook in notebooks.items():
        if arguments.execute:
            notebook = execute.executed(notebook, folder, name)
            outputs.write(folder / f"{name}.ipynb", nbformat.writes(notebook).encode())
            outputs.write(folder / f"{name}.html", execute.html(notebook, name).encode())
        for kind in ("ipynb", "html") if arguments.execute else ("ipynb",):
            print(folder / f"{name}.{kind}")
    return 0


def ready(results: str, study: str, out: str | None) -> Path:
    """The folder for notebooks, made. Raises InputError where nothing can be written, or what is read is there."""
    source = Path(results) / study
    inputs = [source / name for name in ("study.json", "trials", "curves", "wandb")]
    return outputs.folder(source / "notebooks" if out is None else out, "--out", inputs=inputs)
