"""`lstm-variants dashboard STUDY`: saved views and a report in W&B, as JSON, or as a page without W&B."""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from sweeps.commands.common import store_of
from sweeps.errors import InputError
from sweeps.mirror.account import MirrorError, log_in, resolve_mode, session
from sweeps.store.declaration import Declaration
from sweeps.store.store import Store
from sweeps.terminal.outputs import output, write
from sweeps.terminal.printed import printed
from sweeps.terminal.screen import console

AGAIN = 5  # seconds between two versions of the page


def run(options: argparse.Namespace) -> int:
    """Exit code 1 where W&B did not answer. Raises InputError where the study never ran, or for a file that cannot be
    written."""
    if options.follow and not options.html:
        raise InputError("--follow needs --html FILE, the page to write anew.")
    store = store_of(options, options.study)
    store.declaration()
    if options.html:
        return to_page(store, options)
    if options.json:
        return to_json(store, options)
    mode, reason = resolve_mode(None)
    console().print(reason, soft_wrap=True)
    return to_wandb(store, options) if mode == "online" else to_file(store, options)


def to_page(store: Store, options: argparse.Namespace) -> int:
    from sweeps.dashboard.gather import shown_of
    from sweeps.dashboard.page import page

    path = output(
        options.html, "--html", inputs=[store.path / name for name in ("study.json", "trials", "curves")]
    )
    while True:
        declared = store.declaration()
        complete = is_complete(store, declared)
        again = AGAIN if options.follow and not complete else 0
        write(path, page(shown_of(store, declared, options.runs, again=again)).encode())
        if not again:
            break
        time.sleep(AGAIN)
        store.refresh()
    console().print(f"The page is {path}", soft_wrap=True)
    return 0


def is_complete(store: Store, declared: Declaration) -> bool:
    """Whether every trial that was planned has ended."""
    rows = store.planned(["status"]).rows["status"].to_pylist()
    return len([status for status in rows if status != "failed"]) >= declared.trials


def to_json(store: Store, options: argparse.Namespace) -> int:
    text = as_json(store, options)
    if options.json == "-":
        sys.stdout.write(text)
    else:
        write(output(options.json, "--json", inputs=[store.path / "study.json"]), text.encode())
    return 0


def to_file(store: Store, options: argparse.Namespace) -> int:
    """Nobody is logged in: the JSON beside the offline runs."""
    path = store.path / "wandb" / "dashboards.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, as_json(store, options).encode())
    screen = console()
    screen.print(f"Views and report are in {path}", soft_wrap=True)
    runs = None if options.runs == "auto" else options.runs
    again = printed(
        "dashboard",
        store.study,
        results=store.results,
        runs=runs,
        project=options.project,
        entity=options.entity,
    )
    screen.print(
        f"After `wandb login`, `{again}` puts them into W&B; --html FILE makes a page without it.",
        soft_wrap=True,
    )
    return 0


def as_json(store: Store, options: argparse.Namespace) -> str:
    from sweeps.dashboard.boards import boards_of

    with session():
        _, project, entity = log_in("offline", options.project, options.entity)
    boards = boards_of(store, options.runs, entity=entity or "", project=project)
    told = [{"name": b.name, "displayName": b.title, "type": b.kind, "spec": b.spec} for b in boards]
    return json.dumps(told, indent=1, sort_keys=True) + "\n"


def to_wandb(store: Store, options: argparse.Namespace) -> int:
    from sweeps.dashboard.boards import boards_of
    from sweeps.dashboard.publish import LEFT, publish
    from sweeps.mirror.limits import asked_pause
    from sweeps.mirror.server import Server

    screen = console()
    with session(), tempfile.TemporaryDirectory(prefix="wandb-") as scratch:
        try:
            _, project, entity = log_in("online", options.project, options.entity)
            server = Server(project, entity, Path(scratch))
            boards = boards_of(store, options.runs, entity=server.entity, project=project)
            memory = store.path / "wandb" / "published.json"
            memory.parent.mkdir(parents=True, exist_ok=True)
            done = publish(server, boards, memory, overwrite=options.overwrite)
        except MirrorError as error:
            wait = asked_pause([str(error)])
            when = f"; W&B asks to wait {wait:.0f} s" if wait else ""
            screen.print(
                f"W&B: {error}{when}. Nothing is lost; the same command does the rest.", soft_wrap=True
            )
            return 1
    for one in done:
        screen.print(f"{one.board.title:<34} {one.outcome:<10} {one.url}", soft_wrap=True)
    if any(one.outcome == LEFT for one in done):
        screen.print("Left alone: what was changed in W&B. --overwrite replaces it.", soft_wrap=True)
    return 0
