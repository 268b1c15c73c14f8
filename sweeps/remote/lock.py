"""The lock of a study on a URL: an object that names its holder, who writes it anew every `BEAT` seconds.

    STUDY/.lock    {"process": 4711, "host": "node7", "since": "2026-11-28 01:02", "token": ..., "copy": ..., "beat": 3}

It is made where none is there, which the store itself refuses where one is (If-None-Match); as not every store does,
the one that is there a moment later has won. A holder removes it in the end. One that is left is dead where its copy is
ours, whose own lock we hold, and `DEAD` seconds after it was last written: ages are differences of times that the store
gives, and where it gives none, we wait so long for a sign of life.
"""

import contextlib
import json
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

from sweeps.remote.objects import Objects, Version
from sweeps.remote.trouble import RemoteError
from sweeps.store import lock as local
from sweeps.store.lock import Held, Holder, own, tell

SETTLED = 1.0  # seconds after which everybody reads the same
POLL = 2.0  # seconds between two looks for a sign of life
LEAVE = 5.0  # seconds for a sign of life that is under way


@contextlib.contextmanager
def locked(objects: Objects, name: str, copy: str, *, broken: bool = False) -> Iterator[None]:
    """Hold the lock object. copy: id of the local copy, whose lock this process holds. broken: take it, whoever has it.

    Raises Held where another process holds it, RemoteError where the object can not be written.
    """
    mine = own() | {"token": uuid.uuid4().hex, "copy": copy, "beat": 0}
    found = said(objects, name)
    if found is None:
        objects.create(name, packed(mine))
    elif broken or found.get("copy") == copy or not may_live(objects, name, found):
        objects.write(name, packed(mine))
    else:
        raise Held(holder(objects, name, found))
    time.sleep(SETTLED)
    found = said(objects, name)
    if found is None or found.get("token") != mine["token"]:
        raise Held(holder(objects, name, found or {}))
    over = threading.Event()
    beating = threading.Thread(target=beat, args=(objects, name, mine, over), daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        with objects.in_haste(), contextlib.suppress(RemoteError):  # it is dead soon in any case
            beating.join(LEAVE)
            if (said(objects, name) or {}).get("token") == mine["token"]:
                objects.remove(name)


def beat(objects: Objects, name: str, mine: dict[str, Any], over: threading.Event) -> None:
    """Give signs of life until it is over, or the lock was taken away."""
    while not over.wait(local.BEAT):
        with contextlib.suppress(RemoteError):
            found = said(objects, name)
            if over.is_set() or (found is not None and found.get("token") != mine["token"]):
                return
            mine["beat"] += 1
            objects.write(name, packed(mine))


def packed(holder: dict[str, Any]) -> bytes:
    return json.dumps(holder).encode()


def said(objects: Objects, name: str) -> dict[str, Any] | None:
    """What the object says; None where there is none, or nothing in it."""
    content = objects.read(name)
    try:
        found = json.loads(content or b"{}")
    except ValueError:
        found = {}
    return found if isinstance(found, dict) and found else None


def may_live(objects: Objects, name: str, found: dict[str, Any]) -> bool:
    """Whether the holder gives a sign of life, for which we wait until it is overdue."""
    first = objects.version(name)
    if first is None:
        return False
    passed = age(objects, name, first) or 0.0
    if passed > local.DEAD:
        return False
    wait = local.DEAD - passed
    tell(
        f"{objects.url}/{name} names {as_holder(found, passed)}: waiting up to {wait:.0f} s to see whether that sweep "
        "still runs."
    )
    until = time.monotonic() + wait
    while time.monotonic() < until:
        time.sleep(min(POLL, local.DEAD / 10))
        now = objects.version(name)
        if now is None:
            return False
        if (now.mark, now.written) != (first.mark, first.written):
            return True
    return False


def age(objects: Objects, name: str, version: Version) -> float | None:
    """Seconds since the object was written, by the clock of its store; None where it gives no times."""
    probe = f"{name}.now-{uuid.uuid4().hex[:8]}"
    now = objects.write(probe, b"now").written
    objects.remove(probe)
    return None if now is None or version.written is None else max(0.0, now - version.written)


def holder(objects: Objects, name: str, found: dict[str, Any]) -> Holder:
    version = objects.version(name)
    return as_holder(found, (version and age(objects, name, version)) or 0.0)


def as_holder(found: dict[str, Any], seconds: float) -> Holder:
    said = {key: str(found.get(key, "unknown")) for key in ("process", "host", "since")}
    return Holder(**said, age=seconds)


class Watched:
    """Whether a lock is held, for whoever looks again and again, and may only read: a holder that gives no sign of life
    while we look is dead."""

    def __init__(self, objects: Objects, name: str):
        self.objects, self.name = objects, name
        self.seen: tuple[tuple[str, float | None], float] | None = None

    @property
    def held(self) -> bool:
        version = self.objects.version(self.name)
        if version is None:
            return False
        mark = version.mark, version.written
        if self.seen is None or self.seen[0] != mark:
            self.seen = mark, time.monotonic()
        return time.monotonic() - self.seen[1] < local.DEAD
