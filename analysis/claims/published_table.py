"""A table of a paper, number by number, each with the arm that measures the nearest thing here."""

from dataclasses import dataclass

SCORE, LOSS, ACCURACY, ANSWERS, LONGER = "score", "loss", "accuracy", "answers", "longer"
MEASURES = {
    SCORE: "test score (0 naive, 1 perfect)",
    LOSS: "test loss",
    ACCURACY: "test accuracy, %",
    ANSWERS: "right answers, %",
    LONGER: "right answers on longer sequences, %",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """network: the paper's name. printed: its number. task, cell: the arm here; empty where there is none. chance:
    share of answers that the naive predictor has right, where a score is told as right answers."""

    network: str
    printed: str
    task: str = ""
    cell: str = ""
    chance: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """title, source; printed: what the paper's numbers are; study: where it is measured here, by `measure`, one of
    MEASURES; differs: in what the two differ, and why the numbers do."""

    title: str
    source: str
    printed: str
    study: str
    measure: str
    rows: tuple[Row, ...]
    differs: str
