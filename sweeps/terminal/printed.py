"""Commands that we print, so that a shell takes them as they stand: every word quoted that needs it, with the options
without which it would be another command.

    printed("report", "größe.py", results="res ults")   ->   lstm-variants report 'größe.py' --results 'res ults'
"""

import shlex
from pathlib import Path

PROGRAM = "lstm-variants"
RESULTS = "results"  # the default of --results


def printed(command: str, *words: object, results: object = None, **options: object) -> str:
    """A command of ours. Options that are None are left out, and a results directory that is the default one."""
    line = [PROGRAM, command, *map(word, words)]
    results = called(results)
    if results is not None and (
        "://" in str(results) or Path(str(results)).absolute() != Path(RESULTS).absolute()
    ):
        line += option("results", results)
    for name, value in options.items():
        if value is not None:
            line += option(name, value)
    return " ".join(line)


def called(results: object) -> object:
    """The URL of which a folder of results is the local copy (`sweeps.remote.copy`), else the folder itself."""
    try:
        return (Path(str(results)) / ".url").read_text()
    except OSError:
        return results


def word(value: object) -> str:
    """A name or a path; one that begins with a dash would be taken for an option."""
    text = str(value)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)


def option(name: str, value: object) -> list[str]:
    text = str(value)
    return [f"--{name}={shlex.quote(text)}"] if text.startswith("-") else [f"--{name}", shlex.quote(text)]
