"""Who is logged in to W&B, in which mode, and an environment in which the user's own run does not interfere."""

import contextlib
import os
import re
from collections.abc import Iterator
from typing import Literal

import wandb

from sweeps.errors import InputError
from sweeps.mirror.settings import RUN_VARIABLES, check

Mode = Literal["online", "offline"]
PROJECT = "lstm-variants"


class MirrorError(RuntimeError):
    """W&B did not take what we gave it; the store is untouched and a later mirror repairs."""


def connect(mode: Mode | None = None) -> wandb.Settings:
    """W&B's settings from its files and variables, without a prompt, a viewer query or a word. Raises InputError for
    one that W&B does not allow."""
    check()
    settings = wandb.Settings(x_disable_viewer=True, silent=True)
    if mode:
        settings.mode = mode
    return wandb.setup(settings=settings).settings


def resolve_mode(requested: Mode | Literal["off"] | None) -> tuple[Mode | Literal["off"], str]:
    """The mode to use and, in one line, why. Never asks, never waits for a server. Raises InputError for a setting that
    W&B does not allow.

    None stands for what W&B's own settings say (WANDB_MODE, `wandb offline`, ...). Online needs
    somebody logged in, or it becomes offline, also when it was asked for: W&B never stops a sweep.
    """
    if requested == "off" or requested == "offline":
        return requested, f"W&B {requested}, as requested"
    try:
        with own_environment():
            mode = connect(requested).mode
            if mode == "disabled":
                return "off", "W&B off: disabled in its settings (WANDB_MODE or `wandb disabled`)"
            if mode in ("offline", "dryrun"):
                return "offline", "W&B offline: set so in its settings (WANDB_MODE or `wandb offline`)"
            if wandb.login(prompt=False, verify=False):
                return "online", "W&B online"
            return "offline", "W&B offline: not logged in (`wandb login` changes that)"
    except InputError:
        raise
    except Exception as error:  # a malformed key; whatever it is, the sweep goes on
        return "offline", f"W&B offline: its settings are invalid ({one_line(error)})"
    finally:
        wandb.teardown()


@contextlib.contextmanager
def own_environment() -> Iterator[None]:
    """Hide the variables that describe a run of the user's own, and keep wandb from reporting on itself:
    a mirror sends runs and nothing else."""
    before = {name: os.environ.pop(name, None) for name in (*RUN_VARIABLES, "WANDB_ERROR_REPORTING")}
    os.environ["WANDB_ERROR_REPORTING"] = "false"
    try:
        yield
    finally:
        del os.environ["WANDB_ERROR_REPORTING"]
        os.environ.update({name: value for name, value in before.items() if value is not None})


@contextlib.contextmanager
def session() -> Iterator[None]:
    """`own_environment`; afterwards wandb remembers nothing of it."""
    with own_environment():
        try:
            yield
        finally:
            wandb.teardown()


def log_in(mode: Mode, project: str | None, entity: str | None) -> tuple[str, str, str | None]:
    """Host, project and entity to use.

    Raises MirrorError where nobody is logged in or W&B does not answer, InputError for settings that it refuses.
    """
    try:
        settings = connect(mode)
        project = project or settings.project or PROJECT
        wandb.Settings(project=project)
        if mode == "offline":
            return "offline", project, entity or settings.entity
        if wandb.login(prompt=False, verify=False):
            return settings.base_url, project, entity or settings.entity
    except wandb.errors.UsageError as error:
        raise InputError(f"W&B rejects the settings: {one_line(error)}.") from None
    except InputError:
        raise
    except Exception as error:
        raise MirrorError(one_line(error)) from None
    raise MirrorError("not logged in to W&B (`wandb login` changes that)")


def one_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")


def explained(message: str) -> str:
    """What went wrong at the server, with its cure where there is one."""
    if "<no message>" in message or re.search(r"\berror 401\b|\bHTTP 401\b", message):
        return (
            "the server does not accept the API key (HTTP error 401): it has expired, or belongs to another server "
            "than WANDB_BASE_URL says; `wandb login --relogin` stores another"
        )
    return message
