"""The mirror as a process beside a sweep, which `sweeps/mirror/follower.py` starts.

python -m sweeps.mirror.process --results DIR --study NAME --mode auto --follow
"""

import argparse
import contextlib
import os
import sys
import threading
import traceback
from collections.abc import Sequence

from sweeps.errors import InputError
from sweeps.mirror.account import one_line, resolve_mode
from sweeps.mirror.follow import mirror
from sweeps.mirror.follower import repair
from sweeps.mirror.which import CHOICES
from sweeps.store.store import Store


def main(arguments: Sequence[str] | None = None) -> int:
    """The process beside a sweep. Its last line of output is the outcome; standard input that ends means
    that the sweep has ended, however it did."""
    parser = argparse.ArgumentParser(
        prog="python -m sweeps.mirror.process", description="Mirror a study to W&B."
    )
    parser.add_argument("--results", required=True)
    parser.add_argument("--study", required=True)
    parser.add_argument("--mode", choices=("auto", "online", "offline"), default="auto")
    parser.add_argument("--runs", choices=CHOICES, default="auto")
    parser.add_argument("--project")
    parser.add_argument("--entity")
    parser.add_argument("--follow", action="store_true", help="until standard input ends")
    options = parser.parse_args(arguments)
    asked = None if options.mode == "auto" else options.mode
    cure = repair(options.study, options.results, asked, options.project, options.entity, runs=options.runs)
    ended = threading.Event()
    if options.follow:
        os.nice(10)  # whoever trains goes first
        threading.Thread(target=wait_for_end_of_input, args=(ended,), daemon=True).start()
    try:
        mode, reason = resolve_mode(asked)
        say(reason)
        if mode == "off":
            return 0
        summary = mirror(
            Store(options.results, options.study),
            mode=mode,
            runs=options.runs,
            project=options.project,
            entity=options.entity,
            follow=options.follow,
            stop=ended.is_set,
            report=say,
        )
    except KeyboardInterrupt:
        say(f"W&B: mirror interrupted; {cure}")
        return 130
    except InputError as error:  # nothing that `mirror` could repair before it is corrected
        say(f"{one_line(error)}. Then {cure}")
        return 2
    except Exception as error:
        traceback.print_exc()
        say(f"W&B: mirror failed ({one_line(error)}); {cure}")
        return 1
    say(f"{summary}; {cure}" if summary.failed else str(summary))
    return 1 if summary.failed else 0


def wait_for_end_of_input(ended: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    ended.set()


def say(line: str) -> None:
    """A line for whoever still listens: a sweep that died reads no more, and the last look goes on."""
    with contextlib.suppress(OSError):
        os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    sys.exit(main())
