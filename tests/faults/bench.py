"""The fault bench: real sweeps, one kind of fault at many random moments, and the sweep run again until it is done.

    make faults                                        all of it, half an hour on two cores
    python tests/faults/bench.py --only workers disk   some of it
    python tests/faults/bench.py --share 0.1           a tenth of the moments

Afterwards every planned trial has to be in the store exactly once, with the rows and curves that it has without the
fault. Printed for each fault: how often it was injected, trials lost, trials stored more than once, trials with other
numbers, and the seconds until the next row came. Exit code 1 where a trial is lost, doubled or different, or something
was said in another way than it should be.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
os.environ.setdefault("LSTM_VARIANTS_CACHE", str(Path(__file__).parents[2] / ".pytest_cache" / "xla"))

from faults import (
    LONG,
    PROCESSES,
    RAY,
    command_of,
    counts,
    end_of,
    environment,
    family,
    left_of,
    start,
    whole,
    workers_of,
)
from studies import write_study

from sweeps.store.store import Store

NAME = "bench"
PATIENCE = 600.0  # seconds that one sweep may take


@dataclass
class Outcome:
    """What a fault did. recovery: seconds from it to the next row. wrong: what was not as it should be, in words."""

    injected: int = 0
    lost: int = 0
    doubled: int = 0
    different: int = 0
    recovery: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    not_run: str = ""

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.different or self.wrong)

    def expect(self, right: bool, told: str) -> None:
        if not right:
            self.wrong.append(told)

    def compare(self, store: Store, reference: Store) -> None:
        """Count what the store lacks, has twice, or has with other numbers."""
        found, expected = counts(store), counts(reference)
        self.lost += len(set(expected) - set(found))
        self.doubled += sum(n > 1 for n in found.values()) + len(set(found) - set(expected))
        for ours, theirs in zip(whole(store), whole(reference), strict=True):
            rows = {(row["trial_id"], row.get("step")): row for row in theirs}
            odd = {row["trial_id"] for row in ours if rows.get((row["trial_id"], row.get("step"))) != row}
            self.different += len(
                odd | ({row["trial_id"] for row in theirs} - {row["trial_id"] for row in ours})
            )


@dataclass(frozen=True)
class Bench:
    """Where the bench works. share: of the moments at which a fault is injected."""

    folder: Path
    path: Path
    reference: Store
    rng: random.Random
    share: float

    def times(self, number: int) -> int:
        return max(1, round(self.share * number))

    def store(self, name: str) -> Store:
        return Store(self.folder / name, NAME)

    def finish(self, outcome: Outcome, store: Store, *more: str, tries: int = 3) -> str:
        """Run the sweep until nothing is left to do, and compare; returns what it printed last."""
        output = ""
        for _ in range(tries):
            process = start(self.path, store.results, PROCESSES, "--workers", "2", *more)
            output = end_of(process, PATIENCE)
            if process.returncode == 0:
                break
        outcome.expect(
            process.returncode == 0, f"the last sweep ended with {process.returncode}: {output[-300:]}"
        )
        outcome.compare(store, self.reference)
        return output

    def recover(self, outcome: Outcome, store: Store, *more: str) -> str:
        """`finish`, with the seconds that it takes noted."""
        begin = time.monotonic()
        output = self.finish(outcome, store, *more)
        outcome.recovery.append(time.monotonic() - begin)
        return output


def parts(store: Store) -> int:
    return len(store.parts("trials")) if store.path.exists() else 0


def await_row(store: Store, since: int, process: subprocess.Popen[str]) -> float | None:
    """Seconds until there are more parts than `since`, None where the sweep ends before."""
    begin = time.monotonic()
    while parts(store) <= since:
        if process.poll() is not None:
            return None
        time.sleep(0.02)
    return time.monotonic() - begin


def kill_workers(bench: Bench) -> Outcome:
    """kill -9 of a worker, while it starts, compiles, trains or writes."""
    outcome, n = Outcome(), bench.times(50)
    while outcome.injected < n:
        store = bench.store(f"workers-{outcome.injected}")
        process = start(bench.path, store.results, PROCESSES, "--workers", "2")
        while process.poll() is None and outcome.injected < n:
            time.sleep(bench.rng.uniform(0.0, 5.0))
            if workers := workers_of(process):
                before = parts(store)
                os.kill(bench.rng.choice(workers), signal.SIGKILL)
                outcome.injected += 1
                if (seconds := await_row(store, before, process)) is not None:
                    outcome.recovery.append(seconds)
        end_of(process, PATIENCE)
        bench.finish(outcome, store)
    return outcome


def end_driver(bench: Bench, how: signal.Signals, code: int, where: tuple[str, ...], moments: int) -> Outcome:
    """The driver is ended by a signal again and again, and the sweep started anew."""
    outcome, n = Outcome(), bench.times(moments)
    while outcome.injected < n:
        store = bench.store(f"driver-{how.name}-{len(where)}-{outcome.injected}")
        while outcome.injected < n:
            before, begin = parts(store), time.monotonic()
            process = start(bench.path, store.results, where, "--workers", "2")
            if await_row(store, before, process) is None:
                break
            if outcome.injected:
                outcome.recovery.append(time.monotonic() - begin)
            time.sleep(bench.rng.uniform(0.0, 1.0))
            there = family(process)
            process.send_signal(how)
            output = end_of(process, 40.0)
            if process.returncode == 0:  # it was ready sooner
                break
            outcome.injected += 1
            outcome.expect(process.returncode == code, f"code {process.returncode} after {how.name}")
            outcome.expect("Traceback" not in output, f"a traceback after {how.name}: {output[-300:]}")
            outcome.expect(not left_of(there, 30.0), f"processes left after {how.name}")
        end_of(process, PATIENCE)
        bench.finish(outcome, store)
    return outcome


def kill_node(bench: Bench) -> Outcome:
    """kill -9 of a Ray node with all that runs on it, of three on this machine; another one joins."""
    from ray.cluster_utils import Cluster

    outcome, n = Outcome(), bench.times(5)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
        store = bench.store("nodes")
        where = ("--address", cluster.address)
        process = start(bench.path, store.results, where, "--workers", "2")
        while outcome.injected < n:
            before = parts(store)
            if await_row(store, before, process) is None:
                end_of(process, PATIENCE)
                bench.finish(outcome, store)
                store = bench.store(f"nodes-{outcome.injected}")
                process = start(bench.path, store.results, where, "--workers", "2")
                continue
            before = parts(store)
            cluster.remove_node(nodes.pop(bench.rng.randrange(2)), allow_graceful=False)
            outcome.injected += 1
            nodes.append(cluster.add_node(num_cpus=1))
            if (seconds := await_row(store, before, process)) is not None:
                outcome.recovery.append(seconds)
        end_of(process, PATIENCE)
        bench.finish(outcome, store)
    finally:
        cluster.shutdown()
    return outcome


def kill_mirror(bench: Bench) -> Outcome:
    """kill -9 of the mirror to W&B beside a sweep, which goes on; `mirror` then makes the runs that lack."""
    outcome, n = Outcome(), bench.times(5)
    while outcome.injected < n:
        store = bench.store(f"mirror-{outcome.injected}")
        process = start(bench.path, store.results, PROCESSES, "--wandb", "offline")
        time.sleep(bench.rng.uniform(3.0, 8.0))
        for pid in family(process):
            if "sweeps.mirror.process" in command_of(pid):
                os.kill(pid, signal.SIGKILL)
                outcome.injected += 1
        output = end_of(process, PATIENCE)
        outcome.expect(process.returncode == 0, f"the sweep ended with {process.returncode}")
        command = [sys.executable, "-m", "sweeps.cli", "mirror", NAME, "--results", str(store.results)]
        begin = time.monotonic()
        done = subprocess.run([*command, "--wandb", "offline"], capture_output=True, text=True)
        outcome.recovery.append(time.monotonic() - begin)
        expected = len(counts(bench.reference))
        outcome.expect(
            f"{expected} of {expected} trials mirrored" in done.stdout + output, done.stdout[-300:]
        )
        outcome.compare(store, bench.reference)
    return outcome


def damage_parts(bench: Bench) -> Outcome:
    """Parts are cut short, emptied or overwritten with zeros, as by a power cut."""
    outcome, n = Outcome(), bench.times(20)
    harms: list[Callable[[bytes], bytes]] = [
        lambda b: b"",
        lambda b: b[: len(b) // 2],
        lambda b: bytes(len(b)),
    ]
    while outcome.injected < n:
        store = bench.store(f"damage-{outcome.injected}")
        shutil.copytree(bench.reference.path, store.path)
        broken = bench.rng.sample([*store.parts("trials"), *store.parts("curves")], 4)
        for path in broken:
            path.write_bytes(bench.rng.choice(harms)(path.read_bytes()))
        outcome.injected += len(broken)
        output = bench.recover(outcome, store)
        outcome.expect(output.count("was damaged") == len(broken), f"damage was not named: {output[:300]}")
    return outcome


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own. Raises OSError where we may not make one."""
    folder.mkdir(parents=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], capture_output=True
    )
    if done.returncode:
        raise OSError("it needs the right to mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def one_sentence(outcome: Outcome, output: str, code: int | None) -> None:
    told = [line for line in output.splitlines() if line.startswith("lstm-variants: Cannot write")]
    outcome.expect(code == 2, f"code {code} on a disk that takes no more: {output[-500:]}")
    outcome.expect(len(told) == 1 and "Traceback" not in output, f"not one sentence: {output[-500:]}")


def fill_disk(bench: Bench) -> Outcome:
    """The results' disk is full from the start, or after so many kilobytes; then there is room again."""
    outcome = Outcome()
    for size in ("16k", "60k", "150k", "300k")[: bench.times(4)]:
        try:
            with small_disk(bench.folder / f"disk-{size}", size) as folder:
                store = Store(folder / "results", NAME)
                process = start(bench.path, store.results, PROCESSES, "--workers", "2")
                output = end_of(process, PATIENCE)
                if process.returncode:
                    outcome.injected += 1
                    one_sentence(outcome, output, process.returncode)
                    outcome.expect(not list(folder.rglob("*.tmp")), "something half written was left")
                remount(folder, "size=50m")
                bench.recover(outcome, store)
        except OSError as error:
            outcome.not_run = str(error)
    return outcome


def read_only(bench: Bench) -> Outcome:
    """The results may not be written for a while: a sweep says so, status reads them."""
    outcome = Outcome()
    try:
        with small_disk(bench.folder / "read-only", "50m") as folder:
            store = Store(folder / "results", NAME)
            process = start(bench.path, store.results, PROCESSES)
            await_row(store, 0, process)
            process.send_signal(signal.SIGKILL)
            end_of(process)
            time.sleep(3.0)  # until its worker has noticed
            remount(folder, "ro")
            outcome.injected += 1
            process = start(bench.path, store.results, PROCESSES)
            one_sentence(outcome, end_of(process, PATIENCE), process.returncode)
            command = [sys.executable, "-m", "sweeps.cli", "status", NAME, "--results", str(store.results)]
            done = subprocess.run(command, capture_output=True, text=True)
            outcome.expect(done.returncode == 0, f"status ended with {done.returncode}: {done.stderr[-300:]}")
            remount(folder, "rw")
            bench.recover(outcome, store)
    except OSError as error:
        outcome.not_run = str(error)
    return outcome


def two_sweeps(bench: Bench) -> Outcome:
    """The first sweep is stopped and still holds its store: a second is refused, one with --break-lock is not.
    Then the first goes on, too."""
    outcome, store = Outcome(), bench.store("two")
    first = start(bench.path, store.results, PROCESSES)
    await_row(store, 0, first)
    there = family(first)
    for pid in (*there, first.pid):
        os.kill(pid, signal.SIGSTOP)
    second = start(bench.path, store.results, PROCESSES)
    output = end_of(second, PATIENCE)
    outcome.injected += 1
    outcome.expect(
        second.returncode == 2 and f"process {first.pid} on " in output, f"not refused: {output[-300:]}"
    )
    bench.recover(outcome, store, "--break-lock")
    outcome.injected += 1
    for pid in (*there, first.pid):
        os.kill(pid, signal.SIGCONT)
    end_of(first, PATIENCE)
    outcome.compare(store, bench.reference)
    return outcome


def on_host(name: str) -> tuple[str, ...]:
    """Put before a command: it runs on a host of that name."""
    return ("unshare", "--uts", "sh", "-c", f'hostname {name}; exec "$@"', "sh")


def two_hosts(bench: Bench) -> Outcome:
    """A sweep on one host, another on a second, on a file system without locks: it is refused while the first lives,
    and goes on when that is dead."""
    outcome, store = Outcome(), bench.store("hosts")
    if subprocess.run([*on_host("node7"), "true"], capture_output=True).returncode:
        outcome.not_run = "it needs the right to name a host"
        return outcome
    lockless = bench.folder / "lockless"
    lockless.mkdir()
    (lockless / "sitecustomize.py").write_text(
        "import errno, fcntl, os\n\n\ndef flock(*_):\n    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))\n\n\n"
        "fcntl.flock = flock\n"
    )
    path = os.pathsep.join(filter(None, [str(lockless), os.environ.get("PYTHONPATH")]))
    node7, node8 = (
        {"before": on_host(name), "env": environment(PYTHONPATH=path)} for name in ("node7", "node8")
    )
    first = start(bench.path, store.results, PROCESSES, **node7)
    await_row(store, 0, first)
    busy = workers_of(first)
    for pid in busy:
        os.kill(pid, signal.SIGSTOP)  # so that it takes long
    second = start(bench.path, store.results, PROCESSES, **node8)
    output = end_of(second, PATIENCE)
    outcome.injected += 1
    outcome.expect(second.returncode == 2 and " on node7" in output, f"not refused: {output[-300:]}")
    for pid in busy:
        os.kill(pid, signal.SIGCONT)
    end_of(first, PATIENCE)
    outcome.compare(store, bench.reference)

    store = bench.store("hosts-dead")
    first = start(bench.path, store.results, PROCESSES, **node7)
    await_row(store, 0, first)
    for pid in (first.pid, *family(first)):
        os.kill(pid, signal.SIGKILL)
    outcome.injected += 1
    end_of(first)
    before, begin = parts(store), time.monotonic()
    second = start(bench.path, store.results, PROCESSES, **node8)
    if await_row(store, before, second) is not None:
        outcome.recovery.append(time.monotonic() - begin)
    end_of(second, PATIENCE)
    bench.finish(outcome, store)
    return outcome


# Takes so many MiB of memory, so many more once it is given a line, and keeps them until it is ended.
HOG = """
import sys, time
first, more = map(int, sys.argv[1:])
blocks = [bytearray(b"x" * 2**20) for _ in range(first)]
print("ready", flush=True)
sys.stdin.readline()
blocks += [bytearray(b"x" * 2**20) for _ in range(more)]
time.sleep(600)
"""


@contextmanager
def memory_group(name: str, mebibytes: int) -> Iterator[Path]:
    """A control group whose processes have so much memory in all. Raises OSError where we may not make one."""
    where = Path("/sys/fs/cgroup/memory")
    limits = ("memory.limit_in_bytes",) if where.exists() else ("memory.max", "memory.swap.max")
    group = (where if where.exists() else where.parent) / f"lstm-variants-{name}-{os.getpid()}"
    group.mkdir()
    try:
        for limit, value in zip(limits, (mebibytes * 2**20, 0), strict=False):
            (group / limit).write_text(str(value))
        yield group
    finally:
        for pid in (group / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
        while (group / "cgroup.procs").read_text():
            time.sleep(0.1)
        group.rmdir()


def longer(bench: Bench) -> Bench:
    """A study whose trials take some seconds, for what takes a second to happen."""
    folder = bench.folder / "longer"
    folder.mkdir(exist_ok=True)
    text = LONG.replace("steps=3000", "steps=400000").replace("evaluate_every=500", "evaluate_every=20000")
    path, reference = write_study(folder, text, NAME), Store(folder / "reference", NAME)
    if not reference.path.exists():
        end_of(start(path, reference.results, PROCESSES, "--workers", "2"), PATIENCE)
    return replace(bench, folder=folder, path=path, reference=reference)


def out_of_memory(
    bench: Bench, name: str, n: int, where: tuple[str, ...], hog: Sequence[str], **how: Any
) -> Outcome:
    """Beside a sweep `hog` takes memory until a worker is killed, n times. how: as for `start`."""
    outcome = Outcome()
    for k in range(4 * n):
        store = bench.store(f"{name}-{k}")
        greedy = subprocess.Popen(
            hog, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert greedy.stdin is not None
        assert greedy.stdout is not None
        greedy.stdout.readline()
        process = start(bench.path, store.results, where, "--workers", "2", **how)
        await_row(store, 0, process)
        time.sleep(bench.rng.uniform(0.0, 1.0))
        there = workers_of(process, where)
        greedy.stdin.write("\n")
        greedy.stdin.flush()
        while process.poll() is None and all(map(command_of, there)):
            time.sleep(0.02)
        before = parts(store)
        greedy.kill()
        greedy.communicate()
        seconds = await_row(store, before, process)
        lost = "A worker was lost" in end_of(process, PATIENCE)  # else the sweep was over sooner
        outcome.injected += lost
        if lost and seconds is not None:
            outcome.recovery.append(seconds)
        bench.finish(outcome, store)
        if outcome.injected == n:
            break
    outcome.expect(outcome.injected == n, f"only {outcome.injected} of {n} workers were killed")
    return outcome


def kernel_memory(bench: Bench) -> Outcome:
    """Something else takes the memory that there is, until the kernel kills a worker to get some."""
    try:
        with memory_group("bench", 4096) as group:
            enter = f'echo $$ > {group}/cgroup.procs; echo "$0" > /proc/$$/oom_score_adj; exec "$@"'
            hog = ("sh", "-c", enter, "0", sys.executable, "-c", HOG, "1536", "4096")
            sweep = ("sh", "-c", enter, "1000")  # killed first, and of its processes the largest: a worker
            return out_of_memory(longer(bench), "memory", bench.times(5), PROCESSES, hog, before=sweep)
    except OSError as error:
        return Outcome(not_run=f"it needs the right to make a control group ({error})")


def ray_memory(bench: Bench) -> Outcome:
    """Something else takes memory until Ray's monitor kills a worker, so as to keep the node alive."""
    available, total = (memory(name) for name in ("MemAvailable", "MemTotal"))
    if available < 6144:
        return Outcome(not_run=f"it needs 6 GiB of free memory; there are {available} MiB")
    limit = 1 - (available - 4096) / total  # reached when 4 GiB more than now are in use
    monitored = environment(RAY_memory_usage_threshold=f"{limit:.3f}", RAY_memory_monitor_refresh_ms=100)
    hog = (sys.executable, "-c", HOG, "2048", "3072")
    return out_of_memory(longer(bench), "memory-ray", bench.times(3), RAY, hog, env=monitored)


def memory(name: str) -> int:
    """MiB of memory, by its name in /proc/meminfo."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(f"{name}:"))


def edit_study(bench: Bench) -> Outcome:
    """The study file gets another margin and level in mid-study; then they are taken back."""
    outcome, store = Outcome(), bench.store("edited")
    for text in (LONG.replace("confirm=2", "confirm=2, margin=0.2, alpha=0.1"), LONG):
        process = start(bench.path, store.results, PROCESSES)
        await_row(store, parts(store), process)
        process.send_signal(signal.SIGINT)
        end_of(process)
        bench.path.write_text(text)
        outcome.injected += 1
    output = bench.recover(outcome, store)
    outcome.expect("Changed since the last sweep" in output, f"the change was not said: {output[:300]}")
    return outcome


FAULTS: dict[str, tuple[str, Callable[[Bench], Outcome]]] = {
    "workers": ("kill -9 of a worker", kill_workers),
    "driver": ("kill -9 of the driver", lambda b: end_driver(b, signal.SIGKILL, -9, PROCESSES, 10)),
    "sigterm": ("SIGTERM to the driver", lambda b: end_driver(b, signal.SIGTERM, 143, PROCESSES, 10)),
    "ctrl-c": ("Ctrl-C", lambda b: end_driver(b, signal.SIGINT, 130, PROCESSES, 10)),
    "sigterm-ray": ("SIGTERM to the driver, Ray", lambda b: end_driver(b, signal.SIGTERM, 143, RAY, 5)),
    "node": ("kill -9 of a Ray node", kill_node),
    "mirror": ("kill -9 of the W&B mirror", kill_mirror),
    "damage": ("damaged part", damage_parts),
    "disk": ("disk full", fill_disk),
    "read-only": ("results read-only", read_only),
    "two": ("second sweep on one store", two_sweeps),
    "hosts": ("the same from another host, no locks", two_hosts),
    "memory": ("worker out of memory, kernel", kernel_memory),
    "memory-ray": ("worker out of memory, Ray", ray_memory),
    "edited": ("study file edited", edit_study),
}


def line(what: str, outcome: Outcome) -> str:
    seconds = sorted(outcome.recovery)
    told = f"{seconds[len(seconds) // 2]:.1f} (at most {seconds[-1]:.1f})" if seconds else ""
    cells = [what, outcome.injected, outcome.lost, outcome.doubled, outcome.different, told]
    return (
        "| "
        + " | ".join(map(str, cells))
        + " |"
        + (f" not run: {outcome.not_run}" if outcome.not_run else "")
    )


def main() -> int:
    options = argparse.ArgumentParser(description="Inject faults into real sweeps and count what is lost.")
    options.add_argument("--only", nargs="+", choices=FAULTS, default=list(FAULTS), metavar="FAULT")
    options.add_argument(
        "--share", type=float, default=1.0, help="of the moments at which a fault is injected"
    )
    options.add_argument("--seed", type=int, default=0, help="of the moments")
    given = options.parse_args()
    wrong = list[str]()
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        folder = Path(place)
        path = write_study(folder, LONG, NAME)
        bench = Bench(folder, path, Store(folder / "reference", NAME), random.Random(given.seed), given.share)
        output = end_of(start(path, bench.reference.results, PROCESSES, "--workers", "2"), PATIENCE)
        if not counts(bench.reference):
            print(output)
            return 1
        print("| fault | injected | trials lost | doubled | different | seconds to the next row |")
        print("|---|---:|---:|---:|---:|---|")
        for name in given.only:
            what, inject = FAULTS[name]
            outcome = inject(bench)
            print(line(what, outcome), flush=True)
            if not outcome.good:
                wrong += [f"{what}: {told}" for told in outcome.wrong or ["see the numbers above"]]
    for told in wrong:
        print(told)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
