"""Saved views and the report put into a W&B project, so that a second time updates them and never doubles them, and
what people changed there stays.

A board is looked up by its name, which follows from the study: one that is there and says what ours says is left; one
that is as we last put it is replaced; one that differs from both was changed by people, and is replaced when asked.
What we last put stands in `results/STUDY/wandb/published.json`, as a digest of what the server gave back.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.mirror.server import Server
from sweeps.store.parts import replace_file

VIEW, REPORT = "project-view", "runs"  # W&B's words for a saved view and a report
MADE, UPDATED, UNCHANGED, LEFT = "made", "updated", "unchanged", "left alone"

LOOK = """
query View($entityName: String, $name: String, $viewType: String = "runs", $viewName: String) {
  project(name: $name, entityName: $entityName) {
    allViews(viewType: $viewType, viewName: $viewName) { edges { node { id displayName spec } } }
  }
}"""
PUT = """
mutation UpsertView($id: ID, $entityName: String, $projectName: String, $type: String, $name: String,
    $displayName: String, $description: String, $spec: String!) {
  upsertView(input: {id: $id, entityName: $entityName, projectName: $projectName, type: $type, name: $name,
      displayName: $displayName, description: $description, spec: $spec, createdUsing: WANDB_SDK}) {
    view { id name spec }
    inserted
  }
}"""


@dataclass(frozen=True, kw_only=True)
class Board:
    """A saved view or a report. kind: VIEW or REPORT. name: by which it is found again. spec: W&B's JSON."""

    kind: str
    name: str
    title: str
    spec: dict[str, Any]
    description: str = ""

    @property
    def text(self) -> str:
        return json.dumps(self.spec, sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class Published:
    """outcome: made, updated, unchanged or left alone (since people changed it)."""

    board: Board
    outcome: str
    url: str


def publish(server: Server, boards: Sequence[Board], memory: Path, *, overwrite: bool) -> list[Published]:
    """Put the boards into the server's project. memory: file of what was put last. Raises MirrorError where the server
    does not answer; what was put until then is remembered."""
    last = remembered(memory, server.url)
    found = []
    for board in boards:
        view_id, outcome, digest = put(server, board, last.get(board.name, ""), overwrite)
        if digest:
            last[board.name] = digest
            remember(memory, server.url, last)
        found.append(Published(board=board, outcome=outcome, url=address(server.url, board, view_id)))
    return found


def put(server: Server, board: Board, last: str, overwrite: bool) -> tuple[str, str, str]:
    """Id of the board on the server, what was done, and the digest of what is there now (empty where it is theirs)."""
    where = {"entityName": server.entity, "name": server.project}
    answer = server.ask(LOOK, where | {"viewType": board.kind, "viewName": board.name})
    edges = ((answer.get("project") or {}).get("allViews") or {}).get("edges") or []
    there = edges[0]["node"] if edges else None
    if there is not None:
        now = digest_of(there["spec"])
        if now == digest_of(board.text):
            return there["id"], UNCHANGED, now
        if now != last and not overwrite:
            return there["id"], LEFT, ""
    names = {"entityName": server.entity, "projectName": server.project, "type": board.kind}
    told = {"name": board.name, "displayName": board.title, "description": board.description}
    made = server.ask(PUT, names | told | {"id": there["id"] if there else None, "spec": board.text})[
        "upsertView"
    ]
    return made["view"]["id"], MADE if there is None else UPDATED, digest_of(made["view"]["spec"])


def digest_of(spec: str) -> str:
    """Of what JSON says, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(json.loads(spec), sort_keys=True).encode()).hexdigest()[:16]


def address(project: str, board: Board, view_id: str) -> str:
    """The page of a board."""
    if board.kind == VIEW:
        return f"{project}?nw={board.name.removeprefix('nw-').removesuffix('-v')}"
    title = "-".join(board.title.split())
    return f"{project}/reports/{title}--{view_id.rstrip('=')}"


def remembered(memory: Path, project: str) -> dict[str, str]:
    try:
        return dict(json.loads(memory.read_text()).get(project, {}))
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def remember(memory: Path, project: str, last: dict[str, str]) -> None:
    try:
        everything = dict(json.loads(memory.read_text()))
    except (OSError, ValueError, TypeError):
        everything = {}
    replace_file(memory, json.dumps(everything | {project: last}, indent=1).encode())
