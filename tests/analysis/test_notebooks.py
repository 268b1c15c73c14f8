"""Every notebook runs from top to bottom on a store."""

from pathlib import Path

import jupytext
import nbclient
import pytest

import analysis

FOLDER = Path(analysis.__file__).parent / "notebooks"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_notebook_runs_on_the_shipped_results_of_the_real_pipeline(path, monkeypatch):
    monkeypatch.setenv("LSTM_VARIANTS_RESULTS", str(FOLDER.parents[1] / "docs" / "quick" / "results"))
    monkeypatch.setenv("LSTM_VARIANTS_STUDY", "quick")
    notebook = jupytext.read(path)
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(FOLDER.parents[1])}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/svg+xml" in output.get("data", {}) for output in outputs)
    assert not [
        output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"
    ]
