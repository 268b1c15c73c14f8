"""What tests of the mirror share: a home in which nobody is logged in, an empty store, a stand-in for W&B's server."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from wandb_server import WandbServer

from sweeps.store.store import Store


@pytest.fixture
def quiet_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, without settings of W&B."""
    for name in [name for name in os.environ if name.startswith("WANDB") or name == "NETRC"]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name, folder in (("CONFIG", "config"), ("CACHE", "cache"), ("DATA", "data")):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / folder))
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def quick_store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results", "quick").prepare()


@pytest.fixture
def wandb_server(quiet_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    """Somebody is logged in to it."""
    with WandbServer() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server
