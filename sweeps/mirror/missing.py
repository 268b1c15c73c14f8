"""The trials in the store that a W&B destination lacks, under the labels that the study declares now."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sweeps.errors import InputError
from sweeps.mirror.run import CURVE, Row
from sweeps.mirror.trial import Trial, number, without_nulls
from sweeps.store.parts import read_part
from sweeps.store.store import UNRECORDED, Store

LABELS = ("stage", "cell", "task")


@dataclass(frozen=True)
class Now:
    """What the study declares of its trials: by id stage, cell and task, and the code whose rows count; the fields that
    it searches, the score that a trial is told by, and how many trials there will be. Nothing where it has no
    declaration that can be read."""

    called: dict[str, tuple[str, str, str]]
    counted: dict[str, str]
    searched: tuple[str, ...] = ()
    score: str = "test_score"
    planned: int = 0

    @classmethod
    def of(cls, store: Store) -> "Now":
        declared = store.declared()
        if declared is None:
            return cls({}, {})
        searched = tuple(declared.searched)
        return cls(declared.called, declared.counted, searched, declared.score, declared.trials)

    def labels(self, row: Row) -> Row:
        name = str(row["trial_id"])
        return dict(zip(LABELS, self.called[name], strict=True)) if name in self.called else {}

    def shown(self, name: str) -> str:
        """What a run shows beside numbers: where it shows something else it is made again. Nothing undeclared."""
        return "/".join([*self.called[name], self.counted.get(name, "")]) if name in self.called else ""


def read_trials(
    store: Store, part: Path, missing: set[str], now: Now, runs: Mapping[str, str]
) -> Iterator[Trial]:
    """The `missing` trials of one part, called as `now` says. A part's curves have its name, were written before it and
    are removed after it. One that was put together with others meanwhile has none: the next look finds them there.
    runs: the run id that a trial has already, by trial id."""
    curves: dict[str, list[Row]] = {}
    path = store.path / "curves" / part.name
    try:
        if path.exists():
            for point in read_part(path, ["trial_id", *CURVE]).sort_by("step").to_pylist():
                row = {name: point.get(name) for name in CURVE}
                curves.setdefault(point["trial_id"], []).append(without_nulls(row))
        rows = read_part(part, None).to_pylist()
    except InputError:
        if part.exists():
            raise
        return
    for row in rows:
        name = row["trial_id"]
        if name in missing:
            yield Trial(
                row=without_nulls(row | now.labels(row)),
                curve=curves.get(name, []),
                called={label: row[label] for label in LABELS},
                shown=now.shown(name),
                run=runs.get(name, ""),
                searched=now.searched,
                score=now.score,
            )


def look(
    store: Store, lacks: Callable[..., bool], finished: set[tuple[Path, int]], now: Now
) -> dict[Path, set[str]]:
    """Parts that hold rows without a run, and these trials. lacks: as `Ledger.lacks`. Rows of code that does not count
    are passed over. A trial that several parts hold belongs to one of them: to one where it did not fail if it can, and
    of these to where it went furthest. `finished` remembers parts to be passed over; a part may be replaced by one of
    its name, so its time belongs to it."""
    best: dict[str, tuple[bool, int, Path]] = {}
    for part in store.parts("trials"):
        try:
            stamp = (part, part.stat().st_mtime_ns)
            if stamp in finished:
                continue
            rows = read_part(part, ["trial_id", "status", "steps_done", *LABELS, "code"]).to_pylist()
        except (InputError, OSError):
            if part.exists():
                raise
            continue  # put together with others meanwhile
        lacking = False
        for row in rows:
            trial, status, code = row["trial_id"], row["status"], row.get("code") or UNRECORDED
            if now.counted.get(trial, code) != code:
                continue
            steps = int(number(row.get("steps_done")))
            written = "/".join([*(str(row[n]) for n in LABELS), ""])
            if lacks(trial, status, steps, now.shown(trial), written):
                lacking = True
                candidate = (status == "failed", -steps, part)
                best[trial] = min(best.get(trial, candidate), candidate)
        if not lacking:
            finished.add(stamp)
    missing: dict[Path, set[str]] = {}
    for trial, (_, _, part) in best.items():
        missing.setdefault(part, set()).add(trial)
    return missing
