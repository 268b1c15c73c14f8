"""What `status` says of a study that stops settings, chooses and races."""

import pytest
from studies import tiny
from sweeping import made_up, sweep_in

from lstm_variants import GRU, LSTM, NFG
from sweeps.choosing import Choose
from sweeps.cli import main
from sweeps.commands.so_far import SoFar
from sweeps.commands.status import number
from sweeps.rules.race import race
from sweeps.spaces import log_uniform
from sweeps.strategies.halving import halving

HEIGHTS = {"lstm": 0.5, "lstm_again": 0.5, "gru": 0.5, "nfg": 0.1, "rnn": 0.03}
STUDY = tiny(
    cells={"lstm": LSTM(hidden=3), "gru": GRU(hidden=3), "nfg": NFG(hidden=3)},
    search=halving({"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}, trials=6, eta=3, rungs=(0.5,)),
    choose=Choose(best=2, seeds=2),
    confirm=race(most=24, look=8),
    margin=0.1,
)


def score(entry):
    return HEIGHTS[entry.cell] + 0.04 * (made_up(entry) - 0.5)


def status(folder, capsys):
    assert main(["status", "tiny", "--results", str(folder)]) == 0
    return capsys.readouterr().out


def test_it_says_who_is_decided_who_still_races_and_how_far(tmp_path, capsys):
    sweep_in(tmp_path, STUDY, score=score)
    out = status(tmp_path, capsys)
    assert "20 stopped by the search" in out
    assert "adding: 2 of 4 comparisons decided" in out  # equivalence takes more than 24 seeds
    line = next(line for line in out.splitlines() if line.startswith("  "))
    assert line.startswith("  gru against lstm: 24 seeds, e ")
    assert line.endswith("needed for different, out of seeds")


def test_while_a_race_is_on_the_number_of_trials_is_the_largest_that_it_can_be(tmp_path, capsys):
    whole = sweep_in(tmp_path / "whole", STUDY, score=score)
    works = 20 * 6 // 2
    sweep_in(tmp_path / "part", STUDY, score=score, stop=works)
    out = status(tmp_path / "part", capsys)
    assert "of at most " in out
    assert "of at most" not in status(tmp_path / "whole", capsys)
    assert f"{whole.total} of {whole.total} trials done" in status(tmp_path / "whole", capsys)


def test_kinds_of_devices_are_told_where_there_are_several():
    so_far = SoFar.__new__(SoFar)
    so_far.rows = [{"device": name} for name in ("cpu A", "gpu B", "cpu A", None)]
    assert so_far.devices.endswith(
        "2 kinds of device, which agree to rounding, not bit for bit: cpu A (2), gpu B (1)."
    )
    so_far.rows = so_far.rows[:1]
    assert so_far.devices == ""


@pytest.mark.parametrize(
    ("log_e", "text"), [(0.0, "1"), (5.6347896, "280"), (-2.302585, "0.1"), (2000.0, "4e+868")]
)
def test_e_values_are_told_in_three_digits_however_large_they_are(log_e, text):
    assert number(log_e) == text
