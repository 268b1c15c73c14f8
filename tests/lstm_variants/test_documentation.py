"""What the pages show can be run."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.slow
def test_the_examples_of_the_page_on_cells_run(capsys):
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", (DOCS / "cells.md").read_text(encoding="utf-8"), re.S):
        exec(block, names)
    assert names["ys"].shape == (20, 4, 16)
    assert capsys.readouterr().out == "GRU(hidden=56): 10,080 parameters, 0.8 % more than 10,000\n"


def test_the_page_on_cells_names_the_whole_catalogue():
    from lstm_variants import CELLS

    page = (DOCS / "cells.md").read_text(encoding="utf-8")
    assert [name for name in CELLS if f"`{name}`" not in page] == []
