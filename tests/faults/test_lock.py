"""Two sweeps on one store: the second is told who holds it, where and since when; the dead hold nothing."""

import errno
import fcntl
import json
import os
import socket
import subprocess
import sys
import time

import pytest

from sweeps.errors import InputError
from sweeps.store import lock as module
from sweeps.store.held import held
from sweeps.store.lock import locked
from sweeps.store.store import Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".lock"


@pytest.fixture
def impatient(monkeypatch):
    """Signs of life come, and are missed, a hundred times as soon."""
    monkeypatch.setattr(module, "POLL", 0.01)
    monkeypatch.setattr(module, "DEAD", 0.5)


def named(path, age, **changes):
    """The lock file as a holder left it whose last sign of life was so many seconds ago."""
    holder = {"process": 4711, "host": "node7", "since": "2026-01-02 03:04"} | changes
    path.write_text(json.dumps(holder))
    then = time.time() - age
    os.utime(path, (then, then))


def no_locks(monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)


def holding(folder):
    """Another process of this machine that holds a store."""
    script = (
        "import time; from sweeps.store.store import Store\n"
        f"with Store({str(folder)!r}, 's').prepare().lock(): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_sweep_is_told_process_host_and_age_and_can_break_the_lock(tmp_path):
    store = Store(tmp_path, "s")
    with holding(tmp_path) as process:
        with (
            pytest.raises(
                InputError, match=f"process {process.pid} on {socket.gethostname()}, since 20"
            ) as told,
            store.lock(),
        ):
            pass
        assert "last sign of life" in str(told.value)
        assert "--break-lock" in str(told.value)
        with store.lock(broken=True):
            assert json.loads((store.path / ".lock").read_text())["process"] == os.getpid()
            with pytest.raises(InputError, match=f"process {os.getpid()}"), store.lock():
                pass
        process.kill()


def test_a_holder_elsewhere_that_gives_signs_of_life_is_not_disturbed(path, impatient, capsys):
    named(path, age=0)
    looks = []

    def alive(lock):
        looks.append(lock)
        os.utime(path)  # as it does, on its machine
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "acquire", alive)
        with (
            pytest.raises(module.Held, match="process 4711 on node7, since 2026-01-02 03:04"),
            locked(path, "sweep"),
        ):
            pass
    assert len(looks) == 2
    assert "waiting up to" in capsys.readouterr().err
    assert json.loads(path.read_text())["host"] == "node7"


def test_a_holder_elsewhere_that_gives_none_is_dead_and_nobody_has_to_help(path, impatient, capsys):
    named(path, age=0.3)
    with locked(path, "sweep"):
        assert json.loads(path.read_text())["process"] == os.getpid()
    assert path.read_text() == ""
    named(path, age=1000)
    capsys.readouterr()
    with locked(path, "sweep"):
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("host", "age", "expected"), [("node7", 1, True), ("node7", 999, False), (None, 1, False)]
)
def test_whoever_only_looks_believes_signs_of_life_from_elsewhere_too(path, host, age, expected):
    named(path, age, host=host or socket.gethostname())
    assert held(path) is expected


def test_a_dead_process_of_this_machine_is_known_at_once(path):
    named(path, age=0, host=socket.gethostname(), process=2**22 + 1)
    with locked(path, "sweep"):
        pass


def test_where_there_are_no_locks_the_file_tells_too(path, monkeypatch, impatient):
    no_locks(monkeypatch)
    other = subprocess.Popen(["sleep", "60"])
    try:
        named(path, age=-3600, host=socket.gethostname(), process=other.pid)  # and it is renewed:
        monkeypatch.setattr(module, "own", lambda: {"process": 1})
        seen = module.holder_of

        def renewing(at):
            os.utime(at)
            return seen(at)

        monkeypatch.setattr(module, "holder_of", renewing)
        with pytest.raises(module.Held), locked(path, "sweep"):
            pass
    finally:
        other.kill()
        other.wait()
    with locked(path, "sweep"):
        pass


def test_a_holder_renews_its_sign_of_life_until_it_ends(path, monkeypatch):
    monkeypatch.setattr(module, "BEAT", 0.01)
    with locked(path, "sweep"):
        os.utime(path, (1.0, 1.0))
        for _ in range(1000):
            if path.stat().st_mtime > 1.0:
                break
            time.sleep(0.01)
        assert path.stat().st_mtime > 1.0


def test_a_lock_that_was_taken_away_is_neither_renewed_nor_emptied(path, monkeypatch):
    monkeypatch.setattr(module, "BEAT", 0.01)
    with locked(path, "sweep"):
        path.unlink()
        named(path, age=500)
        time.sleep(0.1)
        assert module.age(path) > 400
    assert json.loads(path.read_text())["host"] == "node7"


@pytest.mark.parametrize("shift", [-3600.0, 3600.0, 10.0**7])
def test_no_clock_of_a_host_tells_how_old_a_sign_of_life_is(path, monkeypatch, shift):
    named(path, age=10)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + shift)
    assert module.age(path) == pytest.approx(10, abs=5)


def test_what_is_no_holder_is_nobody(path):
    for text in ("", "4711", "{", "[]"):
        path.write_text(text)
        assert module.holder_of(path) is None
    assert str(module.Held(None)) == "held by an unknown process"
