"""W&B's own settings, checked one by one: its error for a bad one says neither which nor where.

They stand in variables of the environment (`WANDB_MODE`) and in two files, the user's and the folder's, whose faults
W&B does not even count as errors: it leaves the whole file out.
"""

import configparser
import os
from collections.abc import Iterator
from pathlib import Path

import wandb

from sweeps.errors import InputError

SECTION = "default"
KEY = "WANDB_API_KEY"  # judged by the login; never shown
# Variables that speak of one run of the user's own, and are hidden from ours. WANDB_RUN_ID would win over our `id=`.
RUN_VARIABLES = (
    *("WANDB_RUN_ID", "WANDB_NAME", "WANDB_RUN_GROUP", "WANDB_JOB_TYPE", "WANDB_TAGS", "WANDB_NOTES"),
    *("WANDB_RESUME", "WANDB_RESUME_FROM", "WANDB_FORK_FROM", "WANDB_DIR", "WANDB_CONFIG_PATHS"),
    *("WANDB_SWEEP_ID", "WANDB_SWEEP_PARAM_PATH", "WANDB_RUN_STORAGE_ID", "WANDB_LAUNCH"),
)

NOT_JUDGED = (
    "anonymous",
    "settings_system",
    "root_dir",
    "api_key",
)  # in a file; W&B passes over the first three


def check(project: str | None = None) -> None:
    """Raises InputError that names every setting which W&B does not allow, and how to be rid of it. project: one that
    was given on the command line."""
    found = [*in_variables(), *in_files()]
    if project is not None:
        try:
            wandb.Settings(project=project)
        except Exception as error:
            found.append(f"--project {project}: {reason(error)}")
    if found:
        raise InputError("W&B does not allow " + "; and ".join(found))


def in_variables() -> Iterator[str]:
    for name, value in sorted(os.environ.items()):
        if name.startswith("WANDB_") and name != KEY and name not in RUN_VARIABLES:
            try:
                wandb.Settings().update_from_env_vars({name: value})
            except Exception as error:  # of pydantic, or of W&B
                yield f"{name}='{value}': {reason(error)}. Set it to something else, or `unset {name}`"


def in_files() -> Iterator[str]:
    for path in files():
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(path)
        except (OSError, UnicodeDecodeError, configparser.Error) as error:
            yield f"its settings file {path}: {str(error).splitlines()[0]}. Correct the file, or move it away"
            continue
        for name, value in parser.items(SECTION) if parser.has_section(SECTION) else ():
            if name not in NOT_JUDGED:
                try:
                    wandb.Settings(**{name: value.split(",") if name == "ignore_globs" else value})  # type: ignore[arg-type]
                except Exception as error:
                    yield f"{name} = {value} in {path}: {reason(error)}. Correct that line, or remove it"


def files() -> list[Path]:
    """The settings files that there are: the user's and this folder's."""
    folder = os.environ.get("WANDB_CONFIG_DIR") or "~/.config/wandb"
    places = [Path(folder).expanduser() / "settings", Path(wandb.Settings().settings_workspace)]
    return [path for path in places if path.is_file()]


def reason(error: Exception) -> str:
    """What is wrong with a value, in pydantic's words where it has them, without its link."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    words = lines[2] if len(lines) > 2 and "validation error" in lines[0] else lines[0]
    text = words.strip().partition(" [type=")[0].removeprefix("Value error, ").rstrip(".?")
    return text[:1].lower() + text[1:]
