"""File systems as they are: without locks, full, read-only. A sentence each, and nothing computed is lost."""

import builtins
import errno
import fcntl
import os
import pickle

import pytest
from studies import tiny, write_study

from sweeps import cli
from sweeps.errors import InputError, WriteError, write_error
from sweeps.mirror.account import MirrorError
from sweeps.mirror.follow import alone
from sweeps.store import parts as module
from sweeps.store.parts import replace_file
from sweeps.store.store import Store
from sweeps.sweep import Scheduler, sweep

NO_LOCKS = [errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.EIO]
NO_ROOM = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG]


def raises(number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    return refuse


def run(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


# ---------------------------------------------------------------------- locks


@pytest.mark.parametrize("number", NO_LOCKS)
def test_where_the_file_system_has_no_locks_work_goes_on_and_one_sentence_says_so(
    tmp_path, monkeypatch, capsys, number
):
    monkeypatch.setattr(fcntl, "flock", raises(number))
    with Store(tmp_path, "quick").prepare().lock():
        pass
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"has no locks ({os.strerror(number)}): continuing without one" in said
    assert "no other sweep runs there" in said
    with alone(tmp_path / "quick"):
        assert "no other mirror runs there" in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.EWOULDBLOCK, errno.EACCES])
def test_a_lock_that_another_process_holds_is_still_held(tmp_path, monkeypatch, number):
    store = Store(tmp_path, "quick").prepare()
    monkeypatch.setattr(fcntl, "flock", raises(number))
    with pytest.raises(InputError, match="Another sweep"), store.lock():
        pass
    with pytest.raises(MirrorError, match="another mirror"), alone(store.path):
        pass


def test_a_full_disk_does_not_keep_a_sweep_from_its_lock(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "write", raises(errno.ENOSPC))
    store = Store(tmp_path, "quick").prepare()
    with store.lock(), pytest.raises(InputError, match="Another sweep"), store.lock():
        pass


# ---------------------------------------------------------------------- disks


def full_after(monkeypatch, parts, number):
    """The disk takes so many parts of trials, and no more, half of one written; returns what gives it room again."""
    write, left = module.pq.write_table, [parts]

    def limited(table, path, **options):
        if path.parent.name == "trials":
            left[0] -= 1
        if left[0] < 0:
            path.write_bytes(b"PAR1 half of it")
            raise OSError(
                number, f"Error writing bytes to file. Detail: [errno {number}] {os.strerror(number)}"
            )
        return write(table, path, **options)

    monkeypatch.setattr(module.pq, "write_table", limited)
    return lambda: monkeypatch.setattr(module.pq, "write_table", write)


@pytest.mark.slow
def test_a_disk_that_fills_up_stops_the_sweep_in_words_and_the_same_command_runs_the_rest(
    tmp_path, monkeypatch, capsys
):
    path = write_study(tmp_path, name="filling")
    store = Store(tmp_path / "results", "filling")
    command = ["sweep", path, "--results", store.results, "--workers", 0, "--wandb", "off", "--cohort", 2]
    room = full_after(monkeypatch, 2, errno.ENOSPC)
    code, said = run(capsys, *command)
    assert code == 2
    (sentence,) = [line for line in said.splitlines() if "Cannot write" in line]
    assert f"Cannot write {store.path / 'trials'}" in sentence
    assert "No space left on device. Free some space there; then the same command runs the rest." in sentence
    first = {part: part.read_bytes() for part in store.parts("trials")}
    assert len(first) == 2
    assert set(store.trials(["status"])["status"].to_pylist()) == {"finished"}
    assert not list(store.path.rglob("*.tmp"))
    room()
    code, said = run(capsys, *command)
    assert (code, "12 of 12 trials" in said) == (0, True), said
    assert {part: part.read_bytes() for part in first} == first


@pytest.mark.parametrize("number", NO_ROOM)
def test_whatever_a_disk_refuses_a_write_with_is_told_with_the_file_and_a_cure(tmp_path, monkeypatch, number):
    loaded, store = tiny(), Store(tmp_path, "tiny").prepare()
    replace = os.replace
    monkeypatch.setattr(os, "replace", raises(number))  # at the very first file, the declaration
    with pytest.raises(WriteError) as told:
        sweep(loaded, store, size=2)
    assert str(store.path / "study.json") in str(told.value)
    assert os.strerror(number) in str(told.value)
    assert "the same command runs the rest" in str(told.value)
    assert not list(store.path.rglob("*.tmp"))
    monkeypatch.setattr(os, "replace", replace)


def test_a_file_that_is_replaced_on_a_full_disk_stays_what_it_was(tmp_path, monkeypatch):
    path = tmp_path / "study.json"
    path.write_text("before")
    opened = builtins.open

    def half(self, content):
        with opened(self, "wb") as file:
            file.write(content[:3])
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(type(path), "write_bytes", half)
    with pytest.raises(WriteError, match=r"quota there, or request more"):
        replace_file(path, b"after it all")
    assert [p.name for p in tmp_path.iterdir()] == ["study.json"]
    assert path.read_text() == "before"


def test_the_lock_of_a_folder_that_may_not_be_written_is_told_too(tmp_path, monkeypatch):
    store = Store(tmp_path, "quick").prepare()
    monkeypatch.setattr(builtins, "open", raises(errno.EROFS))
    with (
        pytest.raises(WriteError, match=r"Cannot write .*\.lock: Read-only file system\. Make it writable"),
        store.lock(),
    ):
        pass


def test_a_workers_full_disk_reaches_the_driver_as_it_was():
    error = write_error(OSError(errno.ENOSPC, "x"), "results/quick/trials/a.parquet")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (WriteError, str(error))


def test_the_sweep_stops_at_a_workers_full_disk_and_records_no_trial_as_failed(tmp_path):
    scheduler = Scheduler(tiny(), Store(tmp_path, "tiny").prepare(), 2)
    work, _, _ = scheduler.take(set(), set())
    error = write_error(OSError(errno.ENOSPC, "x"), "a.parquet")
    with pytest.raises(WriteError):  # whichever loop calls it, in this process or for a pool, does not go on
        scheduler.failed(work, error)
    assert scheduler.store.parts("trials") == []
    scheduler.failed(work, ValueError("the cell's own"))
    assert scheduler.store.trials(["status"])["status"].to_pylist() == ["failed"] * 2


def test_what_is_not_the_disks_fault_stays_a_failed_trial():
    assert write_error(OSError(errno.ECONNREFUSED, "x"), "a") is None
    assert write_error(OSError("no number"), "a") is None


def test_a_full_disk_under_any_other_file_is_a_sentence_too(tmp_path, monkeypatch, capsys):
    def run_out(options):
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "report.html"))

    monkeypatch.setattr("analysis.commands.report", run_out)
    code, said = run(capsys, "report", "quick")
    assert (code, f"Cannot write {tmp_path / 'report.html'}: No space left on device" in said) == (2, True)
    assert "Traceback" not in said
