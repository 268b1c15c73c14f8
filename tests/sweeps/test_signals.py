"""Ctrl-C and SIGTERM: the first ends things in order, the second at once, and nothing stays behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from sweeps import signals
from sweeps.signals import descendants, keeping, leave_when_asked, within

PROGRAM = """
import subprocess, sys, time
from sweeps import signals
signals.GRACE = {grace}
with signals.heeded(to_the_end=True):
    try:
        child = subprocess.Popen(["sh", "-c", "sleep 100 & sleep 100"], start_new_session=True)
        print(child.pid, flush=True)
        time.sleep(100)
    except KeyboardInterrupt as told:
        print(type(told).__name__, flush=True)
        time.sleep({cleaning})
        child.kill()
print("in order", flush=True)
"""


def running(grace=100.0, cleaning=0.0):
    """The program, and the processes that it has started."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(grace=grace, cleaning=cleaning)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    process.stdout.readline()
    while len(found := descendants(process.pid)) < 2:
        time.sleep(0.01)
    return process, found


def gone(pid):
    """Whether a process has ended, though its new parent may not have noticed yet."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_until_gone(pids):
    for _ in range(1000):
        if all(map(gone, pids)):
            return
        time.sleep(0.01)
    raise AssertionError("a process was left")


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "Terminated")]
)
def test_the_first_signal_lets_everything_end_in_order(number, name):
    process, children = running()
    process.send_signal(number)
    process.wait()
    for child in children:  # of the program's own making; they hold its output open
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    output, _ = process.communicate()
    assert output.split("\n")[:2] == [name, "in order"]
    assert process.returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_second_signal_ends_the_process_and_all_that_it_started_without_a_traceback(number, code):
    process, children = running(cleaning=100.0)
    process.send_signal(number)
    assert process.stdout.readline()
    process.send_signal(number)
    output, _ = process.communicate()
    assert (process.returncode, output) == (code, "")
    wait_until_gone(children)


def test_what_does_not_end_in_time_for_whoever_sent_sigterm_is_ended():
    process, children = running(grace=0.1, cleaning=100.0)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate()
    assert (process.returncode, output) == (143, "Terminated\n")
    wait_until_gone(children)


def test_a_program_that_calls_us_has_its_own_handlers_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with signals.heeded(to_the_end=False):
        assert signal.getsignal(signal.SIGTERM) is signals.interrupt
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # as Ray puts in its own
        signals.again()
        assert signal.getsignal(signal.SIGTERM) is signals.interrupt
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_what_does_not_end_in_time_is_given_up():
    def forever():
        with within(0.01):
            while True:
                pass

    with pytest.raises(TimeoutError, match=r"not ready after 0\.01 s"):
        forever()
    with within(100.0):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.fixture
def worker(monkeypatch):
    monkeypatch.setattr(signals, "asked", signals.Asked())
    before = signal.getsignal(signal.SIGTERM)
    leave_when_asked()
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_worker_that_has_nothing_to_keep_leaves_at_once(worker):
    with pytest.raises(SystemExit) as left:
        os.kill(os.getpid(), signal.SIGTERM)
    assert left.value.code == 143


def test_a_worker_that_has_something_to_keep_is_told_and_goes_on(worker):
    with keeping():
        assert not signals.asked.to_leave
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.asked.to_leave
    with pytest.raises(SystemExit), keeping():
        signals.leave()
