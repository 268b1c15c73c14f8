"""The pages say what the catalogue says."""

from pathlib import Path

import pytest

from lstm_variants import CELLS
from sweeps import docs
from sweeps.errors import InputError
from sweeps.site import inside

ROOT = Path(__file__).parents[2]


def test_the_pages_are_what_the_command_writes():
    for path, text in docs.pages(ROOT).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `make docs-tables`"


@pytest.mark.slow
def test_the_pictures_are_what_the_command_draws():
    for path, text in docs.pictures(ROOT).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `make docs-tables`"


def test_the_page_on_networks_from_inside_has_the_tables_that_lie_beside_it():
    text = (ROOT / "docs" / "inside.md").read_text(encoding="utf-8")
    assert inside.page(text, ROOT / "docs" / "inside") == text, "run `make inside`"
    assert text.count("| `lstm` |") == 1
    with pytest.raises(InputError, match="no lines <!-- memory:begin"):
        inside.page("nothing", ROOT / "docs" / "inside")


def test_a_new_cell_is_in_the_table_and_in_the_count(monkeypatch):
    class New:
        reference, parameters = "Nobody 2030 | a draft", "4*h"

    monkeypatch.setitem(CELLS, "new", New)
    table = docs.cells()
    assert table.splitlines()[-1].startswith("| `new` | `New` | `4*h` | Nobody 2030")
    assert len(table.splitlines()) == 2 + len(CELLS)


def test_the_command_writes_what_stands_between_the_markers_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(docs, "pictures", lambda root: {root / "docs" / "cells" / "one.svg": "a picture"})
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "diagrams.md").write_text(f"first {docs.BEGIN}old{docs.END} last")
    (tmp_path / "README.md").write_text("of the [3](docs/cells.md), [4 of them](docs/tasks.md)!")
    (tmp_path / "docs" / "cells.md").write_text(f"before {docs.BEGIN}old{docs.END} after")
    assert docs.main([str(tmp_path)]) == 0
    page = (tmp_path / "docs" / "cells.md").read_text()
    assert page == f"before {docs.BEGIN}\n{docs.cells()}\n{docs.END} after"
    assert (
        tmp_path / "docs" / "diagrams.md"
    ).read_text() == f"first {docs.BEGIN}\n{docs.gallery()}\n{docs.END} last"
    assert (tmp_path / "docs" / "cells" / "one.svg").read_text() == "a picture"
    assert f"of the [{len(CELLS)}](docs/cells.md)" in (tmp_path / "README.md").read_text()


def test_a_page_without_the_markers_is_refused():
    with pytest.raises(InputError, match="no lines <!-- cells:begin"):
        docs.between("nothing", "table")
    with pytest.raises(InputError, match="no place for the count"):
        docs.counted("nothing")
