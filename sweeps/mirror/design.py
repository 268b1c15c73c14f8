"""What a study asks, as an artifact: its run makes it, and the runs of its arms use it. That is their lineage in W&B:

    run of the study  -->  design-STUDY  -->  run of each arm

It is what was declared, without what grows while a sweep goes on, so that it stays the same version. W&B knows a
version by its digest: whoever gives it again, as the file of every arm does, is told that it is there.
"""

import functools
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import wandb

from sweeps.mirror import names
from sweeps.store.declaration import Declaration
from sweeps.store.parts import replace_file

KIND = "design"
FILE = "design.json"
GROWS = ("plan", "labels", "codes", "total")  # parts of a declaration


@dataclass(frozen=True)
class Design:
    """study: its name. path: of the file, which must stay for as long as offline runs are to be sent."""

    study: str
    path: Path

    @property
    def name(self) -> str:
        return f"{KIND}-{names.readable(self.study, self.study)}"

    @functools.cached_property
    def artifact(self) -> wandb.Artifact:
        made = wandb.Artifact(self.name, type=KIND, metadata={"study": self.study})
        made.add_file(str(self.path), name=FILE, policy="immutable", skip_cache=True)
        return made

    def client_id(self, run_id: str) -> str:
        """By which W&B knows who gives it; it takes any that is like no other."""
        return hashlib.sha512(f"{run_id}/{self.artifact.digest}".encode()).hexdigest()


def written(declared: Declaration, folder: Path) -> Design:
    """The design of a study, with its file in a folder."""
    told = {name: value for name, value in asdict(declared).items() if name not in GROWS}
    text = json.dumps(told, indent=1, sort_keys=True).encode()
    path = folder.absolute() / FILE
    if not path.is_file() or path.read_bytes() != text:
        replace_file(path, text)
    return Design(declared.study, path)
