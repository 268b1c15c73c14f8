"""Faults of a server, of people and of networks, against the mirror: it goes on, repairs, or says what helps."""

import json
import math
import time
from pathlib import Path

import pytest
from mirrored import STEPS, add, trial_row
from wandb_offline import read_runs
from wandb_server import Run, WandbServer

from sweeps.mirror import follow as module
from sweeps.mirror import server as asking
from sweeps.mirror.account import MirrorError, log_in, session
from sweeps.mirror.follow import mirror
from sweeps.mirror.limits import asked_pause, wait_of
from sweeps.mirror.trial import Trial
from sweeps.mirror.which import MOST, chosen
from sweeps.store.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet_home")]

LIMITED = {"RateLimit-Remaining": "0", "RateLimit-Reset": "1"}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything waits for a moment where it would wait for minutes."""
    monkeypatch.setattr(asking, "RETRIES", 1)
    monkeypatch.setattr(asking, "LONGEST_WAIT", 1.0)
    monkeypatch.setattr(module, "PAUSES", (0.2,))


def finished(server: WandbServer) -> int:
    return sum(run.exit_code is not None for run in server.runs.values())


# ---------------------------------------------------------------------- rate limits


def limit_after(server: WandbServer, runs: int, seconds: float) -> None:
    """Turn file streams away for some seconds once so many runs have ended."""
    since: list[float] = []

    def fault(path: str, body: bytes) -> tuple[int, dict[str, str]] | None:
        if not path.endswith("/file_stream"):
            return None
        if not since and finished(server) >= runs:
            since.append(time.monotonic())
        return (429, LIMITED) if since and time.monotonic() - since[0] < seconds else None

    server.fault = fault


def test_a_rate_limit_is_waited_for_by_who_has_patience(
    quick_store: Store, wandb_server: WandbServer
) -> None:
    add(quick_store, range(60))
    limit_after(wandb_server, 20, 8.0)
    said: list[str] = []
    summary = mirror(quick_store, mode="online", patience=60.0, report=said.append)
    assert (summary.mirrored, summary.failed) == (60, 0), summary
    assert {(run.exit_code, len(run.history)) for run in wandb_server.runs.values()} == {(0, STEPS)}


RESET, AFTER = {"RateLimit-Remaining": "0", "RateLimit-Reset": "2"}, {"Retry-After": "2"}


@pytest.mark.parametrize(
    ("what", "headers"), [("file_stream", RESET), ("UpsertBucket", AFTER), ("RunStates", RESET)]
)
def test_the_pause_that_a_server_asks_for_is_made(
    quick_store: Store,
    wandb_server: WandbServer,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    headers: dict[str, str],
) -> None:
    """Whatever is refused, a run's history or a query; the limit ends when the pause has been made, and not before."""
    pauses: list[float] = []

    def fault(path: str, body: bytes) -> tuple[int, dict[str, str]] | None:
        limited = path.endswith("/file_stream") if what == "file_stream" else path.endswith("/graphql")
        refused = limited and (what == "file_stream" or what.encode() in body or b"query Viewer {" in body)
        return (429, headers) if refused and not pauses and wandb_server.runs else None

    def rest(seconds: float, stop: object) -> None:
        pauses.append(seconds)

    add(quick_store, range(2))
    wandb_server.runs["other"] = Run("other", "lstm-variants")
    wandb_server.fault = fault
    monkeypatch.setattr(module, "rest", rest)
    said: list[str] = []
    summary = mirror(quick_store, mode="online", patience=60.0, report=said.append)
    assert (summary.mirrored, summary.failed) == (2, 0), summary
    assert pauses == [2.0]
    assert "W&B limits the rate: the mirror waits 2 s, as it asks" in said


