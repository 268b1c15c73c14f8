"""The W&B mirror: W&B has every row of the store once, whatever dies when, and the store never notices.

Offline runs are read back from their files; online ones arrive at a stand-in server on the loopback
interface that speaks W&B's protocol. Nothing here reaches W&B or depends on who is logged in.
"""

import argparse
import contextlib
import json
import math
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mirrored import STEPS, add, curve_rows, declaring, trial_row
from wandb_offline import OfflineRun, read_runs
from wandb_server import WandbServer

from sweeps.commands.mirror import run as command
from sweeps.errors import InputError
from sweeps.mirror import follow as module
from sweeps.mirror import server as asking
from sweeps.mirror.account import MirrorError, resolve_mode
from sweeps.mirror.follow import mirror
from sweeps.mirror.follower import Follower
from sweeps.mirror.run import CURVE
from sweeps.mirror.trial import Trial
from sweeps.store import schema
from sweeps.store.store import Store

pytestmark = pytest.mark.slow

MIRROR = (sys.executable, "-m", "sweeps.mirror.process", "--study", "quick")


@pytest.fixture(autouse=True)
def nobody_is_logged_in(quiet_home: Path) -> None:
    """And no setting of W&B is there."""


@pytest.fixture
def store(quick_store: Store) -> Store:
    return quick_store


@pytest.fixture
def server(wandb_server: WandbServer) -> WandbServer:
    return wandb_server


