"""Ray's failures are told apart, before Ray is asked to try for minutes: nothing there, something else, a token, a
kind of address, a folder that is too long. A stand-in answers as Ray itself does, or its server for clients."""

import contextlib
import os
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import grpc
import pytest

from sweeps.errors import InputError
from sweeps.workers import ray_errors
from sweeps.workers.crew import OVER
from sweeps.workers.pool import Pool
from sweeps.workers.ray_errors import METHODS, SOCKET, check, short_folder, words


@pytest.fixture(autouse=True)
def no_ray_of_ours(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("RAY_") or name == "TMPDIR"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@contextlib.contextmanager
def cluster(client=False, token=None):
    """Answers one of Ray's methods on a port of its own, given the token if it has one."""

    def answer(request, context):
        if token and dict(context.invocation_metadata()).get("authorization") != f"Bearer {token}":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "InvalidAuthToken: it is missing or incorrect")
        return b""

    service, method = METHODS[client].strip("/").split("/")
    handler = grpc.method_handlers_generic_handler(
        service, {method: grpc.unary_unary_rpc_method_handler(answer)}
    )
    server = grpc.server(ThreadPoolExecutor(1), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"{'ray://' if client else ''}127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def keep_token(folder, text):
    (folder / ".ray").mkdir(exist_ok=True)
    (folder / ".ray" / "auth_token").write_text(text)


@pytest.mark.parametrize("client", [False, True])
def test_an_open_cluster_is_joined_without_a_token(client, tmp_path):
    keep_token(tmp_path, "mine")
    with cluster(client) as address:
        assert check(address) is False


@pytest.mark.parametrize("client", [False, True])
def test_a_cluster_with_a_token_is_joined_with_the_one_that_is_here(client, tmp_path, monkeypatch):
    with cluster(client, "secret") as address:
        with pytest.raises(
            InputError, match=r"requires a token, and none is set here\. Copy ~/\.ray/auth_token"
        ):
            check(address)
        keep_token(tmp_path, "old")
        with pytest.raises(InputError, match=r"rejects the token in .*auth_token\. Use the one"):
            check(address)
        keep_token(tmp_path, "secret\n")
        assert check(address) is True
        monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
        with pytest.raises(InputError, match="RAY_AUTH_MODE=disabled withholds it"):
            check(address)
        monkeypatch.setenv("RAY_AUTH_MODE", "token")
        monkeypatch.setenv("RAY_AUTH_TOKEN", "older")
        with pytest.raises(InputError, match="rejects the token in RAY_AUTH_TOKEN"):
            check(address)


def test_no_error_shows_a_token(tmp_path):
    keep_token(tmp_path, "hush-hush")
    with cluster(token="secret") as address, pytest.raises(InputError) as told:
        check(address)
    assert "hush" not in str(told.value)


@pytest.mark.parametrize("client", [False, True])
def test_the_other_kind_of_address_is_suggested_where_that_kind_is(client):
    with cluster(client) as address:
        port = address.removeprefix("ray://")
        wrong = port if client else f"ray://{port}"
        with pytest.raises(InputError) as told:
            check(wrong)
    assert str(told.value).endswith(f"give --address {address}")


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_where_nothing_listens_that_is_said_and_how_to_start_one(scheme):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{scheme}127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(InputError) as told:
            check(address)
    assert str(told.value).startswith(
        f"No Ray cluster answers at '{address}': Connection refused. Start one with"
    )


def test_what_listens_and_is_no_ray_is_said_to_be_none(monkeypatch):
    monkeypatch.setattr(ray_errors, "PATIENCE", 0.5)

    class Page(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

    web = HTTPServer(("127.0.0.1", 0), Page)
    Thread(target=web.serve_forever, daemon=True).start()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        for port in (web.server_port, silent.getsockname()[1]):
            for address in (f"127.0.0.1:{port}", f"ray://127.0.0.1:{port}"):
                with pytest.raises(InputError, match=f"The service at '{address}' is not a Ray cluster"):
                    check(address)
    web.shutdown()
    web.server_close()


def test_auto_is_looked_up_where_ray_would_and_asked_likewise(monkeypatch, tmp_path):
    with cluster(token="secret") as address:
        monkeypatch.setenv("RAY_ADDRESS", address)
        with pytest.raises(InputError, match="The Ray cluster at 'auto' requires a token"):
            check("auto")
        monkeypatch.delenv("RAY_ADDRESS")
        monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
        (tmp_path / "ray").mkdir()
        (tmp_path / "ray" / "ray_current_cluster").write_text(f"{address}\n")
        with pytest.raises(InputError, match="The Ray cluster at 'auto' requires a token"):
            check("auto")


@pytest.mark.parametrize("name", ["TMPDIR", "RAY_TMPDIR"])
def test_a_folder_too_long_for_a_socket_is_left_for_a_short_one_that_goes_again(name, monkeypatch, tmp_path):
    with contextlib.ExitStack() as stack:
        monkeypatch.setenv(name, "/scratch")
        assert short_folder(stack) == {}
        monkeypatch.setenv(name, "/scratch/job_1355700_nodelocal/users/some.body/tmp.t0016")
        made = short_folder(stack)["_temp_dir"]
        assert os.path.isdir(made)
        assert len(os.fsencode(made + SOCKET)) <= 103
    assert not os.path.exists(made)


def test_where_no_short_folder_can_be_made_the_variables_are_named(monkeypatch):
    monkeypatch.setenv("TMPDIR", "/scratch/" + "x" * 80)

    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with (
        contextlib.ExitStack() as stack,
        pytest.raises(InputError, match=r"TMPDIR or RAY_TMPDIR.*Set RAY_TMPDIR"),
    ):
        short_folder(stack)


def test_a_pool_behind_rays_client_works_without_generators(monkeypatch):
    from sweeps.workers import cluster

    class Method:
        def remote(self, task):
            return task  # the reference

    class Actor:
        run_whole = Method()

    actors = cluster.Actors(Pool(workers=1, address="ray://h:1"))
    worker = cluster.Worker(Actor(), asked=None, place=(1, "node"))
    monkeypatch.setattr(cluster.ray.util.client.ray, "is_connected", lambda: True)
    monkeypatch.setattr(cluster.ray, "get", lambda reference: ["compiled", "done"])
    actors.give(worker, "task")
    assert worker.asked == "task"
    assert actors.hear(worker) == ["compiled", "done", OVER]


def test_rays_own_failures_are_put_into_words():
    here = words(None, RuntimeError("The node died\nlog follows"))
    assert here.startswith("Ray did not start on this machine: The node died. ")
    assert "None" not in here
    mismatch = (
        "Version mismatch: The cluster was started with:\n    Ray: 2.50\n    Python: 3.12\nThis process: 2.60"
    )
    assert "runs a different version" in words("h:1", RuntimeError(mismatch))
    assert "Ray: 2.50 Python: 3.12" in words("h:1", RuntimeError(mismatch))
    assert "'nonsense' is not the address" in words("nonsense", ValueError("Malformed address"))
    assert words("h:1", ConnectionError("gone")).startswith(
        "No Ray cluster answers at 'h:1': gone. Start one"
    )
    assert words("auto", ConnectionError("none found")).startswith(
        "No Ray cluster answers at 'auto': none found."
    )
