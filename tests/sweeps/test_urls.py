"""Results on a URL are those of a folder: whole, once, for one sweep at a time, wherever the next command runs."""

import datetime
import json
import os
import sys
import threading
import time

import numpy as np
import pytest
from faults import whole
from object_stores import Faulty, s3
from stores import curve_rows, scored, study, write_store
from studies import write_study

from sweeps import cli, xla
from sweeps.errors import InputError
from sweeps.remote import lock, objects
from sweeps.remote.copy import Copy
from sweeps.remote.store import RemoteStore
from sweeps.remote.trouble import Unreachable
from sweeps.store import lock as local
from sweeps.store.compact import Compactor
from sweeps.store.store import Store

URL = "faulty://results"


@pytest.fixture(scope="module")
def server():
    with s3() as environment:
        yield environment


@pytest.fixture
def host(tmp_path, monkeypatch):
    """Has this process be on another host: one with a cache folder of its own. Compiled programs are kept in common."""
    programs = xla.folder()
    number = iter(range(100))

    def another():
        folder = tmp_path / f"host{next(number)}"
        folder.mkdir()
        if programs is not None:
            programs.mkdir(parents=True, exist_ok=True)
            os.symlink(programs, folder / xla.machine())
        monkeypatch.setenv("LSTM_VARIANTS_CACHE", str(folder))
        return folder

    another()
    return another


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Nobody waits long."""
    monkeypatch.setattr(objects, "WAITS", (0.001,) * 10)
    monkeypatch.setattr(lock, "SETTLED", 0.0)
    monkeypatch.setattr(lock, "POLL", 0.01)
    Faulty.reset()


def rows_of(n=3, **values):
    """Rows of made-up trials, and their curves."""
    rows = [scored(0.9, seed=seed, **values) for seed in range(n)]
    return rows, [point for row in rows for point in curve_rows(row, 500, np.random.default_rng(0))]


def remote(study="s", url=URL):
    return RemoteStore(Copy.of(url), study)


def swept(path, url, *more):
    return cli.main(["sweep", str(path), "--results", url, "--workers", "0", "--wandb", "off", *more])


@pytest.mark.slow
def test_a_sweep_on_s3_gives_the_rows_of_a_folder_and_every_command_reads_them_elsewhere(
    tmp_path, server, host, monkeypatch, capsys
):
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    path = write_study(tmp_path)
    assert swept(path, str(tmp_path / "results")) == 0
    assert swept(path, "s3://bucket/some/where/") == 0
    said = capsys.readouterr().out
    assert "are stored in s3://bucket/some/where/mine" in said
    assert f"Next: lstm-variants report {path} --results s3://bucket/some/where\n" in said
    for command in (["status"], ["watch"], ["plan"], ["report"]):
        host()
        assert cli.main([*command, str(path), "--results", "s3://bucket/some/where"]) == 0
    there = Copy.of("s3://bucket/some/where").objects.all_below("mine")
    assert "mine/report/report.html" in there
    assert not [name for name in there if "/." in name or "checkpoints" in name]
    store = remote("mine", "s3://bucket/some/where")
    store.refresh()
    assert whole(store) == whole(Store(tmp_path / "results", "mine"))
    assert swept(path, "s3://bucket/some/where") == 0
    assert "this run made 0" in capsys.readouterr().out


@pytest.mark.slow
def test_a_sweep_with_worker_processes_stores_in_the_memory_of_its_own_process(tmp_path, host):
    assert swept(write_study(tmp_path), "memory://there", "--workers", "1") == 0
    store = remote("mine", "memory://there")
    assert store.copy.unsent("mine") == []
    host()
    store = remote("mine", "memory://there")
    store.refresh()
    assert len(store.trials()) == 12


def test_the_lock_on_s3_lets_one_in_and_is_gone_afterwards(server, host, monkeypatch):
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(local, "BEAT", 0.2)
    monkeypatch.setattr(local, "DEAD", 20.0)
    store = remote(url="s3://bucket/locks").prepare()
    with store.lock():
        host()
        with (
            pytest.raises(InputError, match=r"Another sweep \(process"),
            store_elsewhere("s3://bucket/locks"),
        ):
            pass
    assert store.copy.objects.all_below("") == {}
    with store_elsewhere("s3://bucket/locks"):
        pass


def store_elsewhere(url=URL, **options):
    return remote(url=url).prepare().lock(**options)


def test_a_file_url_is_the_folder(tmp_path, host):
    made = study()
    write_store(tmp_path / "res ults", made)
    for url in (f"file://{tmp_path}/res%20ults", str(tmp_path / "res ults")):
        assert cli.main(["status", "synthetic", "--results", url]) == 0
    assert not list((tmp_path / "host0").glob("results"))


@pytest.mark.parametrize(
    ("command", "url", "words"),
    [
        ("sweep", "nix://a/b", "'nix' is no protocol known here. Expected s3://, gs://, memory://, file://"),
        ("status", "s3://", "names no bucket; expected s3://BUCKET/FOLDER."),
        ("sweep", "s3://bucket-that-is-not/a", "does not exist. Create it, or name another with --results"),
        ("report", "file://elsewhere/a", "names a path of this machine"),
        ("train", "gs://bucket/a", "Run: pip install 'lstm-variants[gcs]'"),
    ],
)
def test_a_url_that_can_not_be_used_is_refused_in_one_sentence_before_any_work(
    command, url, words, server, host, monkeypatch, capsys
):
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    names = {"train": ["--cell", "gru", "--task", "adding"]}.get(command, ["quick"])
    more = ["--workers", "0"] if command == "sweep" else []
    assert cli.main([command, *names, "--results", url, *more]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.startswith("lstm-variants: ")
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize(
    ("calls", "command", "words"),
    [
        (
            ["ls", "find", "info", "cat_file"],
            "status",
            "Not allowed to read faulty://results: no key. Check the cred",
        ),
        (["pipe_file"], "sweep", "Not allowed to write faulty://results: no key. Check the credentials"),
        (["pipe_file"], "train", "Not allowed to write faulty://results: no key. Check the credentials"),
    ],
)
def test_what_the_credentials_do_not_allow_is_told_before_any_work(
    calls, command, words, tmp_path, host, monkeypatch, capsys
):
    Faulty.forbidden |= dict.fromkeys(calls, PermissionError("no key"))
    monkeypatch.setattr("sweeps.worker.Worker.__init__", lambda self: pytest.fail("work began"))
    path = str(write_study(tmp_path))
    names = {"train": ["--cell", "gru", "--task", "adding"]}.get(command, [path])
    more = ["--workers", "0", "--wandb", "off"] if command == "sweep" else []
    assert cli.main([command, *names, "--results", URL, *more]) == 2
    assert words in capsys.readouterr().err


def test_a_report_is_made_where_nothing_may_be_written(host, capsys):
    write_store_there(study(search=3, seeds=4))
    host()
    Faulty.forbidden["pipe_file"] = PermissionError("read only")
    assert cli.main(["status", "synthetic", "--results", URL]) == 0
    store = remote("synthetic")
    store.refresh()
    assert len(store.trials()) > 0


def write_store_there(made, url=URL):
    """A whole study, brought to a URL."""
    copy = Copy.of(url)
    store = write_store(copy.folder, made)
    copy.push(store.study)


def test_what_is_read_is_whole_and_curves_are_there_before_rows(host):
    store = remote().prepare()
    store.append(*rows_of())
    store.share()
    names = [path.split("/")[3] for path in Faulty.written]
    assert names == ["curves", "trials"]
    host()
    other = remote()
    other.refresh()
    assert whole(other) == whole(store)


def test_a_part_that_is_written_anew_replaces_what_others_have(host):
    store = remote().prepare()
    rows, curves = rows_of(2)
    store.append([row | {"status": "failed", "error": "no"} for row in rows], [])
    store.share()
    first = host
    first()
    other = remote()
    other.refresh()
    assert set(other.trials(["status"])["status"].to_pylist()) == {"failed"}
    store.append(rows, curves)
    store.share()
    other.refresh()
    assert set(other.trials(["status"])["status"].to_pylist()) == {"finished"}
    assert len(other.rows(["trial_id"])) == 2


def test_parts_that_were_put_together_are_so_on_the_url_and_in_other_copies(host):
    store = remote().prepare()
    for k in range(4):
        store.append(*rows_of(2, stage="search", task=f"task{k}"))
    store.share()
    before = whole(store)
    host()
    other = remote()
    other.refresh()
    Compactor(store.path, many=4).run()
    store.share()
    assert len([name for name in Faulty.names() if "/trials/" in name]) == 1
    assert len([name for name in Faulty.names() if "/curves/" in name]) == 1
    other.refresh()
    assert len(other.parts("trials")) == len(other.parts("curves")) == 1
    assert whole(other) == before


def test_parts_that_are_put_together_while_they_are_read_are_read_once(host, monkeypatch):
    store = remote().prepare()
    for k in range(4):
        store.append(*rows_of(2, stage="search", task=f"task{k}"))
    store.share()
    before = whole(store)
    host()
    other, read = remote(), objects.Objects.read
    compacted = threading.Event()

    def meanwhile(self, name):
        if not compacted.is_set():
            compacted.set()
            Compactor(store.path, many=4).run()
            store.share()
        return read(self, name)

    monkeypatch.setattr(objects.Objects, "read", meanwhile)
    other.refresh()
    assert whole(other) == before
    assert len(other.rows(["trial_id"])) == 8


def test_an_emptied_cache_removes_nothing_from_the_url(host):
    store = remote().prepare()
    store.append(*rows_of())
    store.share()
    there = Faulty.names()
    for path in store.parts("trials") + store.parts("curves"):
        path.unlink()
    store.share()
    assert Faulty.names() == there
    store.refresh()
    assert len(store.trials()) == 3


def test_a_copy_that_is_torn_is_brought_over_again_and_never_to_the_url(host):
    store = remote().prepare()
    store.append(*rows_of())
    store.share()
    (path,) = store.parts("trials")
    path.write_bytes(path.read_bytes()[:100])
    store.share()
    store.refresh()
    assert len(store.trials()) == 3
    assert not store.incomplete


def test_an_object_that_is_torn_is_set_aside_on_the_url_too(host):
    store = remote().prepare()
    store.append(*rows_of())
    store.share()
    (path,) = store.parts("trials")
    name = f"s/trials/{path.name}"
    store.copy.objects.write(name, path.read_bytes()[:100])
    host()
    other = remote().prepare()
    with other.lock():
        assert "was damaged" in other.repair()[0]
        other.share()
    assert f"/results/{name}" not in Faulty.store
    assert f"/results/s/damaged/trials/{path.name}" in Faulty.store
    store.refresh()
    assert store.parts("trials") == []


def test_two_machines_that_wrote_parts_of_one_name_lose_nothing(host):
    rows, curves = rows_of(2)
    store = remote().prepare()
    store.append(rows, curves)  # a sweep that was cut off from the URL
    host()
    other = remote().prepare()
    other.append([row | {"status": "failed", "error": "no"} for row in rows], [])
    other.share()
    store.refresh()
    store.share()
    other.refresh()
    for each in (store, other):
        assert set(each.trials(["status"])["status"].to_pylist()) == {"finished"}
        assert len(each.curves()) == len(curves)


def test_what_two_machines_sent_to_wandb_is_known_to_both(host):
    stores = [remote().prepare()]
    stores[0].append(*rows_of())
    host()
    stores.append(remote().prepare())
    for number, store in enumerate(stores):
        (store.path / "wandb").mkdir()
        (store.path / "wandb" / "mirrored-online-me.jsonl").write_text(f'{{"trial_id": "{number}"}}\n')
        (store.path / "wandb" / "mirrored-offline.jsonl").write_text("here alone\n")
        store.refresh()
        store.share()
    stores[0].refresh()
    for store in stores:
        lines = (store.path / "wandb" / "mirrored-online-me.jsonl").read_text().splitlines()
        assert sorted(lines) == ['{"trial_id": "0"}', '{"trial_id": "1"}']
    assert not [name for name in Faulty.names() if "offline" in name]


def test_what_this_machine_alone_has_is_told_and_brought_by_the_next_sweep(host, capsys):
    write_store_there(study(search=3, seeds=4))
    store = remote("synthetic")
    store.append(*rows_of(study="synthetic"))
    assert cli.main(["status", "synthetic", "--results", URL]) == 0
    assert "2 files of 'synthetic' are on this machine alone" in capsys.readouterr().err
    with store.lock():
        pass
    assert store.copy.unsent("synthetic") == []


def test_names_of_other_studies_are_told_where_one_is_not_there(host, capsys):
    write_store_there(study(search=3, seeds=4))
    host()
    assert cli.main(["status", "nix", "--results", URL]) == 2
    assert f"No results of study 'nix' below {URL}; found: synthetic." in capsys.readouterr().err


# ---------------------------------------------------------------------- the lock


def holder(store, age=0.0, **changes):
    """Leave the lock of a holder on another host that was last written so many seconds ago."""
    said = {
        "process": 4711,
        "host": "node7",
        "since": "2026-01-02 03:04",
        "token": "t",
        "copy": "c",
    } | changes
    store.copy.objects.write("s/.lock", json.dumps(said).encode())
    Faulty.store["/results/s/.lock"].created -= datetime.timedelta(seconds=age)


def test_a_holder_that_gives_signs_of_life_is_not_disturbed(host, monkeypatch, capsys):
    monkeypatch.setattr(local, "DEAD", 5.0)
    store = remote().prepare()
    holder(store)
    over = threading.Event()

    def alive():
        while not over.wait(0.02):
            holder(store)

    thread = threading.Thread(target=alive)
    thread.start()
    try:
        with (
            pytest.raises(InputError, match="process 4711 on node7, since 2026-01-02 03:04") as told,
            store.lock(),
        ):
            pass
    finally:
        over.set()
        thread.join()
    assert "--break-lock" in str(told.value)
    assert "waiting up to 5 s" in capsys.readouterr().err
    assert json.loads(store.copy.objects.read("s/.lock"))["host"] == "node7"


@pytest.mark.parametrize(("age", "options"), [(1000, {}), (0.2, {}), (0, {"broken": True})])
def test_a_holder_that_is_dead_or_broken_holds_nothing(age, options, host, monkeypatch):
    monkeypatch.setattr(local, "DEAD", 0.4 if not options else 1000.0)
    store = remote().prepare()
    holder(store, age)
    with store.lock(**options):
        assert json.loads(store.copy.objects.read("s/.lock"))["host"] != "node7"
    assert "/results/s/.lock" not in Faulty.store


def test_a_sweep_that_was_killed_on_this_machine_holds_nothing(host, monkeypatch, capsys):
    store = remote().prepare()
    holder(store, copy=store.copy.id)
    with store.lock():
        pass
    assert capsys.readouterr().err == ""


def test_of_two_that_come_at_once_one_is_let_in(host, monkeypatch):
    monkeypatch.setattr(lock, "SETTLED", 0.2)
    monkeypatch.setattr(local, "DEAD", 5.0)
    monkeypatch.setattr(local, "BEAT", 0.05)
    found, store = [], remote().copy.objects
    start = threading.Barrier(2)

    def come(copy):
        start.wait()
        try:
            with lock.locked(store, "s/.lock", copy):
                found.append(copy)
                time.sleep(1.0)
        except local.Held:
            found.append("held")

    threads = [threading.Thread(target=come, args=(copy,)) for copy in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found)[-1] == "held"
    assert len(found) == 2


def test_watch_ends_when_a_holder_elsewhere_gives_no_sign_of_life(host, monkeypatch):
    monkeypatch.setattr(local, "DEAD", 0.1)
    store = remote().prepare()
    holder(store)
    assert store.swept
    time.sleep(0.2)
    assert not store.swept


# ---------------------------------------------------------------------- faults


def test_a_url_that_does_not_answer_is_asked_again_and_then_told(host, monkeypatch, capsys):
    store = remote().prepare()
    store.append(*rows_of())
    Faulty.every = 1
    with pytest.raises(Unreachable, match=r"the connection was reset|the reply was lost") as told:
        store.share()
    assert str(store.path) in str(told.value)
    assert "the same command brings it there" in str(told.value)
    assert Faulty.failed > len(objects.WAITS)
    Faulty.every = 0
    store.share()
    assert store.copy.unsent("s") == []


def test_a_store_is_a_folder_and_says_so_of_a_url():
    with pytest.raises(InputError, match="s3://bucket/a is a URL, which commands take with --results"):
        Store("s3://bucket/a", "s")
