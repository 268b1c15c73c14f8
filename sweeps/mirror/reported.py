"""What `lstm-variants report` wrote of a study, as the mirror shows it in W&B. Nothing here judges: files are read.

results/STUDY/report/verdicts.csv            each pair of cells on each task
results/STUDY/report/figures/*.png, *.csv    figures and the data behind them
results/STUDY/report/report.html, report.md
"""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

from sweeps.mirror.run import Row
from sweeps.store.declaration import Declaration
from sweeps.store.store import Store

Arm = tuple[str, str]
TEXTS = ("task", "a", "b", "verdict", "better", "grade")
NUMBERS = ("value", "low", "high", "margin", "mean_a", "mean_b", "n_a", "n_b")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A cell against the reference on a task. standing: equivalent, better, worse or undecided, of the cell.
    difference: of the cell to the reference, with its interval; None where nothing was tested."""

    reference: str
    standing: str
    grade: str = ""
    difference: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def summary(self) -> Row:
        """As the summary of the arm's run has it."""
        numbers = {"difference": self.difference, "difference_low": self.low, "difference_high": self.high}
        words = {"verdict": self.standing, "reference": self.reference, "grade": self.grade}
        return {name: value for name, value in (words | numbers).items() if value not in (None, "")}


@dataclass(frozen=True, kw_only=True)
class Reported:
    """The report's folder, which may not be there: then there are no rows and no figures."""

    folder: Path

    @classmethod
    def of(cls, store: Store) -> "Reported":
        return cls(folder=store.path / "report")

    @property
    def stamp(self) -> str:
        """Differs where a file of the report does."""
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
        told = [
            f"{path.relative_to(self.folder)} {path.stat().st_mtime_ns} {path.stat().st_size}"
            for path in files
        ]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]

    def rows(self, name: str) -> list[dict[str, str]]:
        """A table of the report; none where it is not there."""
        path = self.folder / f"{name}.csv"
        if not path.is_file():
            return []
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def figures(self) -> dict[str, Path]:
        return {path.stem: path for path in sorted((self.folder / "figures").glob("*.png"))}

    def verdicts(self, declared: Declaration) -> dict[Arm, Verdict]:
        """By cell and task, each against the study's reference."""
        reference = declared.same[0][0] if declared.same else declared.cells[0]
        found = {}
        for row in self.rows("verdicts"):
            if reference in (row["a"], row["b"]):
                cell = row["b"] if row["a"] == reference else row["a"]
                found[cell, row["task"]] = against(row, cell, reference)
        for cell, task in {(reference, task) for _, task in found}:
            found[cell, task] = Verdict(reference=reference, standing="reference")
        return found


def against(row: dict[str, str], cell: str, reference: str) -> Verdict:
    """A row of verdicts.csv, whose value is a - b, from the side of the cell."""
    value, low, high = (number(row[name]) for name in ("value", "low", "high"))
    if row["a"] == reference:
        value, low, high = negative(value), negative(high), negative(low)
    standing = row["verdict"]
    if standing == "different":
        standing = "better" if row["better"] == cell else "worse"
    return Verdict(
        reference=reference,
        standing=standing,
        grade=row.get("grade", ""),
        difference=value,
        low=low,
        high=high,
    )


def number(text: str) -> float | None:
    return float(text) if text else None


def negative(value: float | None) -> float | None:
    return None if value is None else -value


def table(reported: Reported) -> tuple[list[str], list[list[object]]]:
    """The verdicts as columns and rows for a `wandb.Table`; numbers as numbers."""
    rows = reported.rows("verdicts")
    columns = [name for name in (*TEXTS, *NUMBERS) if rows and name in rows[0]]
    lines: list[list[object]] = [
        [row[name] if name in TEXTS else number(row[name]) for name in columns] for row in rows
    ]
    return columns, lines