@contextlib.contextmanager
def impatience(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Give servers less time than a sweep would."""
    with monkeypatch.context() as patch:
        patch.setattr(asking, "RETRIES", 1)
        patch.setattr(asking, "LONGEST_WAIT", 1.0)
        patch.setattr(asking, "TIMEOUT", 2.0)
        yield patch


def offline(store: Store) -> dict[str, OfflineRun]:
    """Offline runs by trial id; fails where a trial has two."""
    runs = read_runs(store.path / "wandb")
    by_trial = {str(run.summary["trial_id"]): run for run in runs}
    assert len(by_trial) == len(runs)
    return by_trial


def ids(rows: list[dict[str, object]]) -> set[object]:
    return {row["trial_id"] for row in rows}


def contents(store: Store) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for table in ("trials", "curves") for path in store.parts(table)}


def wait_until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def arguments(store: Store, **changes: object) -> argparse.Namespace:
    options = dict.fromkeys(("wandb", "project", "entity")) | {"study": "quick", "results": store.results}
    options |= {"runs": "auto", "patience": 0.0, "verify": False}
    return argparse.Namespace(**options | changes)


# ---------------------------------------------------------------------- a trial as a run


def test_an_offline_run_holds_exactly_what_the_store_holds(store: Store) -> None:
    (row,) = add(store, range(1, 2))
    summary = mirror(store, mode="offline")
    assert (summary.mirrored, summary.failed) == (1, 0)
    (run,) = read_runs(store.path / "wandb")
    assert run.id == run.name == f"lstm-adding-s1-confirm-quick-{str(row['trial_id'])[:12]}"
    assert re.fullmatch(rf"offline-run-\d{{8}}_\d{{6}}-{run.id}", run.path.parent.name)
    assert run.path.name == f"run-{run.id}.wandb"
    assert (run.project, run.group, run.job_type) == ("lstm-variants", "quick/adding/lstm", "confirm")
    assert run.tags == ["quick", "confirm", "lstm", "adding", "finished"]
    spec = json.loads(str(row["spec"]))
    spec["optimizer"]["clip"] = "Infinity"
    flat = {"study": "quick", "stage": "confirm", "cell_label": "lstm", "task_label": "adding"}
    assert run.config == spec | flat | {"status": "finished", "code": row["code"]}
    points = [{k: v for k, v in point.items() if k in CURVE} for point in curve_rows(row)]
    assert run.history == [
        {k: v for k, v in point.items() if v is not None} | {"curve/adding": point["valid_score"], "_step": i}
        for i, point in enumerate(points)
    ]
    assert ("*", "step") in run.metrics
    assert run.exit_code == 0
    expected = {k: v for k, v in row.items() if k in schema.TRIAL_COLUMNS and v is not None}
    expected["finished_at"] = "2026-01-02T03:04:01+00:00"
    del expected["schema_version"]
    last = {k: v for k, v in run.history[-1].items() if k in ("step", "seconds", "curve/adding")}
    assert run.summary == expected | last | {"score/adding": row["test_score"], "solved/adding": 1.0}


def test_a_diverged_and_a_failed_trial_are_runs_that_say_so(store: Store) -> None:
    nothing = dict.fromkeys(("test_loss", "test_error", "test_score", "solved_step"))
    store.append([trial_row(1, status="diverged", train_loss=float("nan"), **nothing)], [])
    store.append([trial_row(2, status="failed", error="ValueError: no", **nothing)], [])
    mirror(store, mode="offline")
    diverged, failed = read_runs(store.path / "wandb")
    assert "diverged" in diverged.tags
    assert math.isnan(float(str(diverged.summary["train_loss"])))
    assert "test_score" not in diverged.summary
    assert "score/adding" not in diverged.summary
    assert (diverged.exit_code, diverged.history) == (0, [])
    assert (failed.summary["error"], failed.exit_code) == ("ValueError: no", 1)


def test_run_ids_are_readable_unique_and_allowed_by_wandb() -> None:
    def run_id(**changes: object) -> str:
        return Trial(trial_row(1, **changes), []).run_id

    assert run_id(trial_id="0123456789abcdef") == "lstm-adding-s1-confirm-quick-0123456789ab"
    assert run_id(trial_id="0123456789abcdef") != run_id(trial_id="0123456789ac0000")
    assert run_id() != run_id(study="other")
    strange = run_id(cell="peephole LSTM (no i/o): π", task="a" * 300)
    assert set(strange) <= set("abcdefghijklmnopqrstuvwxyzLSTM0123456789-._")
    assert len(strange) <= 128  # W&B's limit


def test_long_labels_become_tags_that_wandb_allows(store: Store) -> None:
    add(store, range(1), cell="x" * 100, task="")
    assert mirror(store, mode="offline").failed == 0
    (run,) = read_runs(store.path / "wandb")
    assert run.tags == ["quick", "confirm", "x" * 64, "finished"]


def test_variables_of_a_users_run_do_not_reach_ours(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"WANDB_RUN_ID": "mine", "WANDB_RESUME": "must", "WANDB_SWEEP_ID": "s", "WANDB_NAME": "n"}
    for name, value in (own | {"WANDB_MODE": "disabled", "WANDB_RUN_GROUP": "g"}).items():
        monkeypatch.setenv(name, value)
    rows = add(store, range(2))
    assert mirror(store, mode="offline").mirrored == 2
    assert {run.id for run in offline(store).values()} == {Trial(row, []).run_id for row in rows}
    assert {run.group for run in offline(store).values()} == {"quick/adding/lstm"}
    assert os.environ["WANDB_RUN_ID"] == "mine"


# ---------------------------------------------------------------------- the ledger


def test_a_second_mirror_makes_nothing_and_new_rows_are_added(store: Store) -> None:
    first = add(store, range(3))
    assert mirror(store, mode="offline").mirrored == 3
    before = {run.path: run.path.stat().st_mtime_ns for run in read_runs(store.path / "wandb")}
    again = mirror(store, mode="offline")
    assert (again.mirrored, again.present) == (0, 3)
    second = add(store, range(3, 5))
    assert mirror(store, mode="offline").mirrored == 2
    assert set(offline(store)) == ids(first) | ids(second)
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_a_run_whose_ledger_line_was_cut_off_is_replaced_and_not_doubled(store: Store) -> None:
    rows = add(store, range(3))
    mirror(store, mode="offline")
    (ledger,) = (store.path / "wandb").glob("mirrored-offline*")
    ledger.write_text(ledger.read_text()[:-40])
    summary = mirror(store, mode="offline")
    assert (summary.mirrored, summary.present) == (1, 2)
    assert set(offline(store)) == ids(rows)
    assert mirror(store, mode="offline").mirrored == 0


def test_a_trial_that_two_parts_hold_is_one_run(store: Store) -> None:
    add(store, range(3))
    add(store, range(2, 4))
    assert mirror(store, mode="offline").mirrored == 4
    assert len(offline(store)) == 4


@pytest.mark.parametrize("company", [range(1), range(2)], ids=["the same part", "another part"])
def test_a_trial_that_failed_and_was_run_again_gets_its_run_anew(store: Store, company: range) -> None:
    add(store, range(1), status="failed", error="out of memory")
    assert mirror(store, mode="offline").mirrored == 1
    assert mirror(store, mode="offline").mirrored == 0
    rows = add(store, company)
    summary = mirror(store, mode="offline")
    assert (summary.mirrored, summary.present, summary.failed) == (len(company), 0, 0)
    assert {trial: run.summary["status"] for trial, run in offline(store).items()} == dict.fromkeys(
        ids(rows), "finished"
    )
    add(store, range(3), status="failed")
    assert mirror(store, mode="offline").mirrored == len({*range(3)} - {*company})
    assert offline(store)[str(rows[0]["trial_id"])].summary["status"] == "finished"


def test_a_run_is_called_what_the_study_calls_the_trial_now(store: Store) -> None:
    rows = add(store, range(2))
    for cell, made in (("lstm", 2), ("lstm", 0), ("other", 2), ("other", 0)):
        store.declare(declaring(rows, cell))
        assert mirror(store, mode="offline").mirrored == made
        runs = [run for run in read_runs(store.path / "wandb") if run.job_type == "confirm"]
        assert len(runs) == 2
        for run in runs:
            assert run.id.startswith("lstm-")  # one run per trial, whatever it is called
            assert run.name.startswith(f"{cell}-")
            assert (run.group, run.summary["cell"]) == (f"quick/adding/{cell}", cell)


def test_rows_of_code_that_does_not_count_are_no_runs(store: Store) -> None:
    rows = add(store, range(2), code="mine:Cell 1")
    store.declare(declaring(rows, "lstm", "mine:Cell 1"))
    assert mirror(store, mode="offline").mirrored == 2
    store.declare(declaring(rows, "lstm", "mine:Cell 2"))
    assert mirror(store, mode="offline").mirrored == 0
    add(store, range(1), code="mine:Cell 2")
    assert mirror(store, mode="offline").mirrored == 1
    runs = {
        str(run.summary.get("code")) for run in read_runs(store.path / "wandb") if run.job_type == "confirm"
    }
    assert runs == {"mine:Cell 1", "mine:Cell 2"}


def test_of_two_rows_of_a_trial_the_one_that_did_not_fail_is_mirrored(store: Store) -> None:
    for n in range(1, 5):
        add(store, range(n), status="failed")
    rows = add(store, range(5))
    assert mirror(store, mode="offline").mirrored == 5
    assert {run.summary["status"] for run in offline(store).values()} == {"finished"}
    assert len(offline(store)) == len(rows)


def test_another_project_is_another_destination(store: Store) -> None:
    add(store, range(2))
    mirror(store, mode="offline")
    assert mirror(store, mode="offline", project="other", entity="team").mirrored == 2
    assert {(run.project, run.entity) for run in offline(store).values()} == {("other", "team")}
    assert mirror(store, mode="offline").mirrored == 2


def test_one_bad_trial_does_not_keep_the_others_out(store: Store) -> None:
    add(store, range(2))
    add(store, range(2, 3), spec="{")
    add(store, range(3, 5))
    summary = mirror(store, mode="offline")
    assert (summary.mirrored, summary.failed) == (4, 1)
    assert "4 of 5 trials mirrored" in str(summary)


@pytest.mark.slow
@pytest.mark.parametrize(("death", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_mirror_ended_at_work_leaves_every_trial_to_be_mirrored_once(
    store: Store, death: signal.Signals, code: int
) -> None:
    rows = [row for part in range(20) for row in add(store, range(50 * part, 50 * part + 50))]
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # who was started deaf stays deaf
    process = subprocess.Popen([*MIRROR, "--results", store.results, "--mode", "offline"])
    signal.signal(signal.SIGINT, heard)
    folder = store.path / "wandb"
    wait_until(lambda: len(list(folder.glob("offline-run-*"))) >= 5)
    process.send_signal(death)
    assert process.wait() == code
    summary = mirror(store, mode="offline")
    assert 4 <= summary.present < 1000
    assert summary.mirrored == 1000 - summary.present
    assert set(offline(store)) == ids(rows)
    assert list(folder.glob(".unfinished*")) == []


def test_two_mirrors_of_a_study_do_not_work_at_once(store: Store) -> None:
    add(store, range(1))
    (store.path / "wandb").mkdir()
    with module.alone(store.path / "wandb"), pytest.raises(MirrorError, match="another mirror"):
        mirror(store, mode="offline")


# ---------------------------------------------------------------------- online


def test_runs_arrive_at_the_server(store: Store, server: WandbServer) -> None:
    rows = add(store, range(12))
    summary = mirror(store, mode="online")
    assert (summary.mirrored, summary.failed) == (12, 0)
    assert summary.where == f"{server.url}/me/lstm-variants"
    assert server.problems == []
    assert {run.summary["trial_id"] for run in server.runs.values()} == ids(rows)
    run = server.runs[f"lstm-adding-s3-confirm-quick-{str(rows[3]['trial_id'])[:12]}"]
    assert (run.project, run.group, run.job_type) == ("lstm-variants", "quick/adding/lstm", "confirm")
    assert set(run.tags) == {"quick", "confirm", "lstm", "adding", "finished"}
    assert run.config["optimizer"]["clip"] == "Infinity"
    assert [(point["step"], point["seconds"]) for point in run.history] == [
        (point["step"], point["seconds"]) for point in curve_rows(rows[3])
    ]
    assert run.summary["test_score"] == rows[3]["test_score"]
    assert (run.exit_code, run.finished) == (0, 1)
    assert mirror(store, mode="online").mirrored == 0
    assert not list((store.path / "wandb").glob("*run-*"))


def test_uploading_a_run_again_overwrites_it(store: Store, server: WandbServer) -> None:
    add(store, range(2))
    mirror(store, mode="online")
    before = {name: (run.history, run.summary["test_score"]) for name, run in server.runs.items()}
    for ledger in (store.path / "wandb").glob("mirrored-*"):
        ledger.unlink()
    assert mirror(store, mode="online").mirrored == 2
    assert "RunResumeStatus" not in server.requests
    for name, run in server.runs.items():
        assert run.finished == 2
        assert len(run.history) == STEPS
        assert [p["step"] for p in run.history] == [p["step"] for p in before[name][0]]


def test_a_server_that_is_down_costs_its_timeout_and_nothing_else(
    store: Store, server: WandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, range(20))
    before = contents(store)
    server.down = True
    with impatience(monkeypatch):
        summary = mirror(store, mode="online")
    assert len(server.requests) == 0
    assert (summary.mirrored, summary.failed) == (0, 20)
    assert summary.error
    assert contents(store) == before
    server.down = False
    assert mirror(store, mode="online").mirrored == 20


def test_a_server_that_dies_at_work_is_reported_and_repaired(
    store: Store, server: WandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = add(store, range(24))

    def die(run: object) -> None:
        server.down = sum(run.finished for run in server.runs.values()) >= 10

    server.on_finished = die
    with impatience(monkeypatch):
        summary = mirror(store, mode="online")
    assert summary.mirrored <= 10
    assert summary.failed == 24 - summary.mirrored
    assert len(server.runs) >= 10
    server.on_finished, server.down = lambda run: None, False
    repaired = mirror(store, mode="online")
    assert (repaired.mirrored, repaired.present, repaired.failed) == (summary.failed, summary.mirrored, 0)
    assert {run.summary["trial_id"] for run in server.runs.values()} == ids(rows)
    assert all(len(run.history) == STEPS and run.exit_code == 0 for run in server.runs.values())


def test_a_mirror_that_follows_a_sweep_outlasts_a_server_that_was_away(
    store: Store, server: WandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, range(2))
    reports: list[str] = []
    server.down = True

    def back(line: str) -> None:
        reports.append(line)
        server.down = False

    end = time.monotonic() + 60

    def sweep_has_ended() -> bool:
        return sum(run.finished > 0 for run in server.runs.values()) == 2 or time.monotonic() > end

    monkeypatch.setattr(module, "PAUSES", (0.1,))
    monkeypatch.setattr(asking, "RETRIES", 1)
    monkeypatch.setattr(asking, "LONGEST_WAIT", 1.0)
    summary = mirror(store, mode="online", follow=True, stop=sweep_has_ended, report=back)
    assert (summary.mirrored, summary.failed) == (2, 0)
    *before, place = reports
    assert before
    assert all("keeps trying" in line for line in before)
    assert place == f"W&B: runs appear in {server.url}/me/lstm-variants"


def test_a_run_whose_data_the_server_refuses_does_not_count_as_mirrored(
    store: Store, server: WandbServer
) -> None:
    add(store, range(2))
    server.refuse["/file_stream"] = 403
    summary = mirror(store, mode="online")
    assert (summary.mirrored, summary.failed) == (0, 2)
    assert "403" in summary.error
    server.refuse.clear()
    assert mirror(store, mode="online").mirrored == 2


@pytest.mark.slow
def test_wandb_sync_sends_and_wandb_leet_reads_offline_runs(store: Store, server: WandbServer) -> None:
    rows = add(store, range(3))
    mirror(store, mode="offline")
    directories = sorted((store.path / "wandb").glob("offline-run-*"))
    wandb = [sys.executable, "-m", "wandb"]
    read = subprocess.run(
        [*wandb, "leet", "inspect", str(next(directories[0].glob("*.wandb"))), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    records = [json.loads(line) for line in read.stdout.splitlines()]
    assert sum(record["type"] == "history" for record in records) == STEPS
    subprocess.run([*wandb, "sync", *map(str, directories)], capture_output=True, check=True)
    assert {run.summary["trial_id"] for run in server.runs.values()} == ids(rows)
    assert {len(run.history) for run in server.runs.values()} == {STEPS}
    assert {run.group for run in server.runs.values()} == {"quick/adding/lstm"}


@pytest.mark.slow
def test_wandb_leet_shows_the_curves_of_an_offline_run(store: Store) -> None:
    """It opens none whose folder is not called as wandb calls it."""
    add(store, range(1))
    mirror(store, mode="offline")
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    leet = subprocess.Popen(
        [sys.executable, "-m", "wandb", "leet", str(store.path / "wandb")],
        **dict.fromkeys(("stdin", "stdout", "stderr"), theirs),
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "150", "LINES": "40"},
        start_new_session=True,
    )
    termios.tcsetwinsize(ours, (40, 150))
    shown, end = b"", time.monotonic() + 60
    while b"curve/adding" not in shown and time.monotonic() < end:
        if select.select([ours], [], [], 1.0)[0]:
            shown += os.read(ours, 1 << 16)
    os.killpg(leet.pid, signal.SIGKILL)  # with its wandb-core
    leet.wait()
    os.close(ours)
    os.close(theirs)
    assert b"curve/adding" in shown, shown[-2000:]


# ---------------------------------------------------------------------- which mode

KEY = "local-" + "0" * 40


@pytest.mark.parametrize(
    ("requested", "environment", "mode", "reason"),
    [
        ("off", {"WANDB_API_KEY": KEY}, "off", "as requested"),
        ("offline", {"WANDB_API_KEY": KEY}, "offline", "as requested"),
        (None, {}, "offline", "not logged in"),
        ("online", {}, "offline", "not logged in"),
        (None, {"WANDB_API_KEY": KEY}, "online", "online"),
        ("online", {"WANDB_API_KEY": KEY, "WANDB_MODE": "offline"}, "online", "online"),
        (None, {"WANDB_API_KEY": KEY, "WANDB_MODE": "offline"}, "offline", "WANDB_MODE"),
        (None, {"WANDB_API_KEY": KEY, "WANDB_MODE": "disabled"}, "off", "WANDB_MODE"),
        (None, {"WANDB_API_KEY": "far too short"}, "offline", "are invalid"),
        ("online", {"WANDB_API_KEY": "far too short"}, "offline", "are invalid"),
    ],
)
def test_the_mode_follows_the_settings_and_never_needs_an_answer(
    requested: module.Mode | None,
    environment: dict[str, str],
    mode: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    started = time.monotonic()
    chosen, why = resolve_mode(requested)
    assert time.monotonic() - started < 3
    assert chosen == mode
    assert reason in why
    assert "\n" not in why
    assert KEY not in why
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("name", ["WANDB_BASE_URL", "WANDB_MODE"])
def test_a_setting_that_wandb_does_not_allow_is_refused_and_no_key_is_shown(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv(name, "nonsense")
    with pytest.raises(InputError, match=f"{name}='nonsense'") as told:
        resolve_mode(None)
    assert KEY not in str(told.value)


@pytest.mark.slow
def test_nobody_is_asked_for_a_key_on_a_terminal(store: Store) -> None:
    rows = add(store, range(1))
    ours, theirs = pty.openpty()
    process = subprocess.run(
        [*MIRROR, "--results", store.results],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        timeout=120,  # a prompt would wait for ever
    )
    said = os.read(ours, 10_000).decode()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0
    assert "not logged in" in said
    assert set(offline(store)) == ids(rows)


def test_mirroring_online_without_a_login_is_refused_and_not_asked_about(store: Store) -> None:
    add(store, range(1))
    with pytest.raises(MirrorError, match="logged in"):
        mirror(store, mode="online")


# ---------------------------------------------------------------------- the command


def test_the_command_says_where_to_look(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add(store, range(2))
    assert command(arguments(store)) == 0
    said = capsys.readouterr().out
    assert "not logged in" in said
    assert "W&B offline: 2 of 2 trials mirrored, 2 now" in said
    assert f"wandb leet {store.path / 'wandb'}" in said
    assert f"lstm-variants mirror quick --results {store.results} --wandb online" in said


def test_the_command_fails_when_online_was_asked_for_and_is_not_possible(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    add(store, range(2))
    assert command(arguments(store, wandb="online")) == 1
    assert "not logged in" in capsys.readouterr().out
    assert len(offline(store)) == 2


def test_the_command_prints_the_url_and_fails_with_a_line_when_the_server_does(
    store: Store,
    server: WandbServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    add(store, range(2))
    server.down = True
    with impatience(monkeypatch):
        assert command(arguments(store, wandb="online", project="p")) == 1
    again = f"`lstm-variants mirror quick --results {store.results} --wandb online --project p` repairs it"
    assert again in capsys.readouterr().out
    server.down = False
    assert command(arguments(store, wandb="online", project="p")) == 0
    assert f"{server.url}/me/p" in capsys.readouterr().out


def test_bad_input_is_named(store: Store, tmp_path: Path) -> None:
    add(store, range(1))
    with pytest.raises(InputError, match="No results of study 'quik'"):
        command(arguments(store, study="quik"))
    with pytest.raises(InputError, match="cannot contain"):
        command(arguments(store, project="a/b"))
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        command(arguments(store, results=str(tmp_path / "file")))
    store.parts("trials")[0].write_bytes(b"damaged")
    with pytest.raises(InputError, match="damaged"):
        command(arguments(store))


# ---------------------------------------------------------------------- beside a sweep


@pytest.mark.slow
def test_a_follower_mirrors_parts_as_they_appear_and_ends_with_the_sweep(store: Store) -> None:
    lines: list[str] = []
    follower = Follower.start(store.results, "quick", mode="offline", report=lines.append)
    folder = store.path / "wandb"
    rows = add(store, range(3))
    wait_until(lambda: len(list(folder.glob("offline-run-*"))) == 3)
    rows += add(store, range(3, 6))
    wait_until(lambda: len(list(folder.glob("offline-run-*"))) == 6)
    rows += add(store, range(6, 8))
    assert follower.finish(timeout=20) == f"W&B offline: 8 of 8 trials mirrored, 8 now: {folder}"
    assert lines[0] == "W&B offline, as requested"
    assert set(offline(store)) == ids(rows)


@pytest.mark.slow
def test_a_follower_that_was_killed_disturbs_nothing_and_is_repaired(store: Store) -> None:
    rows = add(store, range(30))
    before = contents(store)
    follower = Follower.start(store.results, "quick", mode="offline")
    wait_until(lambda: len(list((store.path / "wandb").glob("offline-run-*"))) >= 3)
    follower.kill()
    rows += add(store, range(30, 32))
    again = f"`lstm-variants mirror quick --results {store.results} --wandb offline` repairs it"
    assert again in follower.finish(timeout=5)
    assert before.items() <= contents(store).items()
    assert mirror(store, mode="offline").failed == 0
    assert set(offline(store)) == ids(rows)


@pytest.mark.slow
def test_a_follower_outlives_a_killed_sweep_just_long_enough(store: Store) -> None:
    rows = add(store, range(5))
    sweep = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from sweeps.mirror.follower import Follower\n"
            f"follower = Follower.start({str(store.results)!r}, 'quick', mode='offline')\n"
            "assert 'wandb' not in sys.modules\n"
            "print(follower.process.pid, flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert sweep.stdout is not None
    pid = int(sweep.stdout.readline())
    sweep.kill()
    sweep.wait()
    sweep.stdout.close()
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text())
    assert set(offline(store)) == ids(rows)


@pytest.mark.slow
def test_finishing_a_follower_never_hangs(store: Store, server: WandbServer) -> None:
    add(store, range(1))
    server.delay = 60.0
    follower = Follower.start(store.results, "quick", mode="online")
    started = time.monotonic()
    outcome = follower.finish(timeout=3)
    assert time.monotonic() - started < 6
    again = f"`lstm-variants mirror quick --results {store.results} --wandb online` repairs it"
    assert f"was ended; {again}" in outcome


def test_a_follower_that_cannot_start_says_so(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    outcome = Follower.start(tmp_path / "results", "quick").finish()
    assert "did not start" in outcome
