"""Why there is no Ray: asked before it is tried, since Ray tries for minutes and then says the same of everything.

A cluster is asked with one call of gRPC, as Ray's own are: at HOST:PORT its control service, at ray://HOST:PORT its
server for clients. From the answer follows whether anything listens, whether it is Ray, and whether it wants a token.
"""

import contextlib
import os
import re
import shutil
import socket
import sys
import tempfile
from enum import Enum
from pathlib import Path

from sweeps.errors import InputError

# By whether it is ray://.
METHODS = {True: "/ray.rpc.RayletDriver/ClusterInfo", False: "/ray.rpc.NodeInfoGcsService/GetClusterId"}
PATIENCE = 10.0
SOCKET = "/ray/session_2026-01-01_00-00-00_000000_0000000/sockets/plasma_store"  # below Ray's folder
LONGEST = 103  # bytes of a socket's path that every system allows
SHORT = ("/tmp", "/var/tmp", "/dev/shm")
START = "Start one with `ray start --head`, or leave --address out to use this machine."


class Answer(Enum):
    RAY = "is a Ray"
    TOKEN = "wants another token, or any"
    OTHER = "is something else"


def check(address: str) -> bool:
    """Whether the cluster at an address wants the token that is here. Raises InputError, in words, where it cannot be
    joined as things are. An address without a port (auto) is Ray's to find."""
    place = located(address)
    client = place.startswith("ray://")
    port = re.split("[/?]", place.removeprefix("ray://"), maxsplit=1)[0]
    if not re.search(r":\d+$", port):
        return False
    knock(address, port)
    if os.environ.get("RAY_USE_TLS", "0") not in ("", "0"):
        return False  # it would not answer us
    try:
        import grpc  # noqa: F401
    except ImportError:
        if client:
            raise InputError(
                f"{address} needs Ray's client, which is not installed. Install it with: pip install 'ray[client]'"
            ) from None
        return False
    answer = ask(port, client, None)
    if answer is Answer.TOKEN:
        check_token(address, port, client)
        return True
    if answer is Answer.OTHER:
        raise InputError(f"The service at '{address}' is not a Ray cluster" + other_kind(port, client))
    return False


def located(address: str) -> str:
    """`auto` as the address that Ray would find, where it is known."""
    if address != "auto":
        return address
    if found := os.environ.get("RAY_ADDRESS"):
        return found
    with contextlib.suppress(OSError):
        return (Path(folder()) / "ray" / "ray_current_cluster").read_text().strip()
    return address


def knock(address: str, port: str) -> None:
    """Raises InputError where nothing listens."""
    host, _, number = port.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(number)), timeout=5).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"No Ray cluster answers at '{address}': {reason}. {START}") from None


def ask(port: str, client: bool, token: str | None) -> Answer:
    import grpc

    channel = grpc.insecure_channel(port, options=[("grpc.enable_http_proxy", 0)])
    metadata = [("authorization", f"Bearer {token}")] if token else None
    try:
        channel.unary_unary(METHODS[client])(b"", timeout=PATIENCE, metadata=metadata)
    except grpc.RpcError as error:
        code = error.code()  # type: ignore[attr-defined]
        if code is grpc.StatusCode.UNAUTHENTICATED:
            return Answer.TOKEN
        none = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNIMPLEMENTED
        return Answer.OTHER if code in none else Answer.RAY
    finally:
        channel.close()
    return Answer.RAY


def other_kind(port: str, client: bool) -> str:
    """What to do about a port where Ray's service of this kind is not."""
    if ask(port, not client, None) is Answer.OTHER:
        return f". {START}"
    right = port if client else f"ray://{port}"
    return f" for such an address, but one is there: give --address {right}"


def check_token(address: str, port: str, client: bool) -> None:
    """Raises InputError where the token here, or what the user said of tokens, does not open the cluster."""
    found = token()
    if found is None:
        raise InputError(
            f"The Ray cluster at '{address}' requires a token, and none is set here. Copy ~/.ray/auth_token from the "
            f"machine where it was started, or set RAY_AUTH_TOKEN to its contents."
        )
    if ask(port, client, found[0]) is Answer.TOKEN:
        raise InputError(
            f"The Ray cluster at '{address}' rejects the token in {found[1]}. Use the one from the machine "
            f"where it was started, from ~/.ray/auth_token there."
        )
    mode = os.environ.get("RAY_AUTH_MODE", "token")
    if mode.lower() != "token":
        raise InputError(
            f"The Ray cluster at '{address}' requires a token; RAY_AUTH_MODE={mode} withholds it: "
            "`unset RAY_AUTH_MODE`."
        )


def token() -> tuple[str, str] | None:
    """The token that Ray would use, and where it stands."""
    if value := os.environ.get("RAY_AUTH_TOKEN", "").strip():
        return value, "RAY_AUTH_TOKEN"
    with contextlib.suppress(OSError, RuntimeError):
        path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
        if value := path.read_text().strip():
            return value, str(path)
    return None


def folder() -> str:
    """Below which Ray keeps its files unless it is told otherwise."""
    theirs = os.environ.get("TMPDIR") if sys.platform.startswith("linux") else None
    return os.environ.get("RAY_TMPDIR") or theirs or "/tmp"


def short_folder(stack: contextlib.ExitStack) -> dict[str, str]:
    """For `ray.init`: another folder where the usual one is too long for the path of a socket, as batch systems make
    it. It goes when `stack` ends. Raises InputError where there is no short one."""
    if len(os.fsencode(folder() + SOCKET)) <= LONGEST:
        return {}
    for place in SHORT:
        with contextlib.suppress(OSError):
            made = tempfile.mkdtemp(prefix="ray-", dir=place)
            stack.callback(shutil.rmtree, made, ignore_errors=True)
            return {"_temp_dir": made}
    raise InputError(
        f"Ray cannot start: the path of its folder, {folder()} (TMPDIR or RAY_TMPDIR), is too long for a socket. Set "
        f"RAY_TMPDIR to a short one that you may write to, or run without Ray (--workers 0)."
    )


def words(address: str | None, error: BaseException) -> str:
    """What Ray's own failure means."""
    said = " ".join(str(error).split()) or type(error).__name__
    first = (str(error).strip().splitlines() or [type(error).__name__])[0].strip().rstrip(".")
    if re.search(r"version.*(mismatch|differ|was started with)|mismatch.*version", said, re.IGNORECASE):
        return f"The Ray cluster at '{address}' runs a different version of Ray or Python than here: {said[:400]}"
    if address in (None, "local"):
        return f"Ray did not start on this machine: {first}. `--workers 0` runs in this process, without it."
    if address != "auto" and not re.search(r":\d+", address):
        return f"'{address}' is not the address of a Ray cluster ({first}). Give auto, HOST:PORT or ray://HOST:PORT."
    return f"No Ray cluster answers at '{address}': {first}. {START}"
