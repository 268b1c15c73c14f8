"""A study file that is edited in mid-study: what changes, what is kept, said before anything runs."""

import pytest
from faults import essential
from studies import tiny
from sweeping import sweep_in

from lstm_variants import GRU, LSTM
from sweeps.changed import changed
from sweeps.spaces import log_uniform, sampled
from sweeps.store.store import Store
from sweeps.sweep import Scheduler, Silent


class Listening(Silent):
    def __init__(self):
        self.said = []

    def say(self, line):
        self.said.append(line)


@pytest.fixture
def results(tmp_path):
    return sweep_in(tmp_path, tiny()).store.results


def told(results, loaded):
    """What is said before anything runs, and how many trials would."""
    listener = Listening()
    scheduler = Scheduler(loaded, Store(results, "tiny"), 2, listener)
    return "\n".join(listener.said), sum(scheduler.queue.trials.values())


def test_an_unchanged_study_says_nothing_also_when_it_was_killed_on_the_way(tmp_path):
    assert told(sweep_in(tmp_path / "a", tiny()).store.results, tiny()) == ("", 0)
    for stop in (1, 3, 5):
        folder = tmp_path / str(stop)
        sweep_in(folder, tiny(), stop=stop)
        assert told(folder, tiny())[0] == ""


def test_another_margin_changes_verdicts_and_runs_nothing_again(results):
    said, trials = told(results, tiny(margin=0.1, alpha=0.01))
    assert "margin was 0.05, is 0.1 (verdicts follow it, stored trials stay as they are)" in said
    assert "alpha was 0.05, is 0.01" in said
    assert trials == 0


def test_more_seeds_run_what_is_new_alone(results):
    said, trials = told(results, tiny(confirm=3))
    assert "the confirm stage had 8 trials, has 12" in said
    assert trials == 4


def test_fewer_seeds_run_nothing(tmp_path):
    said, trials = told(sweep_in(tmp_path, tiny(confirm=3)).store.results, tiny())
    assert "the confirm stage had 12 trials, has 8" in said
    assert trials == 0


def test_another_cell_runs_its_own_trials_alone(results):
    said, trials = told(results, tiny(cells={**tiny().study.cells, "wide": GRU(hidden=4)}))
    assert "the search stage had 8 trials, has 10" in said
    assert trials == 2


def test_a_cell_that_is_taken_out_is_named_and_its_trials_are_kept(results):
    said, trials = told(results, tiny(cells={"lstm": LSTM(hidden=3)}))
    assert "2 stored trials of the search stage are not in the plan as it is now" in said
    assert "Nothing of it is lost" in said
    assert trials == 0
    assert Store(results, "tiny").trials().num_rows == 16


def test_other_numbers_of_updates_are_other_trials_and_taking_them_back_brings_the_old_ones_back(results):
    before = essential(Store(results, "tiny").trials())
    said, trials = told(results, tiny(steps=30))
    assert "8 stored trials of the search stage are not in the plan as it is now, nor what followed" in said
    assert trials == 8
    said, trials = told(results, tiny())
    assert trials == 0
    assert essential(Store(results, "tiny").trials()) == before


def test_another_search_says_that_its_settings_are_others(results):
    other = sampled({"optimizer.learning_rate": log_uniform(1e-4, 1e-2)}, trials=2)
    said, trials = told(results, tiny(search=other))
    assert "8 stored trials of the search stage are not in the plan" in said
    assert trials == 8


def test_a_study_that_never_ran_has_not_changed(results):
    assert changed(None, Store(results, "tiny").declaration(), set()) == []


def test_rows_of_a_clock_that_was_set_back_count_like_any_others(tmp_path, monkeypatch):
    import datetime

    class Future(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime(2050, 1, 1, tzinfo=tz)

    with monkeypatch.context() as patch:
        patch.setattr("sweeping.datetime.datetime", Future)
        sweep_in(tmp_path / "back", tiny(), stop=4)
    back = sweep_in(tmp_path / "back", tiny()).store
    plain = sweep_in(tmp_path / "plain", tiny()).store
    assert essential(back.trials()) == essential(plain.trials())
    assert back.declaration() == plain.declaration()
