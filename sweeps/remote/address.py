"""Where `--results` leads: to a folder of this machine, or to a URL, which has its local copy in the user's cache."""

import hashlib
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sweeps import cache
from sweeps.errors import InputError


def is_url(results: object) -> bool:
    """Whether this names another place than a folder: `s3://...`, and `file://...` too."""
    return "://" in str(results)


def folder_of(url: str) -> Path | None:
    """The folder that a `file://` URL names, None for another one. Raises InputError for one on another machine.

    >>> folder_of("file:///tmp/a%20b"), folder_of("s3://bucket/a")
    (PosixPath('/tmp/a b'), None)
    """
    parts = urlsplit(url)
    if parts.scheme.lower() != "file":
        return None
    if parts.netloc not in ("", "localhost") or not parts.path:
        raise InputError(f"A file URL names a path of this machine, such as file:///data/results; got {url}.")
    return Path(unquote(parts.path))


def copies() -> Path:
    """Where this machine keeps its copies: below `$LSTM_VARIANTS_CACHE`, or the user's cache folder. Raises InputError
    where there is none."""
    place = cache.chosen() or cache.usual()
    if place is None:
        raise InputError(
            f"Results on a URL need a folder for their local copy, and this user has no home: set {cache.VARIABLE}."
        )
    return place.absolute() / "results"


def copy_name(url: str, server: str) -> str:
    """What the copy of a URL is called. server: that answers for it, where it is not the usual one.

    >>> copy_name("s3://bucket/a/b", "")
    's3-bucket-a-b-c26f9439969c'
    """
    digest = hashlib.sha256(f"{url} {server}".encode()).hexdigest()[:12]
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', url)[:60].strip('-')}-{digest}"
