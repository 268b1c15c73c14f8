"""Pages of the documentation that follow from the catalogue and the shipped results."""

import csv
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from experiments.tasks import TASKS
from lstm_variants import CELLS, GRU, LSTM, Layers
from sweeps.site import flow, links, write
from sweeps.site.cell_page import cell_page
from sweeps.site.measured import facts, named, of_study, rows, studies
from sweeps.site.tables import linked, signed
from sweeps.site.task_page import task_page
from sweeps.site.text import first_sentence, markdown
from sweeps.terminal.colours import colours

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def measured():
    return rows(DOCS)


@pytest.mark.parametrize("name", CELLS)
def test_the_page_of_a_cell_has_its_equations_cost_settings_and_code(name, measured):
    page, spec = cell_page(name, measured, DOCS), CELLS[name]
    assert page.startswith(f"# `{name}`: ")
    assert "```text\n" in page, "equations"
    assert f"**What it is for:** {markdown(spec.purpose)}" in page
    for promised in (spec.parameters, spec.state, spec.flops):
        assert f"| `{promised}` |" in page
    for head in ("Size and cost", "Settings", "Use it", "Measured", "Conformance", "Code"):
        assert page.count(f"\n## {head}\n") == 1
    code = re.findall(r"```python\n(.*?)\n```", page, re.DOTALL)[-1]
    assert f"class {spec.__name__}:" in code
    compile(code, name, "exec")


@pytest.mark.parametrize("name", ["adding", "an_bn", "digits"])
def test_the_page_of_a_task_has_an_example_its_baseline_and_its_code(name, measured):
    page, kind = task_page(name, measured, DOCS), TASKS[name]
    assert page.startswith(f"# `{name}`: ")
    assert f"loss {kind().baseline:.4g}, score 0" in page
    assert f"class {kind.__name__}:" in page
    assert "Published findings" in page


def test_a_diagram_is_shown_where_there_is_one(tmp_path, measured):
    (tmp_path / "cells").mkdir()
    assert "![Data flow" not in cell_page("gru", measured, tmp_path)
    (tmp_path / "cells" / "gru.svg").write_text("<svg/>")
    assert "![Data flow of one step of gru](gru.svg)" in cell_page("gru", measured, tmp_path)


def test_the_page_says_how_the_conformance_kit_knows_the_cell():
    assert "knows this cell as *GRU, reset before the product" in cell_page("gru", [], DOCS)
    assert "lstm-variants conform my_cell.py:Cell --as gru" in cell_page("gru", [], DOCS)


def test_the_page_shows_how_far_back_the_cell_looks_where_that_was_measured(tmp_path):
    assert "How far back" not in cell_page("lstm", [], tmp_path)
    page = cell_page("lstm", [], DOCS)
    assert "\n## How far back it looks\n" in page
    assert "![Influence of what was carried on the loss, by lag](lstm.flow.svg)" in page
    (end,) = [
        row
        for row in flow.read(DOCS / "flow" / "summary.csv")
        if (row["cell"], row["moment"]) == ("lstm", "end")
    ]
    assert (
        f"**{end['horizon']} ({end['horizon_low']} to {end['horizon_high']})** after {end['step']} up" in page
    )


def test_what_is_shipped_of_it_is_small_and_of_every_cell_that_carries_something():
    names = [name for name in CELLS if name != "grid_depth"]
    files = {path.stem: path for path in (DOCS / "flow").glob("*.csv")}
    assert set(files) == {*names, "summary"}
    assert sum(path.stat().st_size for path in files.values()) <= 200_000
    rows = flow.read(files["summary"])
    assert [(row["cell"], row["moment"]) for row in rows] == [
        (name, moment) for name in names for moment in ("start", "halfway", "end")
    ]
    assert {row["networks"] for row in rows} == {flow.ASKED[-1]}


def test_the_figure_has_the_cell_before_others():
    found = {name: flow.read(DOCS / "flow" / f"{name}.csv") for name in ("gru", "lstm", "rnn")}
    drawn = flow.drawn("gru", found)
    assert drawn.count(colours(["gru"])["gru"]) >= 3
    assert drawn == flow.drawn("gru", found)
    ElementTree.fromstring(drawn)


def test_differences_are_those_of_the_cell_to_the_reference():
    """The table of verdicts has a - b; pages have b - a, for the first cell of each task as a."""
    with open(DOCS / "quick" / "verdicts.csv", encoding="utf-8", newline="") as file:
        pair = next(
            p for p in csv.DictReader(file) if (p["a"], p["b"], p["task"]) == ("lstm", "rnn", "adding_60")
        )
    found = {(row.cell, row.task): row for row in of_study(DOCS, "quick")}
    row = found["rnn", "adding_60"]
    assert (row.standing, row.reference, row.cell_name, row.task_name) == ("worse", "lstm", "rnn", "adding")
    assert row.difference == -float(pair["value"]) < 0
    assert row.low <= row.difference <= row.high
    assert row.difference == pytest.approx(row.score - found["lstm", "adding_60"].score, abs=0.02)
    assert found["lstm", "adding_60"].standing is None


