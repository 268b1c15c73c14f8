"""What a sweep says of its progress is computed from what it has seen."""

import io

import pytest
from rich.console import Console
from studies import tiny
from sweeping import sweep_in

from sweeps.progress import Board, seconds
from sweeps.spaces import log_uniform
from sweeps.store.store import Store
from sweeps.strategies.halving import halving
from sweeps.sweep import Scheduler
from sweeps.worker import Event


@pytest.mark.parametrize(
    ("value", "text"), [(0.4, "0 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")]
)
def test_durations_are_words(value, text):
    assert seconds(value) == text


def row(entry, solved=False, status="finished"):
    return {
        "trial_id": entry.id,
        "status": status,
        "solved": solved,
        "valid_score": 0.5,
        "valid_loss": 0.1,
        "run_seconds": 2.0,
    }


def test_the_board_counts_what_happened_and_estimates_what_is_left(tmp_path):
    board = Board(Console(file=io.StringIO()), workers=lambda: 2)
    scheduler = Scheduler(tiny(), Store(tmp_path, "tiny").prepare(), 2, board)
    assert "0 of 16 trials" in board.line()
    assert "estimating time left" in board.line()
    first = scheduler.take(set(), set())[0]
    scheduler.put(first, Event("compiled", 0.0, 6.0))
    scheduler.put(first, Event("evaluated", 0.5, 1.0, {first.entries[0].id: 0.75}))
    assert board.best == {first.entries[0].arm: 0.75}
    rows = [row(first.entries[0], solved=True), row(first.entries[1], status="diverged")]
    scheduler.put(first, Event("done", 1.0, 1.0, {}, rows))
    assert "2 of 16 trials; 2 in this run: 1 solved, 1 diverged, 0 failed" in board.line()
    # 14 trials of 2 s and, of three structures, two still to compile at 6 s each, on two workers.
    assert board.clock.left(scheduler, board.under_way) == pytest.approx((14 * 2 + 2 * 6) / 2)


def test_a_trial_that_goes_on_after_a_rung_is_one_trial_of_the_run_and_solves_its_task_once(tmp_path):
    space = {"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}
    loaded = tiny(search=halving(space, trials=3, eta=3, rungs=(0.5,)))
    board = Board(Console(file=io.StringIO()), workers=lambda: 1)
    scheduler = sweep_in(tmp_path, loaded, listener=board)
    assert board.counts["here"] == scheduler.stored == scheduler.total
    solved = [row for row in scheduler.store.planned().rows.to_pylist() if row["solved"]]
    assert board.counts["solved"] == len(solved) > 0
