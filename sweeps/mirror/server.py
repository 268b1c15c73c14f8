"""W&B's server as a mirror needs it: files are sent to it by wandb-core, and it says which runs it has.

wandb-core reads transaction logs and sends them, several at once, which is what `wandb sync` does. It retries a little,
and then gives up: who calls decides whether to go on. Why, and of which run, stands in its log alone: its answer has
words without a status, and it marks as synced what was refused, too. What it sent counts only when the server says that
the run is there and has ended: an upload that was cut off leaves a run behind that seems to be under way.
"""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from wandb.apis.public.service_api import ServiceApi
from wandb.sdk import wandb_setup

from sweeps.mirror.account import MirrorError, explained, one_line

AT_ONCE = 16  # runs sent at the same time: waiting for answers
RETRIES = 3
LONGEST_WAIT = 20.0  # seconds between two tries of one request
TIMEOUT = 20.0  # seconds for one request
LONGEST_SEND = 300.0  # seconds for a batch: wandb-core waits as long as it is asked to, be it for hours
PAGE = 500  # runs asked for at once
FATAL, NOT_MADE = "ERROR+4", "runupserter: failed to init run"  # of its log: level, and message
ENDED = ("finished", "failed")

VIEWER = "query Viewer { viewer { entity } }"
STATES = """
query RunStates($project: String!, $entity: String, $filters: JSONString, $first: Int, $cursor: String) {
  project(name: $project, entityName: $entity) {
    runs(filters: $filters, first: $first, after: $cursor) {
      edges { node { name state } }
      pageInfo { endCursor hasNextPage }
    }
  }
}"""


class Server:
    """The server of whoever is logged in. Every method raises MirrorError where it does not answer."""

    def __init__(self, project: str, entity: str | None, scratch: Path):
        setup = wandb_setup.singleton()
        self.settings = setup.settings.model_copy()
        self.settings.x_graphql_retry_max = RETRIES
        self.settings.x_graphql_retry_wait_min_seconds = 1.0
        self.settings.x_graphql_retry_wait_max_seconds = LONGEST_WAIT
        self.settings.x_graphql_timeout_seconds = TIMEOUT
        self.settings.x_file_stream_retry_max = RETRIES
        self.settings.x_file_stream_retry_wait_min_seconds = 1.0
        self.settings.x_file_stream_retry_wait_max_seconds = LONGEST_WAIT
        self.settings.x_file_stream_timeout_seconds = TIMEOUT
        self.settings.root_dir = str(scratch)
        self.logs = Path(self.settings.wandb_dir) / "logs"
        self.project, self.given = project, entity
        self.api = ServiceApi(settings=self.settings, timeout=TIMEOUT * (RETRIES + 1))
        self.found: str | None = None

    @property
    def entity(self) -> str:
        """The one that was named, else the user's own."""
        if self.given:
            return self.given
        if self.found is None:
            self.found = str(self.ask(VIEWER, {})["viewer"]["entity"])
        return self.found

    @property
    def url(self) -> str:
        return f"{self.settings.app_url.rstrip('/')}/{self.entity}/{self.project}"

    def ask(self, query: str, variables: Mapping[str, object]) -> Any:
        """The data that a query of GraphQL gives."""
        try:
            return self.api.execute_graphql(query, variables)
        except Exception as error:  # of wandb, of the connection, or of the answer
            raise MirrorError(explained(one_line(error))) from None

    def send(self, files: Iterable[Path]) -> tuple[dict[Path, str], bool]:
        """Send transaction logs; returns what wandb-core complains of, by file, and whether it came to an end."""
        setup = wandb_setup.singleton()
        service = setup.ensure_service()

        async def work() -> bool:
            names: Any = {"entity": "", "project": "", "run_id": "", "job_type": "", "tag_replacements": {}}
            handle = await service.init_sync(set(files), self.settings, cwd=None, live=False, **names)
            begun = await handle.wait_async(timeout=TIMEOUT)
            done = await service.sync(begun.id, parallelism=AT_ONCE)
            try:
                await done.wait_async(timeout=LONGEST_SEND)
            except TimeoutError:
                return False
            return True

        try:
            ended = setup.asyncer.run(work)
        except Exception as error:
            raise MirrorError(one_line(error)) from None
        return dict(complaints(self.logs)), ended

    def late(self, run_id: str) -> str:
        """What to say of a run that was under way when a batch was given up."""
        place = (
            f"{self.settings.base_url.rstrip('/')}/files/{self.entity}/{self.project}/{run_id}/file_stream"
        )
        return f"POST {place} giving up after {LONGEST_SEND:.0f} s"

    def states(self, run_ids: Iterable[str]) -> dict[str, str]:
        """W&B's word (running, finished, failed, crashed, ...) by run id, for those of these runs that it has."""
        found: dict[str, str] = {}
        for ids in pages(run_ids, PAGE):
            wanted, cursor = set(ids), None
            while True:
                variables = {"project": self.project, "entity": self.entity, "first": PAGE, "cursor": cursor}
                variables["filters"] = json.dumps({"name": {"$in": ids}})
                runs = ((self.ask(STATES, variables).get("project") or {}).get("runs")) or {}
                nodes = [edge["node"] for edge in runs.get("edges", ())]
                found |= {node["name"]: node["state"] for node in nodes if node["name"] in wanted}
                pages_left = runs.get("pageInfo") or {}
                if not pages_left.get("hasNextPage"):
                    break
                cursor = pages_left["endCursor"]
        return found


def pages(values: Iterable[str], size: int) -> Iterator[list[str]]:
    source = iter(values)
    while page := list(islice(source, size)):
        yield page


def complaints(logs: Path) -> Iterator[tuple[Path, str]]:
    """File and reason of what wandb-core's logs say was turned away; they are removed."""
    for log in logs.glob("debug-sync*"):
        for line in log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if "sync_path" in entry and (entry.get("level") == FATAL or entry.get("msg") == NOT_MADE):
                    reason = str(entry.get("error") or entry["msg"])
                    yield Path(entry["sync_path"]), " ".join(reason.split())
        log.unlink(missing_ok=True)


def status_of(message: str) -> int | None:
    """The HTTP status that a complaint names.

    >>> status_of("giving up after 2 attempt(s) while retrying: HTTP 429: ..."), status_of("returned error 401: ...")
    (429, 401)
    """
    found = re.search(r"\b(?:HTTP|error|upload:)\s+([45]\d\d)\b", message)
    return int(found[1]) if found else None
