"""The runs of a W&B project, from its server or from a folder of offline files.

    with opened("entity/project") as runs: ...        wandb.Api; needs a login
    with opened("results/quick/wandb") as runs: ...   offline files; needs nothing

Online, configs and summaries come in pages and a run's history with a request or two when it is asked for, so that
a table of configs and summaries is cheap. Nothing here prompts, and everything has a timeout.
"""

import contextlib
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import wandb

from sweeps.errors import InputError
from sweeps.mirror.account import one_line, own_environment
from sweeps.mirror.run import Row, Run
from sweeps.mirror.settings import check
from sweeps.wandb_import.files import find, read_file
from sweeps.wandb_import.resumed import one_each

TIMEOUT = (
    20  # whole seconds that one request to the server may take (wandb cuts 0.5 to 0, which is its default)
)
RETRIES = 2
GRACE = 10.0  # seconds to end the connection in; nothing is on its way that could be lost
PAGE = 200  # runs a page: some 4 kB each

PROJECT = re.compile(r"[\w.-]+/[^/\s]+")

Progress = Callable[[int, int], None]
Answer = TypeVar("Answer")


class ReadError(RuntimeError):
    """W&B did not answer, or not so that we understand it; asking again may help."""


@contextlib.contextmanager
def opened(source: str, progress: Progress = lambda done, total: None) -> Iterator[list[Run]]:
    """The runs of `source`; their histories can be read inside the `with`. progress: runs read, and of how many.

    source: a folder that exists, or `ENTITY/PROJECT`. Offline runs are in the order of their paths, online ones in
    that of their creation; folders that one resumed run left are one run. Raises InputError for what is neither, for a
    folder or project without runs, and where nobody is logged in; ReadError where W&B does not answer.
    """
    if Path(source).exists():
        yield read_folder(Path(source), progress)
    elif PROJECT.fullmatch(source):
        with contextlib.ExitStack() as stack:
            yield read_project(source, progress, stack)
    else:
        raise InputError(
            f"There is no folder '{source}', and it is not ENTITY/PROJECT. Give the folder that holds offline runs, "
            f"such as results/quick/wandb, or a project's address without https://..., such as me/lstm-variants."
        )


def read_folder(folder: Path, progress: Progress) -> list[Run]:
    """The runs in a folder of offline files. Raises InputError where there are none."""
    paths = find(folder)
    if not paths:
        raise InputError(
            f"No offline runs of W&B (run-*.wandb) below {folder}. `lstm-variants mirror STUDY --wandb offline` "
            f"writes them to RESULTS/STUDY/wandb, `wandb.init(mode='offline')` to ./wandb."
        )
    runs = []
    for path in paths:
        runs.append(read_file(path))
        progress(len(runs), len(paths))
    return one_each(runs)


def read_project(source: str, progress: Progress, stack: contextlib.ExitStack) -> list[Run]:
    """`stack` keeps the connection that the histories need. Raises InputError where the project has no runs."""
    stack.enter_context(own_environment())
    scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="wandb-"))
    os.environ["WANDB_DIR"] = scratch  # wandb.Api makes a folder for each run it lists
    stack.callback(os.environ.pop, "WANDB_DIR", None)
    stack.callback(hang_up)
    api = log_in(source)
    found = answer(lambda: api.runs(source, order="+created_at", per_page=PAGE, lazy=False))
    runs: list[Run] = []
    while (run := answer(lambda: next(found, None), source)) is not None:
        runs.append(online(run))
        progress(len(runs), len(found))
    if not runs:
        raise InputError(f"The project {source} has no runs.")
    return runs


def hang_up() -> None:
    """End the connection. W&B's own process is waited for GRACE seconds, since it may itself wait for a server that
    does not answer; what is left of it ends with this process."""
    waiting = threading.Thread(target=wandb.teardown, daemon=True)
    waiting.start()
    waiting.join(GRACE)


def log_in(source: str) -> Any:
    """A `wandb.Api` for whoever is logged in. Raises InputError where nobody is, or W&B refuses the settings."""
    check()
    try:
        wandb.setup(
            settings=wandb.Settings(
                mode="online",
                silent=True,
                x_disable_viewer=True,
                x_graphql_timeout_seconds=TIMEOUT,
                x_graphql_retry_max=RETRIES,
                x_graphql_retry_wait_min_seconds=1,
                x_graphql_retry_wait_max_seconds=2,
            )
        )
        logged_in = wandb.login(prompt=False, verify=False)
    except Exception as error:  # a malformed key or setting
        raise InputError(f"W&B rejects the settings: {one_line(error)}.") from None
    if not logged_in:
        raise InputError(
            f"Reading {source} from W&B needs a login, and you are not logged in (`wandb login` changes that). "
            f"A folder of offline runs needs none, but there is no folder '{source}' here."
        )
    entity = source.partition("/")[0]  # given, it is not asked for
    return answer(lambda: wandb.Api(overrides={"entity": entity}, timeout=TIMEOUT * (RETRIES + 2)))


def online(run: Any) -> Run:
    """One run of `wandb.Api`."""

    def history() -> list[Row]:
        return answer(lambda: list(run.scan_history(use_cache=False)), run.id)

    def read(name: str) -> str | None:
        found = answer(lambda: list(run.files(names=[name])), run.id)
        if not found:
            return None
        with tempfile.TemporaryDirectory(prefix="wandb-") as folder:
            answer(lambda: found[0].download(root=folder, replace=True), run.id).close()
            return (Path(folder) / name).read_text(encoding="utf-8")

    return Run(
        id=run.id,
        name=run.name or run.id,
        project=run.project,
        group=run.group or "",
        job_type=run.job_type or "",
        state=run.state,
        config=dict(run.config),
        summary={name: value for name, value in run.summary_metrics.items() if not name.startswith("_")},
        history=history,
        read=read,
    )


def answer(ask: Callable[[], Answer], about: str = "") -> Answer:
    """What W&B answers. Raises ReadError where it does not in time, or not so that we understand it; InputError for
    a project that is not there."""
    try:
        return ask()
    except Exception as error:  # wandb's own, and what it makes of an answer that it does not understand
        if isinstance(error, ValueError) and "Could not find project" in str(error):
            raise InputError(
                f"W&B has no project {about}, or you have no access to it. An address is ENTITY/PROJECT, as in the "
                "URL of its page."
            ) from None
        raise ReadError(one_line(error) + (f" ({about})" if about else "")) from None
