"""Which workers a sweep is to have: how many of which kind, and where."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_TIMEOUT = 120.0
GPU_COHORT = 64  # trials that a worker on a GPU trains at once


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Workers that are alike. many: how many there are to be; None: as many as the cluster has room for. gpus: what
    each has of GPUs, 0 for a worker on a core. wants: see `sweeps.queues`."""

    many: int | None
    gpus: float = 0.0
    wants: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Workers on cores and workers on GPUs, and where they are.

    workers, gpu_workers: as `Kind.many`. gpus_per_worker: of the latter. address: None for this machine alone. folder:
    of the user's study file, whose modules the workers need. memory: bytes that a node must have for each of its
    workers; None: that is not looked at. environment: Ray's `runtime_env`. patience: seconds to wait for a first
    worker.
    """

    workers: int | None
    gpu_workers: int | None = 0
    gpus_per_worker: float = 1.0
    address: str | None = None
    deterministic: bool = False
    folder: Path | None = None
    memory: int | None = None
    environment: Mapping[str, Any] | None = None
    patience: float = START_TIMEOUT

    @property
    def kinds(self) -> list[Kind]:
        """None at all where the trials run in this process."""
        mixed = self.workers != 0 and self.gpu_workers != 0
        of_gpus = Kind(
            many=self.gpu_workers, gpus=self.gpus_per_worker, wants="wide" if mixed else None
        )  # first, so that none is left without a core
        of_cores = Kind(many=self.workers, wants="narrow" if mixed else None)
        return [kind for kind in (of_gpus, of_cores) if kind.many != 0]

    @property
    def by_ray(self) -> bool:
        """For a cluster, and where GPUs are to be shared out; else the workers are processes of this machine."""
        return self.address is not None or self.gpu_workers != 0
