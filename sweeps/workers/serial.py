"""The same loop as in `sweeps.workers.crew`, in this process and without workers: for tests and tiny jobs."""

from collections.abc import Callable
from typing import Any

from sweeps.workers.crew import Take


def run(
    take: Take,
    put: Callable[[Any, Any], None],
    failed: Callable[[Any, BaseException], None],
) -> None:
    """Run what `take` gives until it gives None; see `sweeps.workers.crew.run` for the callbacks."""
    from sweeps.worker import Worker

    worker, seen = Worker(), set[Any]()
    while (given := take(seen, set(), None)) is not None:
        item, structure, task = given
        seen.add(structure)
        try:
            for event in task(worker):
                put(item, event)
        except Exception as error:
            failed(item, error)
