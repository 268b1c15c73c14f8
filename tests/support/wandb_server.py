"""A stand-in for the W&B server on the loopback interface, for tests of the mirror and the import.

It answers what wandb 0.31 asks while a run is uploaded, live or by `wandb sync`, and while `wandb.Api` reads runs:

    POST /graphql                                 Viewer, UpsertBucket (twice a run), CreateRunFiles
                                                  Runs and RunStates (in pages), RunHistoryKeys, RunParquetHistory,
                                                  HistoryPage, RunFiles; artifacts (`wandb_artifacts.py`),
                                                  saved views and reports (`wandb_views.py`)
    POST /files/ENTITY/PROJECT/RUN/file_stream    history and summary lines by offset, exit code
    PUT, GET /upload/...                          the files of CreateRunFiles

Any other GraphQL operation gets HTTP 200 with `errors`, which wandb takes for a feature that an older
server lacks. Lines are kept by their offset, as the real server does: a second upload of the same run
overwrites the first.

    with WandbServer() as server:
        subprocess.run(command, env=os.environ | server.environment)
        assert server.runs["some-id"].summary["test_score"] == 0.5
"""

import gzip
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from wandb_artifacts import Artifacts
from wandb_views import Views

OPERATION = re.compile(r"\b(?:query|mutation)\s+(\w+)")
ENTITY = "me"


