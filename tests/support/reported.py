"""The shipped study `quick` with the tables and figures of its report, in a folder of its own."""

import dataclasses
import shutil
from pathlib import Path

from sweeps.store.store import Store

SHIPPED = Path(__file__).parents[2] / "docs" / "quick"
SEARCHED = ["optimizer.learning_rate"]
FINDING = "Of 6 cells compared with lstm, 5 are equivalent to it."


def reported(folder: Path) -> Store:
    """Below `folder`, which is made: the study's results and its report."""
    shutil.copytree(SHIPPED / "results", folder)
    store = Store(folder, "quick")
    store.declare(dataclasses.replace(store.declaration(), searched=list(SEARCHED)))
    figures = store.path / "report" / "figures"
    figures.mkdir(parents=True)
    for path in SHIPPED.glob("*.png"):
        shutil.copy(path, figures)
    for path in SHIPPED.glob("*.csv"):
        shutil.copy(path, store.path / "report")
    (store.path / "report" / "report.html").write_text("<!doctype html><title>quick</title>")
    (store.path / "report" / "report.md").write_text(f"# quick\n\n## Finding\n\n{FINDING}\n\n- More.\n")
    return store


def smaller(store: Store, parts: int = 2) -> Store:
    """With fewer parts: what is left is a study under way."""
    for table in ("trials", "curves"):
        for path in store.parts(table)[parts:]:
            path.unlink()
    return store
