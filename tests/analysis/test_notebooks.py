"""Every notebook runs from top to bottom on a store, as it is shipped, and without logic of its own."""

import ast
import json
import re
from pathlib import Path

import jupytext
import nbformat
import pytest
from shipped import of_docs

from analysis.notebook_tools import execute
from analysis.notebook_tools.set_up import set_up
from analysis.notebook_tools.sources import sources
from sweeps import cli
from sweeps.errors import InputError

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "docs" / "quick" / "results"
EXECUTED = ROOT / "docs" / "notebooks"
NOTEBOOKS = list(sources().values())


def test_there_are_at_least_four():
    assert {"finding", "hyperparameters", "differences", "own_cell"} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "name", [name for name in sources() if name != "understanding"]
)  # trains for minutes
def test_a_notebook_runs_on_the_shipped_results_of_the_real_pipeline(name, tmp_path):
    written = ["notebook", name, "quick", "--results", str(SHIPPED), "--out", str(tmp_path), "--execute"]
    assert cli.main(written) == 0
    notebook = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    assert all(cell.execution_count for cell in code)
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert any("text/markdown" in output.get("data", {}) for output in outputs)
    bad = [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    assert not bad
    said = "".join(str(output.get("text", "")) for output in outputs)
    assert "Traceback" not in said
    nbformat.validate(notebook)
    assert (tmp_path / f"{name}.ipynb").stat().st_size < 1_000_000
    page = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
    title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
    assert f">{title}<" in page
    assert "data:image/png;base64," in page
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page), "it loads nothing from the network"


@pytest.fixture(scope="module")
def comparable():
    return of_docs("comparable")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_shipped_is_this_notebook_executed_without_an_error(path, comparable):
    shipped = nbformat.read(EXECUTED / f"{path.stem}.ipynb", as_version=4)
    written = set_up(path, comparable, "../comparable/results")
    assert [cell.source for cell in shipped.cells] == [cell.source for cell in written.cells]
    code = [cell for cell in shipped.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [o for cell in code for o in cell.outputs if o.output_type == "error"]


def test_the_shipped_notebook_on_the_finding_says_what_the_readme_says():
    text = (EXECUTED / "finding.ipynb").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "comparable.md").read_text(encoding="utf-8")
    headline = page.split("<!-- comparable:begin -->\n")[1].splitlines()[0]
    assert headline.startswith("Of ")
    assert json.dumps(headline, ensure_ascii=False)[1:-1] in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_defines_nothing(path):
    """It calls the package: no functions, classes, loops or conditions of its own (comprehensions shape arguments)."""
    logic = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With, ast.Lambda)
    code = "\n".join(cell.source for cell in jupytext.read(path).cells if cell.cell_type == "code")
    found = [type(node).__name__ for node in ast.walk(ast.parse(code)) if isinstance(node, logic)]
    assert not found


def test_what_differs_between_executions_is_left_out():
    notebook = nbformat.v4.new_notebook(
        metadata={"language_info": {"name": "python", "version": "3.99"}},
        cells=[
            nbformat.v4.new_code_cell(
                "1",
                metadata={"execution": {"iopub.status.busy": "now"}},
                outputs=[
                    nbformat.v4.new_output(
                        "display_data", data={"image/png": "x", "text/plain": "<Image at 0x7f>"}
                    ),
                    nbformat.v4.new_output("execute_result", data={"text/plain": "1"}, execution_count=1),
                ],
            )
        ],
    )
    text = json.dumps(execute.stripped(notebook))
    assert "3.99" not in text
    assert "now" not in text
    assert "0x7f" not in text
    assert '"text/plain": "1"' in text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_a_cell_that_fails_is_an_input_error(tmp_path):
    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with pytest.raises(InputError, match=r"The notebook broken failed(.|\n)*ZeroDivisionError") as refused:
        execute.executed(broken, tmp_path, "broken")
    assert "\x1b" not in str(refused.value)