@dataclass
class Run:
    """What the server knows of one run. `finished` counts how often an upload of it was completed."""

    id: str
    project: str
    entity: str = ENTITY
    name: str = ""
    group: str = ""
    job_type: str = ""
    tags: list[str] = field(default_factory=list)
    config: dict[str, object] = field(default_factory=dict)
    lines: dict[int, dict[str, object]] = field(default_factory=dict)
    summary: dict[str, object] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    exit_code: int | None = None
    finished: int = 0
    state: str = ""  # W&B's word, where it does not follow from the exit code

    @property
    def standing(self) -> str:
        """W&B's word for how it stands."""
        return self.state or {None: "running", 0: "finished"}.get(self.exit_code, "failed")

    @property
    def node(self) -> dict[str, object]:
        """As `wandb.Api` gets it. What JSON lacks, the real server sends as words."""
        state = self.standing
        config = {key: {"value": value} for key, value in self.config.items()}
        return {
            **{"id": f"id-{self.id}", "name": self.id, "displayName": self.name or self.id, "state": state},
            **{"tags": self.tags, "group": self.group, "jobType": self.job_type, "projectId": "1"},
            **{"config": json.dumps(worded(config)), "summaryMetrics": json.dumps(worded(self.summary))},
            **{"systemMetrics": "{}", "historyLineCount": len(self.lines), "historyKeys": self.history_keys},
            **{"createdAt": "2026-01-01T00:00:00Z", "heartbeatAt": "2026-01-01T00:00:00Z", "readOnly": False},
            **{"user": {"name": ENTITY, "username": ENTITY}},
            **dict.fromkeys(("sweepName", "commit", "description", "notes")),
        }

    @property
    def history_keys(self) -> dict[str, object]:
        steps = [step for line in self.history if isinstance(step := line.get("_step"), int)]
        return {
            "lastStep": max(steps, default=-1),
            "keys": {key: {} for line in self.history for key in line},
        }

    @property
    def history(self) -> list[dict[str, object]]:
        return [self.lines[offset] for offset in sorted(self.lines)]


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed leaves broken connections; that is no news."""


class WandbServer(Artifacts, Views):
    """`delay`: seconds before each answer. `down`: cut every connection without an answer. `refuse`: end
    of a path to HTTP status, to turn requests away. `fault`: from path and body to a status and headers, or None to
    answer. `body`: of every answer that is turned away. `deleted`: ids of runs that were deleted, which W&B blocks.
    `on_finished`: called with each run whose upload was completed, on the server's thread. `problems`: requests that a
    server could not have understood."""

    def __init__(self, *, delay: float = 0.0):
        self.delay = delay
        self.down = False
        Artifacts.__init__(self)
        Views.__init__(self)
        self.refuse: dict[str, int] = {}
        self.fault: Callable[[str, bytes], tuple[int, dict[str, str]] | None] = lambda path, body: None
        self.body = b'{"error": "refused"}'
        self.deleted: set[str] = set()
        self.on_finished: Callable[[Run], None] = lambda run: None
        self.runs: dict[str, Run] = {}
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.lock = threading.RLock()
        self.http = QuietServer(("127.0.0.1", 0), handler_of(self))
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.environment = {
            "WANDB_BASE_URL": self.url,
            "WANDB_API_KEY": "local-" + "0" * 40,
            "WANDB_ERROR_REPORTING": "false",
        }

    def __enter__(self) -> "WandbServer":
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.down = True
        self.http.shutdown()
        self.http.server_close()

    # ------------------------------------------------------------------ GraphQL

    def graphql(self, query: str, variables: dict[str, object]) -> dict[str, object]:
        match = OPERATION.search(query)
        operation = match[1] if match else "?"
        self.requests.append(operation)
        answer = getattr(self, f"answer_{operation}", None)
        if answer is None:
            return {"errors": [{"message": f"the stand-in server has no {operation}"}]}
        return {"data": answer(variables)}

    def answer_Viewer(self, _: dict[str, object]) -> dict[str, object]:
        viewer = {"id": "1", "username": ENTITY, "name": ENTITY, "entity": ENTITY, "flags": "{}"}
        return {"viewer": viewer | {"email": "", "admin": False, "teams": {"edges": []}}}

    def answer_UpsertBucket(self, variables: dict) -> dict[str, object]:
        """Creates or updates a run; a variable that is null leaves the field as it is."""
        run = self.runs.setdefault(variables["name"], Run(id=variables["name"], project=variables["project"]))
        run.entity = variables.get("entity") or run.entity
        run.name = variables.get("displayName") or run.name
        run.group = variables.get("groupName") or run.group
        run.job_type = variables.get("jobType") or run.job_type
        run.tags = variables.get("tags") or run.tags
        if variables.get("config"):
            config = parse(variables["config"])
            run.config = {key: entry["value"] for key, entry in config.items() if key != "_wandb"}
        project = {"id": "p", "name": run.project, "entity": {"id": "e", "name": run.entity}}
        bucket = {"id": run.id, "name": run.id, "displayName": run.name, "description": "", "config": "{}"}
        bucket |= {"sweepName": None, "historyLineCount": 0, "project": project}
        return {"upsertBucket": {"bucket": bucket, "inserted": True}}

    def answer_Runs(self, variables: dict) -> dict[str, object]:
        runs = [run for run in self.runs.values() if run.project == variables["project"]]
        if not runs:
            return {"project": None}
        start = int(variables.get("cursor") or 0)
        end = start + variables["perPage"]
        edges = [{"node": run.node, "cursor": str(i)} for i, run in enumerate(runs[start:end], start + 1)]
        pages = {"endCursor": str(end), "hasNextPage": end < len(runs)}
        found = {"runs": {"edges": edges, "pageInfo": pages}, "runCount": len(runs)}
        return {"project": found | {"internalId": "1", "readOnly": False}}

    def answer_RunStates(self, variables: dict) -> dict[str, object]:
        wanted = json.loads(variables["filters"])["name"]["$in"]
        runs = [self.runs[name] for name in wanted if name in self.runs]
        edges = [{"node": {"name": run.id, "state": run.standing}} for run in runs]
        return {"project": {"runs": {"edges": edges, "pageInfo": {"endCursor": "", "hasNextPage": False}}}}

    def answer_RunFiles(self, variables: dict) -> dict[str, object]:
        run = self.runs[variables["name"]]
        known = [name for name in variables["fileNames"] if name in run.files]
        nodes = [
            {"id": name, "name": name, "url": f"{self.url}/upload/{run.id}/{name}", "directUrl": ""}
            | {"sizeBytes": len(run.files[name]), "mimetype": "", "updatedAt": "", "md5": ""}
            for name in known
        ]
        edges = [{"node": node, "cursor": ""} for node in nodes]
        files = {"edges": edges, "pageInfo": {"endCursor": "", "hasNextPage": False}}
        return {"project": {"internalId": "1", "run": {"fileCount": len(known), "files": files}}}

    def answer_RunHistoryKeys(self, variables: dict) -> dict[str, object]:
        return {"project": {"run": {"historyKeys": self.runs[variables["name"]].history_keys}}}

    def answer_RunParquetHistory(self, variables: dict) -> dict[str, object]:
        """No exported files: everything is in HistoryPage."""
        run = self.runs[variables.get("runName") or variables["name"]]
        return {"project": {"run": {"parquetHistory": {"parquetUrls": [], "liveData": run.history}}}}

    def answer_HistoryPage(self, variables: dict) -> dict[str, object]:
        steps = range(variables["minStep"], variables["maxStep"])
        lines = [line for line in self.runs[variables["run"]].history if line.get("_step") in steps]
        return {"project": {"run": {"history": [json.dumps(line) for line in lines]}}}

    def answer_CreateRunFiles(self, variables: dict) -> dict[str, object]:
        run, names = variables["run"], variables["files"]
        files = [{"name": name, "uploadUrl": f"{self.url}/upload/{run}/{name}"} for name in names]
        return {"createRunFiles": {"runID": run, "uploadHeaders": [], "files": files}}

    # ------------------------------------------------------------------ faults and files

    def is_blocked(self, body: bytes) -> bool:
        """Whether a request is to make a run of an id that W&B blocks."""
        if not self.deleted or b"UpsertBucket" not in body:
            return False
        return json.loads(body)["variables"].get("name") in self.deleted

    def keep_file(self, path: str, body: bytes) -> None:
        _, kind, run, name = path.split("/", 3)
        if kind == "upload" and run in self.runs:
            self.runs[run].files[name] = body

    def file_at(self, path: str) -> bytes:
        *_, run, name = path.split("/", 3)
        return self.runs[run].files[name]

    # ------------------------------------------------------------------ file stream

    def file_stream(self, run: Run, message: dict) -> None:
        files = message.get("files") or {}
        history = files.get("wandb-history.jsonl", {"offset": 0, "content": []})
        for number, line in enumerate(history["content"], start=history["offset"]):
            run.lines[number] = json.loads(line)
        for line in files.get("wandb-summary.json", {"content": []})["content"]:
            run.summary = json.loads(line)
        if message.get("complete"):
            run.exit_code = message["exitcode"]
            run.finished += 1
            self.on_finished(run)


def parse(text: str) -> dict:
    """JSON as the standard has it: bare NaN and Infinity are errors. (History and summary lines do carry
    them bare: that is wandb's own wire format.)"""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def worded(value: object) -> object:
    """The value with NaN and infinities as words."""
    if isinstance(value, dict):
        return {key: worded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [worded(inner) for inner in value]
    words = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return words.get(str(value), value) if isinstance(value, float) else value


def handler_of(server: WandbServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def respond(self, answer: Callable[[bytes], bytes]) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            time.sleep(server.delay)
            if server.down:
                self.close_connection = True
                return
            status = next((code for end, code in server.refuse.items() if self.path.endswith(end)), 200)
            status, headers = server.fault(self.path, body) or (status, {})
            if server.is_blocked(body):
                status = 409
            with server.lock:
                try:
                    content = answer(body) if status == 200 else server.body
                except (KeyError, TypeError, ValueError) as problem:
                    server.problems.append(f"{self.path}: {problem!r}")
                    status, content = 400, b"{}"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.respond(self.answer_post)

        def do_PUT(self) -> None:
            self.respond(self.keep)

        def do_GET(self) -> None:
            self.respond(lambda body: server.file_at(self.path))

        def keep(self, body: bytes) -> bytes:
            server.keep_file(self.path, body)
            return b"{}"

        def answer_post(self, body: bytes) -> bytes:
            return json.dumps(self.answer_message(json.loads(body))).encode()

        def answer_message(self, message: dict) -> dict[str, object]:
            if self.path.endswith("/graphql"):
                return server.graphql(message["query"], message.get("variables") or {})
            if self.path.endswith("/file_stream"):
                server.requests.append("file_stream")
                server.file_stream(server.runs[self.path.split("/")[-2]], message)
                return {"exitcode": None, "limits": {}}
            return {}

    return Handler
