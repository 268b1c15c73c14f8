"""Stores on a URL for tests: S3 as `moto` stands in for it, and one in memory whose calls fail on request."""

import contextlib
import logging
import threading
from collections.abc import Iterator

import fsspec
from fsspec.implementations.memory import MemoryFileSystem

CALLS = ("ls", "find", "info", "cat_file", "pipe_file", "rm_file")


@contextlib.contextmanager
def s3() -> Iterator[dict[str, str]]:
    """A server that answers for S3, with the bucket `bucket`; gives the environment in which it is found."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        fsspec.filesystem("s3", endpoint_url=url, key="key", secret="secret").mkdir("bucket")
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        server.stop()


class Faulty(MemoryFileSystem):
    """`faulty://`. Of its calls every so many-th fails (0: none): in turn before anything is done, and after."""

    protocol = "faulty"
    cachable = False
    store: dict = {}
    pseudo_dirs = [""]
    every = 0
    forbidden: dict[str, Exception] = {}  # by call, what it raises
    called = failed = 0
    written: list[str] = []  # paths, in order
    hold = threading.RLock()

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.removeprefix("faulty://"))

    @classmethod
    def reset(cls):
        cls.store.clear()
        cls.pseudo_dirs[:] = [""]
        cls.written.clear()
        cls.forbidden.clear()
        cls.every = cls.called = cls.failed = 0

    @classmethod
    def names(cls) -> list[str]:
        return sorted(cls.store)

    def inner(self, call, *arguments, **options):
        """The call itself, which may be made of others that do not fail by themselves."""
        kind = type(self)
        with kind.hold:
            if getattr(self, "inside", False):
                return getattr(MemoryFileSystem, call)(self, *arguments, **options)
            if call in kind.forbidden:
                raise kind.forbidden[call]
            kind.called += 1
            fails = kind.every > 0 and kind.called % kind.every == 0
            kind.failed += fails
            if fails and kind.failed % 2:
                raise OSError(5, "the connection was reset")
            self.inside = True
            try:
                found = getattr(MemoryFileSystem, call)(self, *arguments, **options)
            finally:
                self.inside = False
            if call == "pipe_file":
                kind.written.append(arguments[0])
            if fails:
                raise OSError(5, "the reply was lost")
            return found


def of(call):
    return lambda self, *arguments, **options: self.inner(call, *arguments, **options)


for name in CALLS:
    setattr(Faulty, name, of(name))

fsspec.register_implementation("faulty", Faulty, clobber=True)
