"""What a sweep is expected to take follows from what was timed, and says how sure it is."""

import dataclasses
import json
import math

import numpy as np
import pytest
from planning import search_entries
from studies import tiny, write_study
from sweeping import row_of

from experiments.specs import canonical, structure
from lstm_variants import GRU, LSTM, Layers
from sweeps import cli, xla
from sweeps.cache import VARIABLE
from sweeps.commands.plan import missing
from sweeps.estimate import kept as keeping
from sweeps.estimate.guess import classes, compile_seconds, trial_seconds
from sweeps.estimate.kept import FILE, from_stores, keep, kept, known, structure_text
from sweeps.estimate.posterior import RUN, Name, covariance, name_of, posterior
from sweeps.estimate.timing import ADVANCE, LEAST, Timing, updates_of, whole
from sweeps.estimate.total import AGAIN, COHORT_SECONDS, demand, estimate
from sweeps.job import Job
from sweeps.plan import cut
from sweeps.provenance import cpu_model
from sweeps.rules.race import race
from sweeps.spaces import log_uniform, sampled
from sweeps.store.store import Store
from sweeps.strategies.halving import halving

CPU = f"cpu {cpu_model()}"


def timed(bare, run=None, compile=None):
    """What is known of a structure that takes so many seconds, the guess where nothing is said."""
    seconds = {"run": run or trial_seconds(bare), "compile": compile or compile_seconds(bare)}
    return known(bare, Timing(memory=0, device=CPU, **seconds), "")


def demanded(**changes):
    todo, guessed, _, _ = missing(tiny(**changes), Store("nowhere", "nothing"))
    return demand(cut(todo + guessed, 2), guessed)


def test_a_trial_is_its_updates_its_evaluations_and_its_test():
    trial = search_entries(tiny().study)[0].trial
    # 20 updates, 2 evaluations of 1 batch, a test of 2 batches.
    assert whole(trial, 0.01, 0.002) == pytest.approx(20 * 0.01 + (2 * 1 + 2) * 0.002)
    longer = dataclasses.replace(trial, longer=(3,))  # three times as long: 4 batches' worth of steps for 1
    assert whole(longer, 0.01, 0.002) == pytest.approx(20 * 0.01 + (2 * 1 + 2 * 4) * 0.002)


def test_short_updates_are_timed_many_at_once_and_long_ones_few():
    trial = search_entries(tiny().study)[0].trial  # 10 updates between evaluations
    often = dataclasses.replace(trial, steps=2000, evaluate_every=1000)
    assert updates_of(trial, lanes=4) == 10
    short = updates_of(often, lanes=4)
    assert 10 < short < 1000
    assert short * 4 * trial_seconds(often) / often.steps == pytest.approx(ADVANCE, rel=0.1)
    assert updates_of(often, lanes=100_000) == LEAST
    assert updates_of(dataclasses.replace(often, evaluate_every=3), lanes=1) == 3


def test_an_estimate_adds_up_trials_compilations_and_cohorts_when_every_structure_was_timed_often():
    todo = demanded()
    found = [timed(bare, run=100.0, compile=50.0) for bare in todo.structures] * 50
    result = estimate(todo, found, workers=1, start=4.0)
    cohorts = sum(todo.cohorts.values())
    assert (todo.entries, len(todo.structures), cohorts) == (16, 3, 8)
    assert result.seconds == pytest.approx(16 * 100 + 3 * 50 + cohorts * COHORT_SECONDS + 4.0, rel=0.01)
    two = estimate(todo, found, workers=2)
    # A structure in four cohorts, two in two: the second worker loads it half of the time. Half a cohort at the end.
    compiling = 50 * (3 + 3 * AGAIN / 2)
    assert two.seconds == pytest.approx((16 * 100 + compiling) / 2 + 100, rel=0.02)


def test_one_cohort_is_not_shared_by_two_workers():
    entries = search_entries(tiny().study)[:2]
    todo = demand(cut(entries, 2), ())
    found = [timed(bare, run=100.0, compile=1.0) for bare in todo.structures] * 50
    one, two = (estimate(todo, found, workers=workers) for workers in (1, 2))
    assert two.seconds == pytest.approx(one.seconds, rel=0.01)