def test_a_raced_study_has_every_cell_against_its_own_reference():
    """There the table has the reference as b."""
    found = [row for row in of_study(DOCS, "real") if row.task == "digits"]
    assert [row.cell for row in found] == ["lstm", "gru", "rnn", "nfg", "lstm_again"]
    assert {row.reference for row in found} == {"lstm"}
    assert [row.standing for row in found[:3]] == [None, "equivalent", "worse"]
    assert all(row.difference == pytest.approx(row.score - found[0].score, abs=0.02) for row in found)
    assert found[2].low <= found[2].difference <= found[2].high < 0


def test_a_difference_of_nothing_has_no_sign():
    assert [signed(value) for value in (-0.0001, 0.0004, -0.25)] == ["0.000", "0.000", "\N{MINUS SIGN}0.250"]


@pytest.mark.parametrize("study", [*studies(DOCS), "odyssey"])
def test_a_study_is_linked_to_a_page_that_is_there(study):
    place = re.fullmatch(rf"\[{study}\]\((.*)\)", linked(study))[1]
    assert (DOCS / "cells" / place).resolve().is_file()


def test_one_layer_of_a_cell_is_that_cell_and_two_are_not():
    assert named(CELLS, Layers(cell=GRU(hidden=3), noise=0.1)) == "gru"
    assert named(CELLS, Layers(cell=GRU(hidden=3), layers=2)) is None
    assert named(CELLS, LSTM()) == "lstm"
    assert named(CELLS, "another") is None


def test_facts_are_found_by_whole_labels(tmp_path):
    (tmp_path / "classics").mkdir()
    text = "statement,source,published,conditions,measured,status,reason\ns,s,p,,lstm_1 on square: 0,holds,\n"
    (tmp_path / "classics" / "facts.csv").write_text(text)
    assert len(facts(tmp_path, "square")) == len(facts(tmp_path, "lstm_1")) == 1
    assert facts(tmp_path, "lstm") == []


def test_prose_is_escaped_and_equations_are_not():
    text = markdown("Bias b_f, `b_f` and <x>*.\n\n    f = σ(W_f x)\n\n    c' = f * c\n\n- a list")
    assert "Bias b\\_f, `b_f` and \\<x\\>\\*." in text
    assert "```text\nf = σ(W_f x)\n\nc' = f * c\n```" in text
    assert "\n- a list" in text


def test_the_title_is_the_first_sentence():
    assert first_sentence("One of Chung et al. 2014 that\nwe draw. More.\n\nRest.") == (
        "One of Chung et al. 2014 that we draw",
        "More.\n\nRest.",
    )


def test_links_that_lead_nowhere_are_found_and_others_are_not(tmp_path, capsys):
    (tmp_path / "cells").mkdir()
    (tmp_path / "a picture.png").write_bytes(b"")
    good = '<a href="cells/"></a><a href="cells/index.html#here"></a><img src="a%20picture.png?v=1"><a href="#top"></a>'
    away = '<a href="https://example.org/none#x">x</a><a href="mailto:a@b.c">x</a>'
    (tmp_path / "index.html").write_text(good + away)
    (tmp_path / "cells" / "index.html").write_text(
        '<h1 id="here">x</h1><a name="old"></a><a href="#old">x</a>'
    )
    assert links.main([str(tmp_path)]) == 0
    bad = [
        '<a href="../none.html">',
        '<a href="../index.html#none">',
        '<img src="none.png">',
        '<a href="../../x">',
    ]
    (tmp_path / "cells" / "more.html").write_text("".join(bad))
    assert links.main([str(tmp_path)]) == 1
    found = capsys.readouterr().err
    for link in ("../none.html", "../index.html#none", "none.png", "../../x"):
        assert f"cells/more.html: {link}\n" in found
    assert "4 links within the site lead nowhere" in found
    assert links.main([str(tmp_path / "cells" / "none")]) == 2


@pytest.mark.slow
def test_there_is_a_page_for_everything_and_an_untouched_page_is_not_written_again(tmp_path, monkeypatch):
    monkeypatch.setattr(
        write, "pages", lambda docs: {docs / "cells" / "a.md": "a", docs / "tasks" / "b.md": "b"}
    )
    write.main(str(tmp_path))
    before = (tmp_path / "cells" / "a.md").stat().st_mtime_ns
    write.main(str(tmp_path))
    assert (tmp_path / "cells" / "a.md").stat().st_mtime_ns == before
    monkeypatch.undo()
    pages = write.pages(DOCS)
    assert all(markdown(spec.purpose) in pages[DOCS / "cells" / "index.md"] for spec in CELLS.values())
    written = {path.relative_to(DOCS).with_suffix("").as_posix() for path in pages}
    assert written >= {f"cells/{name}" for name in (*CELLS, "index")}
    assert written >= {f"tasks/{name}" for name in (*TASKS, "index")}
