"""Every notebook runs from top to bottom on a store, as it is shipped, and without logic of its own."""

import ast
import json
from pathlib import Path

import jupytext
import nbformat
import pytest

from analysis.notebook_tools import execute
from sweeps.errors import InputError

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "docs" / "quick" / "results"
EXECUTED = ROOT / "docs" / "notebooks"
NOTEBOOKS = sorted(execute.FOLDER.glob("*.py"))


def test_there_are_at_least_four():
    assert {"finding", "hyperparameters", "differences", "own_cell"} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_on_the_shipped_results_of_the_real_pipeline(path, monkeypatch, tmp_path):
    monkeypatch.setenv("LSTM_VARIANTS_RESULTS", "set again by what is tested")
    monkeypatch.setenv("LSTM_VARIANTS_STUDY", "so that it is restored")
    notebook = execute.executed(path, SHIPPED, "quick")
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
    nbformat.write(notebook, tmp_path / "shipped.ipynb")
    assert (tmp_path / "shipped.ipynb").stat().st_size < 1_000_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_shipped_is_this_notebook_executed_without_an_error(path):
    shipped = nbformat.read(EXECUTED / f"{path.stem}.ipynb", as_version=4)
    assert [cell.source for cell in shipped.cells] == [cell.source for cell in jupytext.read(path).cells]
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


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_a_cell_that_fails_is_an_input_error(tmp_path, monkeypatch):
    monkeypatch.setenv("LSTM_VARIANTS_RESULTS", "x")
    monkeypatch.setenv("LSTM_VARIANTS_STUDY", "x")
    path = tmp_path / "broken.py"
    path.write_text("# %%\n1 / 0\n")
    with pytest.raises(InputError, match=r"broken.py failed on the study quick(.|\n)*ZeroDivisionError"):
        execute.executed(path, SHIPPED, "quick")
