"""What a file system of `fsspec` raises, in words: what passes is tried again, what does not is told at once."""

import re

from sweeps.errors import InputError, WriteError

EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}  # by protocol, what pip is to install
KNOWN = "s3://, gs://, memory://, file://, or another one that fsspec knows"
REFUSED = re.compile(
    r"Credential|Unauthorized|Forbidden|AccessDenied|TokenRetrieval|ProfileNotFound|RefreshError"
)
CODES = {401, 403, "401", "403"}


class RemoteError(WriteError):
    """A URL can not be read or written. What was stored before is whole."""


class Unreachable(RemoteError):
    """It did not answer, however often it was asked."""


def refused(error: BaseException) -> bool:
    """Whether it is the credentials, or what they allow."""
    names = [kind.__name__ for kind in type(error).__mro__]
    return (
        isinstance(error, PermissionError)
        or any(REFUSED.search(name) for name in names)
        or getattr(error, "code", None) in CODES
    )


def passing(error: Exception) -> bool:
    """Whether the same call may go well the next time."""
    lasting = (FileNotFoundError, FileExistsError, NotImplementedError, ImportError, TypeError)
    return not isinstance(error, lasting) and not refused(error)


def told(error: BaseException) -> str:
    """Its first line, without the full stop; its name where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def not_opened(url: str, error: Exception) -> InputError:
    """Why there is no file system for a URL."""
    protocol = url.partition("://")[0].lower()
    if isinstance(error, ImportError):
        extra = EXTRAS.get(protocol)
        cure = f"pip install 'lstm-variants[{extra}]'" if extra else told(error)
        return InputError(f"--results {url} needs a package that is not installed. Run: {cure}")
    if isinstance(error, ValueError) and "rotocol" in str(error):
        return InputError(f"--results {url}: '{protocol}' is no protocol known here. Expected {KNOWN}.")
    return InputError(f"--results {url} can not be used: {told(error)}.")


def not_done(url: str, what: str, error: Exception) -> RemoteError:
    """Why something could not be done, and what helps. what: `read` or `write`."""
    if refused(error):
        cure = "Check the credentials, and that they allow it"
        return RemoteError(f"Not allowed to {what} {url}: {told(error)}. {cure}.")
    if isinstance(error, FileNotFoundError):
        return RemoteError(f"Cannot {what} {url}: {told(error)}. Create it, or name another with --results.")
    if isinstance(error, NotImplementedError):
        return RemoteError(f"Cannot {what} {url}: its protocol does not allow it. Expected {KNOWN}.")
    return Unreachable(f"Cannot {what} {url}: {told(error)}. Check the network and the server.")
