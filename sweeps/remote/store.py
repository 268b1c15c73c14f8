"""A study's store whose results are on a URL: its folder is the local copy, and `share` brings it there."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sweeps.errors import InputError
from sweeps.remote.address import copies
from sweeps.remote.copy import Copy
from sweeps.remote.lock import Watched, locked
from sweeps.remote.trouble import RemoteError
from sweeps.store.held import held
from sweeps.store.lock import Held
from sweeps.store.store import Store

LOCK = ".lock"


class RemoteStore(Store):
    """copy: of the URL. A worker, which is sent it, has the same copy on its own machine, and does not reach the URL.
    everything: bring over what was made of the results, too."""

    def __init__(self, copy: Copy, study: str, *, everything: bool = False):
        super().__init__(copy.folder, study)
        self.copy, self.everything = copy, everything
        self.watched = Watched(copy.objects, f"{study}/{LOCK}")

    def __reduce__(self) -> tuple[Any, ...]:
        return sent, (self.copy.name, self.study)

    @property
    def place(self) -> str:
        return f"{self.copy.url}/{self.study}"

    @contextlib.contextmanager
    def lock(self, *, broken: bool = False) -> Iterator[None]:
        """Hold the study for one sweep, here and on the URL; what one side lacks is brought over first, and in the
        end. Raises InputError where another sweep holds it, RemoteError where the URL can not be read or written."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(super().lock(broken=broken))
            try:
                name = f"{self.study}/{LOCK}"
                stack.enter_context(locked(self.copy.objects, name, self.copy.id, broken=broken))
            except Held as other:
                raise InputError(
                    f"Another sweep ({other.holder}) is running on {self.place}. Wait for it, stop it, or use another "
                    "--results. If you know that it is dead: --break-lock."
                ) from None
            self.copy.pull(self.study, everything=self.everything)
            self.share()
            try:
                yield
            except KeyboardInterrupt:  # the machine may be about to go
                with self.copy.objects.in_haste(), contextlib.suppress(RemoteError):
                    self.share()
                raise
            self.copy.push(self.study, everything=True)

    def share(self) -> None:
        """Bring to the URL what it lacks. Raises RemoteError where it does not take it."""
        self.copy.push(self.study)

    def refresh(self) -> None:
        """Bring over what the URL has, unless a sweep on this machine is ahead of it."""
        if held(self.path / LOCK) is not True:
            self.copy.pull(self.study, everything=self.everything)

    @property
    def swept(self) -> bool | None:
        return held(self.path / LOCK) is True or self.watched.held


def sent(name: str, study: str) -> Store:
    """What a worker gets of a store on a URL: its machine's own copy."""
    return Store(Path(copies()) / name, study)