def test_a_pause_longer_than_ones_patience_is_not_begun(
    quick_store: Store, wandb_server: WandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(quick_store, range(1))
    mirror(quick_store, mode="online")
    add(quick_store, range(1, 2))
    wandb_server.fault = lambda path, body: (429, {"RateLimit-Reset": "3600"})
    monkeypatch.setattr(module, "rest", lambda seconds, stop: pytest.fail("waited"))
    summary = mirror(quick_store, mode="online", patience=600.0)
    assert summary.failed == 1
    assert "W&B asks to wait 3600 s" in summary.error
    with pytest.raises(MirrorError, match="W&B asks to wait 3600 s"):
        mirror(quick_store, mode="online", patience=600.0, verify=True)


@pytest.mark.parametrize("end", ["/file_stream", "/graphql"])
def test_wandb_does_not_wait_for_hours_though_it_is_asked_to(
    quick_store: Store, wandb_server: WandbServer, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """wandb-core itself would; the batch is given up instead, and what the server asks for is said."""
    monkeypatch.setattr(asking, "LONGEST_SEND", 1.0)
    monkeypatch.setattr(asking, "TIMEOUT", 1.0)
    add(quick_store, range(2))
    asked_for = (b"UpsertBucket", b"query Viewer {")
    wandb_server.fault = lambda path, body: (
        (429, {"Retry-After": "3600"})
        if path.endswith(end) and (end == "/file_stream" or any(word in body for word in asked_for))
        else None
    )
    summary = mirror(quick_store, mode="online", entity="me", patience=60.0)
    assert summary.failed == 2
    assert "W&B asks to wait 3600 s" in summary.error
    wandb_server.fault = lambda path, body: None
    assert mirror(quick_store, mode="online", entity="me").mirrored == 2


def test_the_key_goes_to_the_server_alone(wandb_server: WandbServer) -> None:
    with session():
        log_in("online", None, None)
        elsewhere = "POST http://127.0.0.1:1/graphql giving up after 2 attempt(s)"
        assert asked_pause([elsewhere, "returned error 401", ""]) == 0.0
        assert wandb_server.requests == []
        here = f"POST {wandb_server.url}/graphql giving up after 2 attempt(s)"
        assert asked_pause([here, elsewhere]) == 0.0
    assert wandb_server.requests == ["Viewer"]


@pytest.mark.parametrize(
    ("headers", "status", "wait"),
    [
        ({}, 429, 0),
        ({"RateLimit-Reset": "30"}, 429, 30),
        ({"RateLimit-Reset": "30", "RateLimit-Remaining": "0"}, 200, 30),
        ({"RateLimit-Reset": "30", "RateLimit-Remaining": "5"}, 200, 0),
        ({"RateLimit-Reset": "30", "Retry-After": "40"}, 429, 40),
        ({"Retry-After": "Fri, 02 Jan 1970 00:00:00 GMT"}, 503, 0),  # it is over
        ({"RateLimit-Reset": "1767225600"}, 429, 0),  # a time of day
        ({"RateLimit-Reset": "soon", "Retry-After": "-3"}, 429, 0),
        ({"RateLimit-Reset": "nan", "Retry-After": "2.5"}, 429, 2.5),
    ],
)
def test_headers_are_read_as_the_seconds_they_mean(headers: dict[str, str], status: int, wait: float) -> None:
    assert wait_of(headers, status) == wait


def test_without_patience_a_rate_limit_leaves_what_the_next_mirror_takes(
    quick_store: Store, wandb_server: WandbServer
) -> None:
    add(quick_store, range(40))
    limit_after(wandb_server, 10, 3600.0)
    summary = mirror(quick_store, mode="online")
    assert 0 < summary.failed <= 30
    wandb_server.fault = lambda path, body: None
    assert mirror(quick_store, mode="online").mirrored == summary.failed
    assert finished(wandb_server) == 40


def test_patience_ends_when_nothing_moves(quick_store: Store, wandb_server: WandbServer) -> None:
    add(quick_store, range(3))
    wandb_server.fault = lambda path, body: (429, LIMITED) if path.endswith("/file_stream") else None
    said: list[str] = []
    summary = mirror(quick_store, mode="online", patience=3.0, report=said.append)
    assert (summary.mirrored, summary.failed) == (0, 3)
    assert any("until 3 s went by without a run" in line for line in said)


def test_what_asking_again_does_not_change_is_not_waited_for(
    quick_store: Store, wandb_server: WandbServer
) -> None:
    add(quick_store, range(2))
    wandb_server.refuse["/file_stream"] = 403
    started = time.monotonic()
    assert mirror(quick_store, mode="online", patience=3600.0).failed == 2
    assert time.monotonic() - started < 600


# ---------------------------------------------------------------------- deleted runs


def test_a_run_whose_id_is_blocked_gets_another_which_the_ledger_keeps(
    quick_store: Store, wandb_server: WandbServer
) -> None:
    rows = add(quick_store, range(30))
    blocked = {Trial(row, []).run_id for row in rows[:10]}
    wandb_server.deleted = blocked | {f"{Trial(rows[0], []).run_id}-2"}
    summary = mirror(quick_store, mode="online")
    assert (summary.mirrored, summary.failed) == (30, 0), summary
    first, *others = sorted(blocked, key=lambda name: "-s0-" not in name)
    assert wandb_server.runs.keys() >= {f"{first}-3", *(f"{name}-2" for name in others)}
    assert mirror(quick_store, mode="online").mirrored == 0
    add(quick_store, range(1), steps_done=10**6)  # its run is made anew, under the id that it has now
    assert mirror(quick_store, mode="online").mirrored == 1
    assert len(wandb_server.runs) == 30


def test_verify_brings_back_what_was_deleted_or_never_ended(
    quick_store: Store, wandb_server: WandbServer
) -> None:
    add(quick_store, range(4))
    mirror(quick_store, mode="online")
    gone, cut, *_ = wandb_server.runs
    del wandb_server.runs[gone]
    wandb_server.deleted = {gone}
    wandb_server.runs[cut].exit_code = None
    assert mirror(quick_store, mode="online").mirrored == 0
    assert mirror(quick_store, mode="online", verify=True).mirrored == 2
    assert wandb_server.runs.keys() >= {f"{gone}-2", cut}
    assert finished(wandb_server) == 4


def test_verify_makes_offline_runs_again_whose_files_are_gone(quick_store: Store) -> None:
    add(quick_store, range(3))
    mirror(quick_store, mode="offline")
    gone = next((quick_store.path / "wandb").glob("offline-run-*/*.wandb"))
    gone.unlink()
    assert mirror(quick_store, mode="offline").mirrored == 0
    assert mirror(quick_store, mode="offline", verify=True).mirrored == 1
    assert gone.is_file()


# ---------------------------------------------------------------------- trials that go on


def test_a_trial_that_went_on_replaces_the_run_of_where_it_was_stopped(quick_store: Store) -> None:
    (row,) = add(quick_store, range(1), steps_done=100)
    assert mirror(quick_store, mode="offline").mirrored == 1
    quick_store.append([row | {"steps_done": 400, "code": "mine:Cell 1"}], [])  # another part
    assert mirror(quick_store, mode="offline").mirrored == 1
    assert mirror(quick_store, mode="offline").mirrored == 0
    (run,) = read_runs(quick_store.path / "wandb")
    assert run.summary["steps_done"] == 400


def test_of_several_rows_of_a_trial_the_furthest_is_mirrored(quick_store: Store) -> None:
    for steps in (100, 400, 200):
        quick_store.append([trial_row(1, steps_done=steps, code=f"mine:Cell {steps}")], [])
    assert mirror(quick_store, mode="offline").mirrored == 1
    (run,) = read_runs(quick_store.path / "wandb")
    assert run.summary["steps_done"] == 400


# ---------------------------------------------------------------------- what is said


def test_a_refused_key_is_explained_though_the_server_says_nothing(
    quick_store: Store, wandb_server: WandbServer
) -> None:
    add(quick_store, range(1))
    wandb_server.body = b""
    wandb_server.fault = lambda path, body: (401, {})
    summary = mirror(quick_store, mode="online", patience=60.0)
    assert "does not accept the API key (HTTP error 401)" in summary.error
    assert "wandb login --relogin" in summary.error
    assert "<no message>" not in str(summary)
    quick_store.path.joinpath("wandb").rename(quick_store.path / "away")
    wandb_server.fault = lambda path, body: None
    mirror(quick_store, mode="online")
    wandb_server.fault = lambda path, body: (401, {})
    with pytest.raises(MirrorError, match="wandb login --relogin"):
        mirror(quick_store, mode="online", patience=60.0, verify=True)


def test_the_key_is_in_no_file_and_no_line(
    quick_store: Store, wandb_server: WandbServer, quiet_home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    add(quick_store, range(3))
    said: list[str] = []
    summary = mirror(quick_store, mode="online", report=said.append)
    key = wandb_server.environment["WANDB_API_KEY"].removeprefix("local-")
    wandb_server.refuse["/file_stream"] = 403
    add(quick_store, range(3, 5))
    refused = mirror(quick_store, mode="online", report=said.append)
    told = [str(summary), str(refused), *said, *capfd.readouterr()]
    assert not [line for line in told if key in line]
    files = [p for folder in (quiet_home, quick_store.results) for p in folder.rglob("*") if p.is_file()]
    assert files
    assert not [path for path in files if key.encode() in path.read_bytes()]


# ---------------------------------------------------------------------- values and names


def test_numbers_that_are_not_finite_arrive_as_they_are(
    quick_store: Store, wandb_server: WandbServer
) -> None:
    row = trial_row(1, train_loss=math.nan, valid_loss=math.inf, valid_score=-math.inf)
    quick_store.append([row], [])
    assert mirror(quick_store, mode="online").failed == 0
    assert wandb_server.problems == []
    (run,) = wandb_server.runs.values()
    assert math.isnan(float(str(run.summary["train_loss"])))
    assert (run.summary["valid_loss"], run.summary["valid_score"]) == (math.inf, -math.inf)


@pytest.mark.parametrize("label", ["ячейка", "细胞", "peephole (no i/o)"])
def test_labels_of_any_alphabet_are_seen_in_the_name_and_not_in_the_id(label: str) -> None:
    run = Trial(trial_row(1, cell=label), []).sent
    assert label in run.name
    assert run.config["cell_label"] == label
    assert run.run_id.isascii()


def test_a_group_is_never_longer_than_wandb_takes_and_tells_tasks_apart() -> None:
    runs = [Trial(trial_row(1, task="t" * 300 + end), []).sent for end in "ab"]
    assert {len(run.group) for run in runs} == {128}
    assert runs[0].group != runs[1].group
    assert Trial(trial_row(1), []).sent.group == "quick/adding/lstm"


def test_of_many_trials_only_arms_are_mirrored_unless_asked() -> None:
    assert chosen("auto", MOST) == ("trials", "")
    which, why = chosen("auto", MOST + 1)
    assert which == "arms"
    assert "10,001 trials are planned" in why
    assert chosen("trials", 10 * MOST) == ("trials", "")


def test_the_keys_of_a_run_follow_its_task_and_its_search() -> None:
    row = {name: value for name, value in trial_row(1, task="copy (20)").items() if value is not None}
    row |= {
        "optimizer.learning_rate": 0.01,
        "optimizer.clip": math.inf,
        "status": "diverged",
        "solved": False,
    }
    curve = [{"step": 1, "valid_score": 0.25}, {"step": 2}]
    run = Trial(row, curve, searched=("optimizer.learning_rate", "optimizer.clip", "cell.none")).sent
    assert run.config["setting"] == {"optimizer": {"learning_rate": 0.01, "clip": "Infinity"}}
    assert run.config["status"] == "diverged"
    assert run.history == [{"step": 1, "valid_score": 0.25, "curve/copy__20_": 0.25}, {"step": 2}]
    assert run.summary["solved/copy__20_"] == 0.0
    assert json.loads(str(run.summary["spec"]))


def test_a_server_run_needs_no_more_than_four_requests(quick_store: Store, wandb_server: WandbServer) -> None:
    add(quick_store, range(40))
    assert mirror(quick_store, mode="online").failed == 0
    assert len(wandb_server.requests) <= 4 * 40 + 2  # who is asking, and which runs are there
    assert all(isinstance(run, Run) and run.finished == 1 for run in wandb_server.runs.values())
