"""`lstm-variants notebook` sets a notebook of the package up for a user's study, and overwrites nothing of theirs."""

import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from stores import study, write_store

from analysis.notebook_tools.display import table
from analysis.notebook_tools.set_up import set_up
from analysis.notebook_tools.sortable import Sortable
from analysis.notebook_tools.sources import sources
from analysis.study.results import load
from analysis.study.tables import Analysed
from sweeps import cli

OF_THEIR_OWN = ("own_cell", "understanding")


def run(capsys, *arguments):
    code = cli.main(["notebook", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_all_notebooks_are_written_beside_the_results_that_they_read(capsys, small):
    code, out = run(capsys, "all", "synthetic", "--results", small)
    assert code == 0, out
    folder = small / "synthetic" / "notebooks"
    assert out.split() == [str(folder / f"{name}.ipynb") for name in sources()]
    for name in sources():
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        nbformat.validate(notebook)
        calls = [cell.source for cell in notebook.cells if "= chosen(" in cell.source]
        assert all('chosen("synthetic", "../..")' in call for call in calls)
        assert bool(calls) == (name not in OF_THEIR_OWN), "these train what they show"


@pytest.mark.parametrize("name", sources())
def test_the_first_cell_says_which_study_how_many_trials_and_whether_its_controls_passed(name, small):
    first = set_up(sources()[name], Analysed(load(small, "synthetic")), "x").cells[0].source
    if name == "own_cell":
        assert "**Study `mine`:** 10 trials of 2 cells" in first
        assert "no controls" in first
    elif name not in OF_THEIR_OWN:
        assert "**Study `synthetic`:** 21 trials (9 in search, 12 in confirm) of 3 cells on 1 task" in first
        assert first.endswith("Controls passed; all trials ran.")


def test_controls_that_failed_are_in_the_first_cell(tmp_path):
    write_store(tmp_path, study(cells=("lstm", "gru"), tasks=("adding",), seeds=3, search=2))
    first = set_up(sources()["finding"], Analysed(load(tmp_path, "synthetic")), "x").cells[0].source
    assert "NOT TRUSTWORTHY: The study declares no controls" in first


@pytest.mark.parametrize(
    ("name", "named", "message"),
    [
        (
            "findings",
            "synthetic",
            "There is no notebook 'findings'. Did you mean 'finding'? Known: differences",
        ),
        ("finding", "synthetik", "No results of study 'synthetik'"),
        ("finding", "some/where/mine.py", "No results of study 'mine'"),
    ],
)
def test_bad_input_is_refused_with_code_2_and_nothing_is_written(
    capsys, small, tmp_path, name, named, message
):
    code, out = run(capsys, name, named, "--results", small, "--out", tmp_path / "out")
    assert (code, message in out) == (2, True), out
    assert not (tmp_path / "out").exists()


def test_a_directory_that_is_read_is_no_place_for_notebooks(capsys, small):
    code, out = run(capsys, "all", "synthetic", "--results", small, "--out", small / "synthetic" / "trials")
    assert (code, "which is read" in out) == (2, True), out


@pytest.mark.parametrize("edit", ["cell", "file"])
def test_a_notebook_in_which_somebody_worked_is_not_overwritten(capsys, small, tmp_path, edit):
    asked = ["all", "synthetic", "--results", small, "--out", tmp_path]
    assert run(capsys, *asked)[0] == 0
    assert run(capsys, *asked)[0] == 0, "an untouched one is written again"
    path = tmp_path / "hyperparameters.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("mine"))
    path.write_text(nbformat.writes(notebook) if edit == "cell" else "my notes")
    before = {p: p.read_bytes() for p in tmp_path.iterdir()}
    code, out = run(capsys, *asked)
    assert (code, f"{path} has other cells" in out) == (2, True), out
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_without_the_packages_it_says_which_extra_brings_them(small):
    script = "import sys; sys.modules['jupytext'] = None; from sweeps.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["notebook", "finding", "synthetic", "--results", str(small)]
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True)
    assert done.returncode == 2
    assert "(jupytext). Run: pip install 'lstm-variants[notebooks]'" in done.stderr


def test_a_table_shows_missing_numbers_as_dashes_and_brings_its_own_script():
    shown = Sortable(pd.DataFrame({"a<b": [1.5, None]}), of=2)
    assert "a&lt;b" in shown._repr_html_()
    assert "<td>–</td>" in shown._repr_html_()
    assert "aria-sort" in shown._repr_html_()
    assert "src=" not in shown._repr_html_()
    assert "–" in repr(shown)


def test_a_table_has_all_rows_that_there_are_or_says_how_many_it_lacks():
    frame = pd.DataFrame({"n": range(100)})
    whole, some = table(frame, "n"), table(frame, "n", rows=20)
    assert whole._repr_html_().count("<tr>") == 100
    assert "of 100 rows" not in whole._repr_html_() + repr(whole)
    for shown in (some._repr_html_(), repr(some)):
        assert "The first 20 of 100 rows." in shown