def test_a_halving_search_counts_what_is_trained_and_a_trial_that_goes_on_once():
    space = {"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}
    todo = demanded(search=halving(space, trials=4, eta=2, rungs=(0.5,)))
    # By arm: four to the half, two of them on to the end, two fresh seeds.
    assert todo.entries == 4 * (4 + 2)
    assert sum(todo.trials.values()) == pytest.approx(4 * (4 * 0.5 + 2 * 0.5 + 2))


def test_a_race_is_expected_to_take_what_it_usually_does_and_widens_the_interval():
    fixed, raced = demanded(confirm=64), demanded(confirm=race(most=128, look=8))
    assert sum(raced.trials.values()) == pytest.approx(sum(fixed.trials.values()))
    found = [timed(bare, run=100.0) for bare in fixed.structures]
    sure = estimate(dataclasses.replace(fixed, open=dict.fromkeys(fixed.open, 0.0)), found, workers=1)
    unsure = estimate(raced, found, workers=1)
    assert unsure.seconds == pytest.approx(sure.seconds)
    assert unsure.high / unsure.low > 1.5 * sure.high / sure.low


def test_of_very_many_settings_some_stand_in_for_the_choice_and_as_many_trials_are_counted():
    few, many = 40, 200
    search = {"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}
    for settings in (few, many):
        loaded = tiny(search=sampled(search, trials=settings), confirm=settings)
        _, guessed, _, _ = missing(loaded, Store("nowhere", "nothing"))
        arms = {entry.arm for entry in guessed}
        for arm in arms:
            mine = [entry for entry in guessed if entry.arm == arm]
            assert len(mine) == settings
            assert len({id(entry) for entry in mine}) == (
                50 if settings == many else few
            )  # every fourth of 200


def test_the_interval_of_ninety_per_cent_holds_the_truth_in_ninety_per_cent_of_draws():
    cells = {f"{kind.__name__}{h}": kind(hidden=h) for kind in (LSTM, GRU) for h in (3, 5, 9)}
    todo = demanded(cells=cells, steps=100_000)
    rng, bares, names = np.random.default_rng(0), todo.structures, todo.names
    logs = rng.multivariate_normal(np.zeros(len(bares)), covariance(names, names, RUN), size=600)
    inside = []
    for log in logs:
        seconds = [math.exp(x) * trial_seconds(bare) for x, bare in zip(log, bares, strict=True)]
        noisy = [seconds[i] * math.exp(RUN.noise * rng.normal()) for i in range(3)]
        found = [timed(bares[i], run=noisy[i]) for i in range(3)]
        result = estimate(todo, found, workers=1)
        beside = COHORT_SECONDS * sum(todo.cohorts.values()) + sum(map(compile_seconds, bares))
        truth = sum(s * todo.trials[b] for s, b in zip(seconds, bares, strict=True)) + beside
        inside.append(result.low < truth < result.high)
    assert 0.86 < np.mean(inside) < 0.96  # the sum is lognormal to first order only


def test_what_was_timed_tells_most_of_the_same_structure_then_of_the_same_cell_then_of_anything():
    first = Name(structure="a", cell="lstm", task="adding")
    others = [
        dataclasses.replace(first),
        dataclasses.replace(first, structure="b"),
        Name(structure="c", cell="lstm", task="copy"),
        Name(structure="d", cell="gru", task="copy"),
    ]
    result = posterior(others, [(first, 1.0)], RUN)
    assert list(result.mean) == sorted(result.mean, reverse=True)
    assert result.mean[-1] > 0
    assert list(np.diag(result.covariance)) == sorted(np.diag(result.covariance))


def test_a_timing_that_is_under_way_makes_the_others_as_sure_as_it_will():
    names = [name_of(bare) for bare in demanded().structures]
    before, timing = posterior(names, [], RUN), [(names[1], 0.3)]
    np.testing.assert_allclose(
        before.after(1).covariance, posterior(names, timing, RUN).covariance, atol=1e-12
    )


def test_the_structure_that_is_timed_next_is_the_one_that_most_depends_on():
    todo = demanded(cells={"lstm": LSTM(hidden=3), "wide": GRU(hidden=500)})
    result = estimate(todo, [], workers=1)
    assert todo.structures[int(result.gain.argmax())].cell.hidden == 500


def test_cells_in_layers_and_with_other_starts_are_cells_of_their_own():
    assert classes(Layers(cell=LSTM(hidden=3))) == "Layers LSTM Initial"
    assert classes(LSTM(hidden=3)) == classes(LSTM(hidden=8)) == "LSTM Initial"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / xla.machine() / FILE


def test_what_was_timed_is_kept_and_the_newest_counts_whatever_else_is_in_the_file(cache):
    bare, other = demanded().structures[:2]
    assert kept("", gpu=False) == []
    keep([timed(bare, run=5.0), timed(other)])
    with open(cache, "a") as file:
        file.write('{"torn\n[]\n')
    keep([timed(bare, run=7.0)])
    assert kept("", gpu=False) == [timed(bare, run=7.0), timed(other)]
    assert kept("vmap", gpu=False) == kept("", gpu=True) == []


def test_nothing_is_kept_where_there_is_to_be_no_cache(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "off")
    keep([timed(demanded().structures[0])])
    assert kept("", gpu=False) == []
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    (tmp_path / "file").write_text("in the way")
    keep([timed(demanded().structures[0])])
    assert (tmp_path / "file").read_text() == "in the way"


def stored(tmp_path, entries, **columns):
    rows = [row_of(entry, Job(study="other")) | {"device": CPU} | columns for entry in entries]
    Store(tmp_path, "other").prepare().append(rows, [])


def test_rows_of_earlier_sweeps_on_this_device_count_by_their_mean(tmp_path):
    first, second = search_entries(tiny().study)[:2]
    assert first.structure == second.structure
    stored(tmp_path, [first], run_seconds=1.0, memory_bytes=5)
    stored(tmp_path, [second], run_seconds=3.0, memory_bytes=4)
    (found,) = from_stores(tmp_path, [], gpu=False)
    assert found.name == name_of(first.structure)
    assert found.run == pytest.approx(math.log(2.0 / trial_seconds(first.structure)))
    assert (found.compile, found.memory) == (None, 5)


@pytest.mark.parametrize(
    "columns", [{"device": "cpu of another machine"}, {"status": "diverged"}, {"run_seconds": None}]
)
def test_rows_of_other_devices_and_of_trials_that_did_not_finish_do_not_count(tmp_path, columns):
    stored(tmp_path, search_entries(tiny().study)[:1], **{"run_seconds": 1.0, "memory_bytes": 5} | columns)
    assert from_stores(tmp_path, [], gpu=False) == []


def test_a_store_that_cannot_be_read_tells_nothing_and_stops_nothing(tmp_path):
    stored(tmp_path, search_entries(tiny().study)[:1], run_seconds=1.0)
    (part,) = Store(tmp_path, "other").parts("trials")
    part.write_text("damaged")
    assert from_stores(tmp_path, [], gpu=False) == []


def test_a_class_of_ones_own_counts_where_it_is_planned_and_is_passed_over_where_not(tmp_path):
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Mine(GRU):
        pass

    entry = search_entries(tiny(cells={"mine": Mine(hidden=3)}).study)[0]
    stored(tmp_path, [entry], run_seconds=1.0)
    assert from_stores(tmp_path, [], gpu=False) == []
    (found,) = from_stores(tmp_path, [entry.structure], gpu=False)
    assert found.name.structure == canonical(entry.structure)


@pytest.mark.parametrize("study", ["quick", "classics", "comparable"])
def test_the_text_of_a_structure_is_read_from_that_of_a_trial(study):
    from sweeps.study_file import load_study

    for entry in search_entries(load_study(study).study):
        assert structure_text(canonical(entry.trial)) == canonical(structure(entry.trial))


@pytest.mark.slow
def test_what_plan_timed_it_does_not_time_again(tmp_path, capsys, cache, monkeypatch):
    monkeypatch.setattr("sweeps.commands.plan.TIMING_SECONDS", 600.0)
    path = str(write_study(tmp_path, name="planned"))
    options = ["plan", path, "--results", str(tmp_path / "results"), "--workers", "0"]
    assert cli.main(options) == 0
    first = capsys.readouterr().out
    assert first.count("first estimate: about") == 1
    lines = cache.read_text().splitlines()
    assert len({json.loads(line)["name"]["structure"] for line in lines}) == len(lines) == 2
    monkeypatch.setattr("sweeps.commands.plan.WELL_ENOUGH", 0.5)
    monkeypatch.setattr("sweeps.commands.plan.measure", None)
    assert cli.main(options) == 0
    assert "first estimate" not in capsys.readouterr().out


def test_devices_are_told_apart_without_starting_one():
    assert keeping.here(CPU, gpu=False)
    assert not keeping.here(CPU, gpu=True)
    assert not keeping.here("gpu NVIDIA H100", gpu=False)
