"""The mirror as a process beside a sweep: started, left alone, finished. Never in the sweep's way.

The process reads the store like anybody else; all that goes to it is the end of its standard input,
and that comes too when the sweep is killed. It never sees a Ctrl-C (a process group of its own), and
wandb is imported there and not here.

    follower = Follower.start(results, study, mode=None)
    ...the sweep...
    print(follower.finish(timeout=60))
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from sweeps.terminal.printed import printed

HARMLESS = {"WANDB_API_KEY", "WANDB_ENTITY", "WANDB_ERROR_REPORTING"}
MODES = ("online", "offline", "disabled", "dryrun")


def to_be_checked(project: str | None) -> bool:
    """Whether W&B has settings that may be wrong. Only then is it worth two seconds to import wandb and ask."""
    given = {name for name, value in os.environ.items() if name.startswith("WANDB_") and name not in HARMLESS}
    if os.environ.get("WANDB_MODE") in MODES:
        given.discard("WANDB_MODE")
    folder = Path(os.environ.get("WANDB_CONFIG_DIR") or "~/.config/wandb").expanduser()
    files = (folder / "settings", Path("wandb/settings"), Path(".wandb/settings"))
    return bool(project or given) or any(path.is_file() for path in files)


class Follower:
    """A running mirror. Nothing here raises: what goes wrong is in the line that `finish` returns."""

    def __init__(self, process: subprocess.Popen[str] | None, repair: str, trouble: str = ""):
        self.repair = repair  # what to do when it is lost
        self.process = process
        self.line = trouble
        self.reader: threading.Thread | None = None

    @classmethod
    def start(
        cls,
        results: str | os.PathLike[str],
        study: str,
        *,
        mode: str | None = None,
        runs: str = "auto",
        project: str | None = None,
        entity: str | None = None,
        report: Callable[[str], None] = lambda line: None,
    ) -> "Follower":
        """Start it. mode: online, offline, or None for what W&B's settings say. runs: see `which.py`. `report` gets
        each line that it prints as it comes, on a thread: first the mode and why, then any trouble."""
        results = Path(results).absolute()
        command = [sys.executable, "-P", "-m", "sweeps.mirror.process", "--follow", "--results", str(results)]
        command += ["--study", study, "--mode", mode or "auto", "--runs", runs]
        command += ["--project", project] if project else []
        command += ["--entity", entity] if entity else []
        cure = repair(study, results, mode, project, entity, runs=runs)
        root = str(Path(__file__).parents[2])  # the code that runs here, wherever Python was started
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            log = results / study / "wandb" / "mirror.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            with open(log, "w") as errors:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
                    process_group=0,
                    text=True,
                )
        except OSError as error:
            return cls(None, cure, f"W&B: the mirror did not start ({error}); {cure}")
        follower = cls(process, cure)
        follower.reader = threading.Thread(target=follower.read, args=(report,), daemon=True)
        follower.reader.start()
        return follower

    def read(self, report: Callable[[str], None]) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.line = line.strip()
                report(self.line)

    def finish(self, timeout: float = 60.0) -> str:
        """Let it mirror the rest and return its last line; end it where that takes longer than `timeout`
        seconds."""
        if self.process is None or self.reader is None:
            return self.line
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            return f"W&B: the mirror was not ready after {timeout:.0f} s and was ended; {self.repair}"
        self.reader.join(1.0)
        if code in (0, 1, 2) and self.line:
            return self.line
        return f"W&B: the mirror ended with code {code}; {self.repair}"

    def kill(self) -> None:
        """End it at once. Its `wandb-core` watches it and goes by itself."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def repair(
    study: str,
    results: object,
    mode: str | None,
    project: str | None,
    entity: str | None,
    *,
    runs: str = "auto",
) -> str:
    """What to do about runs that W&B lacks; where and how they were to be mirrored belongs to it."""
    asked = None if runs == "auto" else runs
    command = printed(
        "mirror", study, results=results, wandb=mode, runs=asked, project=project, entity=entity
    )
    return f"`{command}` repairs it"
