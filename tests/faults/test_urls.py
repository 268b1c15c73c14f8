"""A sweep over a URL on which calls fail, that does not answer for long, or whose driver is killed, loses nothing."""

import signal
import time

import pytest
from faults import LONG, PROCESSES, TRIALS, counts, end_of, start, whole
from object_stores import Faulty, s3
from studies import write_study

from sweeps import cli
from sweeps.remote import lock, objects
from sweeps.remote.copy import Copy
from sweeps.remote.store import RemoteStore
from sweeps.store import lock as local
from sweeps.store.store import Store

pytestmark = pytest.mark.slow
URL = "faulty://results"


@pytest.fixture(autouse=True)
def at_once(monkeypatch, tmp_path):
    """Nobody waits long, and there is a cache of its own."""
    monkeypatch.setattr(objects, "WAITS", (0.001,) * 10)
    monkeypatch.setattr(lock, "SETTLED", 0.0)
    monkeypatch.setenv("LSTM_VARIANTS_CACHE", str(tmp_path / "here"))
    Faulty.reset()


def swept(path, results, *more):
    return cli.main(
        [
            "sweep",
            str(path),
            "--results",
            str(results),
            "--workers",
            "0",
            "--wandb",
            "off",
            "--cohort",
            "1",
            *more,
        ]
    )


def elsewhere(monkeypatch, tmp_path, study="mine", url=URL):
    """The store as another host finds it."""
    monkeypatch.setenv("LSTM_VARIANTS_CACHE", str(tmp_path / "there"))
    Faulty.every = 0
    store = RemoteStore(Copy.of(url), study)
    store.refresh()
    return store


def test_one_call_in_ten_fails_and_every_trial_is_there_once_with_its_rows(tmp_path, monkeypatch):
    path = write_study(tmp_path)
    assert swept(path, tmp_path / "plain") == 0
    Faulty.every = 10
    assert swept(path, URL) == 0
    assert Faulty.failed > 5
    store = elsewhere(monkeypatch, tmp_path)
    assert set(counts(store).values()) == {1}
    assert len(counts(store)) == TRIALS
    assert whole(store) == whole(Store(tmp_path / "plain", "mine"))


def test_a_url_that_stops_to_answer_ends_the_sweep_and_the_same_command_goes_on(
    tmp_path, monkeypatch, capsys
):
    path, share = write_study(tmp_path), RemoteStore.share

    def until_the_third(store):
        if len(store.parts("trials")) == 3:
            Faulty.forbidden["pipe_file"] = OSError(5, "the network is down")
        share(store)

    monkeypatch.setattr(RemoteStore, "share", until_the_third)
    assert swept(path, URL) == 2
    said = capsys.readouterr().err
    assert "Cannot write faulty://results: [Errno 5] the network is down. Check the network" in said
    assert "the same command brings it there and runs the rest" in said
    monkeypatch.setattr(RemoteStore, "share", share)
    Faulty.forbidden.clear()
    assert swept(path, URL) == 0
    assert f"this run made {TRIALS - 3} in" in " ".join(capsys.readouterr().out.split())
    store = elsewhere(monkeypatch, tmp_path)
    assert set(counts(store).values()) == {1}
    assert len(counts(store)) == TRIALS


def test_workers_that_share_no_folder_hand_over_what_they_write(tmp_path, monkeypatch):
    path = write_study(tmp_path)
    assert swept(path, tmp_path / "plain", "--keep", "best") == 0
    monkeypatch.setattr("sweeps.commands.sweeping.shares_no_folder", lambda options: True)
    appended = []
    append = RemoteStore.append
    monkeypatch.setattr(RemoteStore, "append", lambda *given: appended.append(given) or append(*given))
    assert swept(path, URL, "--keep", "best", "--workers", "1") == 0
    assert appended == []
    store = elsewhere(monkeypatch, tmp_path)
    assert whole(store) == whole(Store(tmp_path / "plain", "mine"))
    store.everything = True
    store.refresh()
    lists = sorted(path.name for path in (store.path / "networks").glob("*.json"))
    assert lists == sorted(path.name for path in (tmp_path / "plain" / "mine" / "networks").glob("*.json"))
    assert lists


def test_a_sweep_on_s3_that_was_killed_goes_on_from_another_host(tmp_path, monkeypatch):
    path, fewer = write_study(tmp_path, LONG, "killed"), ("--set", "search=none", "--set", "confirm=2")
    with s3() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        first = start(path, "s3://bucket/results", PROCESSES, *fewer)
        there = Copy.of("s3://bucket/results").objects
        while not there.all_below("killed/trials"):
            assert first.poll() is None, first.stdout.read()
            time.sleep(0.1)
        first.send_signal(signal.SIGKILL)
        end_of(first)
        assert "killed/.lock" in there.all_below("killed")
        monkeypatch.setenv("LSTM_VARIANTS_CACHE", str(tmp_path / "there"))
        monkeypatch.setattr(local, "DEAD", 2.0)
        before = set(there.all_below("killed/trials"))
        assert swept(path, "s3://bucket/results", *fewer) == 0
        store = RemoteStore(Copy.of("s3://bucket/results"), "killed")
        store.refresh()
        assert len(counts(store)) == TRIALS // 2
        assert set(counts(store).values()) == {1}
        assert before <= set(there.all_below("killed/trials"))
