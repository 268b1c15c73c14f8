"""Execute the notebooks on a study's results, as they are shipped.

    python -m analysis.notebook_tools.execute docs/comparable/results comparable docs/notebooks

Each of `analysis/notebooks/*.py` becomes an .ipynb with its outputs, without what differs from one execution to the
next (ids, times, the kernel's version). Needs `pip install 'lstm-variants[notebooks]'`.
"""

import os
import sys
from pathlib import Path

import jupytext
import nbclient
import nbformat

from analysis.notebook_tools.display import RESULTS, STUDY
from sweeps.errors import InputError

FOLDER = Path(__file__).parents[1] / "notebooks"
SECONDS = 600


def executed(path: Path, results: Path, study: str) -> nbformat.NotebookNode:
    """The notebook with the outputs of a run in the repository. Raises InputError where a cell fails, with its end."""
    os.environ |= {RESULTS: str(results.absolute()), STUDY: study}
    notebook = jupytext.read(path)
    place = {"metadata": {"path": str(FOLDER.parents[1])}}
    try:
        nbclient.NotebookClient(
            notebook, timeout=SECONDS, kernel_name="python3", resources=place, record_timing=False
        ).execute()
    except nbclient.exceptions.CellExecutionError as error:
        raise InputError(f"{path.name} failed on the study {study}: {str(error).strip()[-400:]}") from None
    return stripped(notebook)


def stripped(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without what differs from one execution to the next."""
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    )
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number}", nbformat.from_dict({})
        for output in cell.get("outputs", []):
            if {"text/markdown", "image/png"} & set(output.get("data", {})):
                output.data.pop("text/plain", None)
                output.metadata = nbformat.from_dict({})
    return notebook


def main(results: str, study: str, out: str) -> None:
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(FOLDER.glob("*.py")):
        target = folder / f"{path.stem}.ipynb"
        nbformat.write(executed(path, Path(results), study), target)
        print(f"{target}  {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
