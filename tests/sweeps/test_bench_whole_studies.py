"""What the benchmarks of whole studies compute from their measurements."""

import pytest
from stores import study, write_store

from sweeps.bench import ablation, many, orchestration, scaling
from sweeps.bench import study as ways
from sweeps.bench.many_study import write_study as write_many
from sweeps.bench.whole import verdict, whole
from sweeps.commands.so_far import SoFar
from sweeps.store.store import Store
from sweeps.study_file import load_study
from sweeps.sweep import run

ROW = {"trials": 1000, "workers": 2, "wall_seconds": 30.0, "start_seconds": 10.0}
ROW |= {"mirror": "off", "compile_seconds": 8.0, "run_seconds": 22.0}


def test_orchestration_is_what_neither_compiling_nor_computing_took():
    assert orchestration.orchestration(ROW, start=True) == pytest.approx((30 - 15) / 1000)
    assert orchestration.orchestration(ROW, start=False) == pytest.approx((30 - 10 - 15) / 1000)
    assert "not reached, by a factor of 7.50" in orchestration.table([ROW])
    assert "included: reached." in orchestration.table([ROW | {"trials": 7500}])


def test_the_short_study_has_the_trials_it_says(tmp_path):
    loaded = load_study(str(orchestration.write_study(tmp_path, "short_study", 400)))
    arms = loaded.study.arms()
    assert len(arms) * (sum(loaded.study.trials.values())) == 400


def test_what_was_spent_is_added_up_and_the_first_cohort_began_before_it_ended(tmp_path):
    made = study(cells=("lstm", "rnn"), seeds=2, search=1)
    told = orchestration.spent(write_store(tmp_path, made))
    n = len(made.trials)
    assert told["trials"] == n
    assert told["compile_seconds"] == pytest.approx(1.5 * n)
    end = made.trials[0]["finished_at"].timestamp()  # all rows of this store end at once: one cohort
    assert told["first"] == pytest.approx(end - (1.5 + 4.0) * n)


def test_a_bound_is_reached_from_the_right_side():
    assert verdict(2.0, 2.0) == verdict(1.0, 2.0) == verdict(3.0, 2.0, most=False) == "reached"
    assert verdict(4.0, 2.0) == verdict(1.0, 2.0, most=False) == "not reached, by a factor of 2.00"


def test_ways_are_compared_round_by_round():
    seconds = {"ours": (10.0, 20.0), "processes": (120.0, 240.0), "tune": (30.0, 60.0)}
    rows = [
        {"way": way, "seconds": s, "trials": 64, "solved": 0.5, "median_error": 0.1}
        for way, times in seconds.items()
        for s in times
    ]
    text = ways.table(rows)
    assert "a process a training takes at least 10 times as long: reached" in text
    assert "Ray Tune takes at least 12 times as long: not reached, by a factor of 4.00" in text


def test_the_ablation_says_whether_cold_is_within_the_target():
    row = dict.fromkeys(ablation.PARTS, 1.0)
    text = ablation.table(
        [{**row, "kind": "cold", "seconds": 50.0}, {**row, "kind": "warm", "seconds": 20.0}]
    )
    assert "not reached, by a factor of 2.00" in text
    assert "3.1 times" in text


def test_a_sweep_without_training_has_the_trials_it_says_and_rows_that_a_reader_takes(tmp_path):
    loaded = load_study(str(write_many(tmp_path, 100)))
    store = Store(tmp_path, loaded.name).prepare()
    scheduler = many.Pretending(loaded, store, many.COHORT)
    run(scheduler, None)
    assert scheduler.stored == scheduler.total == 100 == len(loaded.study.arms()) * 4
    assert store.curves().num_rows == 100 * 10
    assert SoFar(store).complete


def test_what_very_many_trials_take_is_compared_with_the_targets():
    row = {"kind": "many", "trials": 1000, "seconds": 4.0, "driver_seconds": 0.5, "bytes": 2**29, "parts": 7}
    text = scaling.table([row | {"status_seconds": 1.0, "watch_seconds": 2.0, "plan_seconds": 6.0}])
    assert (
        "1,000 trials that are not trained, on two workers: 4.0 ms each, of which the driver computes 0.5"
        in text
    )
    assert (
        "2 ms each: not reached, by a factor of 2.00; 1 GiB: reached; 3 s: not reached, by a factor of 2"
        in text
    )


def test_the_estimate_that_plan_writes_is_read_back():
    first = "first estimate: about 9 s (1 s to 9 s); memory about 7 MiB per worker"
    last = "about {} (1 min 00 s to 3 h 00 min); memory about 420 MiB per worker, 840 MiB in total"
    assert scaling.estimated(f"{first}\n{last.format('2 min 05 s')}") == (125.0, 420 * 2**20)
    assert scaling.estimated(last.format("1 h 02 min"))[0] == 3720
    with pytest.raises(ValueError, match="no estimate: Nothing to run"):
        scaling.estimated("Nothing to run")


def test_a_plan_may_be_off_either_way():
    assert (
        scaling.off({"x_planned": 2.0, "x": 1.0}, "x") == scaling.off({"x_planned": 1.0, "x": 2.0}, "x") == 2
    )
    row = {"kind": "plan", "seconds_planned": 10, "seconds": 12, "bytes_planned": 2**20, "bytes": 2**21}
    text = scaling.table([row])
    assert "time reached, memory not reached" in text


def test_a_store_is_repeated_with_trials_and_curves_of_their_own(tmp_path):
    made = study(cells=("lstm", "rnn"), tasks=("adding",), seeds=2, search=1)
    source = write_store(tmp_path / "a", made)
    store = scaling.repeated(source, tmp_path / "b", 20)
    n = len(made.trials)
    times = -(-20 // n)
    assert store.trials().num_rows == times * n
    assert store.curves().num_rows == times * len(made.curves)
    planned = [i for ids in store.declaration().plan.values() for i in ids]
    assert sorted(planned) == sorted(store.trials()["trial_id"].to_pylist())


def test_a_process_is_timed_with_its_memory_and_its_failure_is_told():
    done = whole(["-c", "print('hello')"])
    assert done.output == "hello\n"
    assert done.memory > 2**20
    assert done.seconds > 0
    with pytest.raises(RuntimeError, match=r"ended with code 3: .*no luck"):
        whole(["-c", "import sys; print('no luck'); sys.exit(3)"])
