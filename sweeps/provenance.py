"""Where a row comes from: commit, versions, device. No import of anything heavy."""

import functools
import importlib.metadata
import platform
import subprocess
from pathlib import Path

PACKAGES = {"project": "lstm-variants", "jax": "jax", "flax": "flax", "optax": "optax", "ray": "ray"}


@functools.cache
def provenance() -> dict[str, object]:
    """The columns `commit`, `dirty` and `version.*` of every row of this process."""
    commit, dirty = checkout(Path(__file__).parent)
    versions = {f"version.{name}": version(package) for name, package in PACKAGES.items()}
    return {"commit": commit, "dirty": dirty, "version.python": platform.python_version(), **versions}


def version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def checkout(folder: Path) -> tuple[str | None, bool | None]:
    """Commit of the checkout that holds `folder` and whether tracked files are changed; None outside one."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=20
        )
        if done.returncode:
            raise OSError(done.stderr)
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def device_name(device: object) -> str:
    """Platform and model, such as `cpu Intel(R) Xeon(R) ...` or `gpu NVIDIA H100`."""
    kind = getattr(device, "device_kind", "unknown")
    platform_name = getattr(device, "platform", "unknown")
    return f"{platform_name} {cpu_model() if platform_name == 'cpu' else kind}"


@functools.cache
def cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
