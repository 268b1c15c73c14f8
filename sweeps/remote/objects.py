"""The objects below a URL: listed, read and written whole, by `fsspec`. What fails in passing is tried again.

    objects = Objects.at("s3://bucket/results")
    objects.write("quick/study.json", b"{}")
    objects.all_below("quick")                   {"quick/study.json": Version(...)}

Names are relative to the URL. Raises RemoteError, in words, where trying again does not help.
"""

import contextlib
import datetime
import math
import os
import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import fsspec

from sweeps.errors import InputError
from sweeps.remote.trouble import not_done, not_opened, passing, told

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0, 60.0, 60.0, 60.0)  # seconds before each further try
FEW = 2  # waits before anything has answered
AT_ONCE = 16  # objects under way
TIMES = (
    "LastModified",
    "last_modified",
    "updated",
    "timeModified",
    "mtime",
    "created",
)  # in what a store says
TAGS = ("ETag", "etag", "generation", "md5Hash", "content_md5")
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "STORAGE_EMULATOR_HOST")

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, kw_only=True)
class Version:
    """Differs where an object was written anew. written: when, in seconds, by the store's clock; None where it does
    not say."""

    tag: str
    size: int
    written: float | None

    @property
    def mark(self) -> str:
        """What is equal where the content is, as far as the store tells."""
        return f"{self.tag or self.written} {self.size}"


class Objects:
    """url: as it was given, without a slash at its end. root: where that is in the file system `fs`."""

    def __init__(self, url: str, fs: Any, root: str):
        self.url, self.fs, self.root = url, fs, root.rstrip("/")
        self.answered = False
        self.hushed = False
        self.ending = threading.Event()  # of calls that wait
        self.patient = True

    @classmethod
    def at(cls, url: str) -> "Objects":
        """Raises InputError where there is no file system for it, RemoteError where it can not be listed."""
        protocol, _, place = url.partition("://")
        if not place.strip("/"):
            raise InputError(f"--results {url} names no bucket; expected {protocol}://BUCKET/FOLDER.")
        url = url.rstrip("/")
        try:
            fs, root = fsspec.url_to_fs(url, use_listings_cache=False)
        except Exception as error:  # of whatever package the protocol has
            raise not_opened(url, error) from None
        found = cls(url, fs, root)
        found.look()
        return found

    @property
    def server(self) -> str:
        """Which one answers, where it is not the usual one."""
        named = getattr(self.fs, "endpoint_url", None) or getattr(self.fs, "client_kwargs", {}).get(
            "endpoint_url"
        )
        return str(named or next(filter(None, map(os.environ.get, ENDPOINTS)), ""))

    def look(self) -> None:
        """Raises RemoteError where nothing can be listed: no such bucket, no credentials, no answer."""
        bucket = self.root.split("/")[0]

        def one() -> None:
            self.fs.invalidate_cache()
            try:
                self.fs.ls(self.root, detail=False)
            except FileNotFoundError:  # nothing is there yet, or not even the bucket
                if bucket:
                    self.fs.ls(bucket, detail=False)

        self.again("read", one)

    def writable(self) -> None:
        """Raises RemoteError where nothing can be written."""
        probe = f".writable-{uuid.uuid4().hex[:8]}"
        self.write(probe, b"")
        self.remove(probe)

    def again(self, what: str, call: Callable[[], T]) -> T:
        """What a call gives, in the end."""
        waits = WAITS[: len(WAITS) if self.answered else FEW] if self.patient else ()
        for wait in (*waits, math.inf):
            try:
                found = call()
            except Exception as error:
                if not passing(error) or wait == math.inf or self.ending.is_set():
                    raise not_done(self.url, what, error) from error
                if not self.hushed and wait > WAITS[0]:
                    self.hushed = True
                    print(f"{self.url} does not answer ({told(error)}): trying again.", file=sys.stderr)
                self.ending.wait(wait)
            else:
                self.answered, self.hushed = True, False
                return found
        raise AssertionError("unreachable")

    @contextlib.contextmanager
    def in_haste(self) -> Iterator[None]:
        """Within it nothing is tried twice."""
        self.patient = False
        try:
            yield
        finally:
            self.patient = True

    def at_once(self, call: Callable[[U], T], items: Iterable[U]) -> list[T]:
        """What it gives of each, several at a time. Raises what the first of them raises; then nobody waits longer."""
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            return list(pool.map(call, items))
        except BaseException:
            self.ending.set()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            self.ending.clear()

    def path(self, name: str) -> str:
        return f"{self.root}/{name}" if name else self.root

    def all_below(self, name: str) -> dict[str, Version]:
        """All objects below a name, by theirs."""

        def one() -> dict[str, dict[str, Any]]:
            self.fs.invalidate_cache()
            return dict(self.fs.find(self.path(name), detail=True))

        start = len(self.root.lstrip("/")) + 1 if self.root.strip("/") else 0
        found = self.again("read", one)
        return {path.lstrip("/")[start:]: version_of(detail) for path, detail in found.items()}

    def studies(self) -> list[str]:
        """Names right below the URL that have something below them."""

        def one() -> list[dict[str, Any]]:
            self.fs.invalidate_cache()
            try:
                return list(self.fs.ls(self.root, detail=True))
            except FileNotFoundError:
                return []

        found = self.again("read", one)
        return sorted(
            each["name"].rstrip("/").rpartition("/")[2] for each in found if each["type"] == "directory"
        )

    def read(self, name: str) -> bytes | None:
        """None where it is not there."""
        return self.again("read", lambda: there(lambda: bytes(self.fs.cat_file(self.path(name)))))

    def version(self, name: str) -> Version | None:
        def one() -> Version | None:
            self.fs.invalidate_cache()
            return there(lambda: version_of(self.fs.info(self.path(name))))

        return self.again("read", one)

    def write(self, name: str, content: bytes) -> Version:
        """Write it whole, over what is there."""
        self.again("write", lambda: self.fs.pipe_file(self.path(name), content))
        return self.version(name) or Version(tag="", size=len(content), written=None)

    def create(self, name: str, content: bytes) -> None:
        """Write it where nothing is there, as far as the store can tell. Who won, reading tells."""

        def one() -> None:
            try:
                self.fs.pipe_file(self.path(name), content, mode="create")
            except FileExistsError:
                return
            except OSError as error:  # the same, as some stores put it
                if "condition" not in str(error).lower():
                    raise

        self.again("write", one)

    def remove(self, name: str) -> None:
        self.again("write", lambda: there(lambda: self.fs.rm_file(self.path(name))))


def there(call: Callable[[], T]) -> T | None:
    """None where it is not there."""
    try:
        return call()
    except FileNotFoundError:
        return None


def version_of(detail: dict[str, Any]) -> Version:
    tag = next((str(detail[name]) for name in TAGS if detail.get(name)), "")
    written = next((seconds(detail[name]) for name in TIMES if detail.get(name)), None)
    return Version(tag=tag, size=int(detail.get("size") or 0), written=written)


def seconds(when: object) -> float | None:
    """A time as a store gives it, in seconds."""
    if isinstance(when, str):
        try:
            when = datetime.datetime.fromisoformat(when)
        except ValueError:
            return None
    if isinstance(when, datetime.datetime):
        return when.timestamp()
    return float(when) if isinstance(when, int | float) else None
