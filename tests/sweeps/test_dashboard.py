"""Views, report and page of a study: what they show is there, a second time changes nothing, people's changes stay."""

import dataclasses
import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flowing import add_flow, factor, horizon
from reported import FINDING, reported, smaller
from wandb_offline import OfflineRun, read_runs
from wandb_server import WandbServer

from sweeps import cli
from sweeps.dashboard.boards import boards_of
from sweeps.dashboard.gather import finding_of, trials_of
from sweeps.dashboard.page import parallel
from sweeps.dashboard.panels import CONFIG, HISTORY, SUMMARY, Parallel
from sweeps.dashboard.views import DRAWN, seeds, views
from sweeps.mirror.follow import mirror
from sweeps.mirror.sent import Sent
from sweeps.store.store import Store
from sweeps.terminal.colours import colours

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet_home")]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return reported(tmp_path / "results")


def command(store: Store, *options: str) -> int:
    return cli.main(["dashboard", store.study, "--results", str(store.results), *options])


def has(run: OfflineRun, key: str) -> bool:
    kind, _, path = key.partition(":")
    if kind == HISTORY:
        return any(path in line for line in run.history)
    value: object = run.config if kind == CONFIG else run.summary.get(path)
    for name in path.split(".") if kind == CONFIG else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value is not None


# ---------------------------------------------------------------------- views


@pytest.mark.parametrize("flow", [False, True])
def test_every_key_of_every_panel_is_in_a_mirrored_run_of_its_view(store: Store, flow: bool) -> None:
    measured = add_flow(store) if flow else []
    assert mirror(store, mode="offline").failed == 0
    runs = read_runs(store.path / "wandb")
    declared = store.declaration()
    names = set()
    for view in views(declared, finding_of(store, declared)):
        mine = [run for run in runs if all(run.config.get(k) in v for k, v in view.runs.items())]
        assert mine, view.name
        assert not view.group or all(view.group in run.config for run in mine)
        for panel in view.panels():
            for key in panel.keys:
                names.add(key)
                assert any(has(run, key) for run in mine), (view.name, key)
    assert {"history:verdicts", "summary:score/adding_60", "config:setting.optimizer.learning_rate"} <= names
    assert {name for name in names if "horizon/" in name} == {
        f"summary:horizon/{row['task']}" for row in measured
    }
    for run in runs if flow else ():
        if (run.config["stage"], run.config["cell_label"]) == ("arm", "gru"):
            task = run.config["task_label"]
            assert run.summary[f"horizon/{task}"] == horizon(factor("gru", "end", 1))
            assert run.summary[f"open/{task}"] == 0.3


def test_the_seeds_of_many_trials_have_a_view_per_task(store: Store) -> None:
    declared = store.declaration()
    assert [view.name for view in seeds(declared)] == ["seeds"]
    declared.total["confirm"] = DRAWN + 1
    found = list(seeds(declared))
    assert [view.runs["task_label"] for view in found] == [("adding_30",), ("adding_60",)]


def test_boards_are_the_same_at_every_call_and_show_what_the_views_say(store: Store) -> None:
    first, second = (boards_of(store, "auto", entity="me", project="p") for _ in range(2))
    assert [board.text for board in first] == [board.text for board in second]
    assert len({board.name for board in first}) == len(first)
    ink = colours(store.declaration().cells)
    for board in first:
        if board.kind == "project-view":
            assert re.fullmatch(r"nw-[0-9a-f]{11}-v", board.name)
            assert board.spec["section"]["settings"]["maxRuns"] == DRAWN
            assert board.spec["section"]["settings"]["xAxis"] == "step"
    grouped = next(board for board in first if board.title.endswith(": seeds"))
    assert ink["lstm"] in grouped.text
    declared = store.declaration()
    for view, board in zip(views(declared, finding_of(store, declared)), first, strict=False):
        for panel in view.panels():
            for key in panel.keys:
                assert key.partition(":")[2].replace("setting.", "setting.value.", 1) in board.text or (
                    key.partition(":")[2] in board.text
                ), (view.name, key)


# ---------------------------------------------------------------------- publishing


def outcomes(said: str) -> list[str]:
    return re.findall(r"\b(made|updated|unchanged|left alone)\b +http", said)


def test_boards_are_made_left_updated_and_overwritten(
    store: Store, wandb_server: WandbServer, capsys: pytest.CaptureFixture[str]
) -> None:
    number = len(boards_of(store, "auto", entity="me", project="lstm-variants"))

    def again(*options: str) -> set[str]:
        assert command(store, *options) == 0
        said = capsys.readouterr().out
        assert len(outcomes(said)) == number
        assert len(wandb_server.views) == number
        return set(outcomes(said))

    assert again() == {"made"}
    assert again() == {"unchanged"}
    (store.path / "report" / "report.md").write_text("## Finding\n\nAnother one.\n\n")
    assert again() == {"updated", "unchanged"}
    for view in wandb_server.views.values():
        view["spec"] = json.dumps(json.loads(view["spec"]) | {"touched": True})
    touched = {name: view["spec"] for name, view in wandb_server.views.items()}
    assert again() == {"left alone"}
    assert {name: view["spec"] for name, view in wandb_server.views.items()} == touched
    assert again("--overwrite") == {"updated"}
    assert again() == {"unchanged"}
    assert wandb_server.problems == []


def test_without_a_login_the_boards_are_a_file(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(store) == 0
    path = store.path / "wandb" / "dashboards.json"
    assert str(path) in capsys.readouterr().out
    first = path.read_text()
    assert {board["type"] for board in json.loads(first)} == {"project-view", "runs"}
    assert command(store, "--json", "-") == 0
    assert capsys.readouterr().out == first
    asked = ("--project", "mine", "--runs", "arms")
    assert command(store, *asked) == 0
    assert "--runs arms --project mine" in " ".join(capsys.readouterr().out.split())
    assert path.read_text() != first
    assert command(store, *asked, "--json", "-") == 0
    assert capsys.readouterr().out == path.read_text()


def test_a_server_that_is_down_ends_the_command_with_a_line(
    store: Store,
    wandb_server: WandbServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from sweeps.mirror import server as asking

    monkeypatch.setattr(asking, "RETRIES", 0)
    monkeypatch.setattr(asking, "TIMEOUT", 2.0)
    wandb_server.fault = lambda path, body: (429, {"Retry-After": "90"})
    assert command(store) == 1
    assert "W&B asks to wait 90 s. Nothing is lost" in capsys.readouterr().out
    wandb_server.down = True
    assert command(store) == 1
    assert "Nothing is lost" in capsys.readouterr().out


# ---------------------------------------------------------------------- the page


class Page(HTMLParser):
    """Counts of tags, the text, and what is loaded from elsewhere."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "img", "polyline", "line", "circle", "br"):
            self.open.append(tag)
        self.loaded += [
            v or "" for k, v in attrs if k in ("src", "href") and not (v or "").startswith(("data:", "#"))
        ]

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page_of(store: Store, path: Path, *options: str) -> Page:
    assert command(store, "--html", str(path), *options) == 0
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_needs_nothing_else_and_has_every_view(store: Store, tmp_path: Path) -> None:
    page = page_of(store, tmp_path / "page.html")
    assert page.loaded == []
    assert page.open == []
    assert "script" not in page.tags
    text = " ".join(page.words)
    declared = store.declaration()
    for view in views(declared, finding_of(store, declared)):
        assert view.title.removeprefix(f"{declared.study}: ") in text
    assert page.tags.count("svg") >= 2 * 2 + 2 * 2
    assert page.tags.count("polyline") > 20
    assert "img" in page.tags
    assert "equivalent" in text
    assert FINDING in text


BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
MEASURE = """<!doctype html><pre></pre><iframe style="width:390px;height:800px;border:0" srcdoc="{page}"></iframe>
<script>
onload = () => {{
  const page = document.querySelector("iframe").contentDocument, style = getComputedStyle(page.body)
  const told = {{wide: page.documentElement.scrollWidth, screen: page.documentElement.clientWidth,
    lines: page.querySelectorAll("svg polyline").length, paper: style.backgroundColor, ink: style.color}}
  document.querySelector("pre").textContent = JSON.stringify(told)
}}</script>"""


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_a_browser_shows_the_page_light_and_dark_and_within_a_telephone(store: Store, tmp_path: Path) -> None:
    page_of(store, tmp_path / "page.html")
    text = html.escape((tmp_path / "page.html").read_text(encoding="utf-8"))
    (tmp_path / "around.html").write_text(MEASURE.format(page=text), encoding="utf-8")
    told = {}
    for scheme, name in enumerate(("dark", "light")):
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / name}"]
        options += [f"--blink-settings=preferredColorScheme={scheme}", "--dump-dom"]
        shown = subprocess.run(
            [str(BROWSER), *options, (tmp_path / "around.html").as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
        ).stdout
        found = re.search(r"<pre>(.*)</pre>", shown)
        assert found, shown[-500:]
        told[name] = json.loads(found[1])
        assert told[name]["wide"] <= told[name]["screen"] <= 390
        assert told[name]["lines"] > 20
    assert told["dark"]["paper"] != told["light"]["paper"]
    assert told["dark"]["ink"] != told["light"]["ink"]


def test_the_page_follows_a_sweep_until_it_is_complete(store: Store, tmp_path: Path) -> None:
    page = page_of(store, tmp_path / "page.html", "--follow")
    assert "refresh" not in (tmp_path / "page.html").read_text()
    assert page.open == []


def test_the_page_shows_trials_as_they_are_mirrored(store: Store) -> None:
    mirror(store, mode="offline")
    sent = {run.run_id: run.summary for run in trials_of(store)}
    arrived = {run.id: run for run in read_runs(store.path / "wandb") if run.id in sent}
    assert sent.keys() == arrived.keys()
    assert len(sent) == store.planned(["trial_id"]).rows.num_rows


def test_a_run_without_a_score_does_not_hide_the_scores_of_the_others() -> None:
    score = f"{SUMMARY}:valid_score"
    panel = Parallel(title="", columns=(f"{CONFIG}:setting.x", f"{CONFIG}:setting.odd", score))
    runs = [
        Sent(
            id=f"t{i}",
            run_id=f"t{i}",
            name="",
            group="",
            job_type="search",
            tags=[],
            config={"cell_label": "lstm", "setting": {"x": float(i)} | ({"odd": 1.0} if i else {})},
            history=[],
            summary={} if i == 2 else {"valid_score": 0.5 + i},
        )
        for i in range(4)
    ]
    drawn = parallel(panel, runs, {})
    assert drawn.count("<polyline") == 3
    assert "valid score" in drawn
    assert "not every run has a number there: odd." in drawn
    assert "1 runs without a score are left out." in drawn


def test_labels_are_text_on_the_page(store: Store, tmp_path: Path) -> None:
    shutil.rmtree(store.path / "report")
    odd, declared = "<script>alert('a & b')</script>", store.declaration()
    for arms in declared.labels.values():
        for arm in arms:
            arm[0] = odd if arm[0] == "gru" else arm[0]
    cells = [odd if cell == "gru" else cell for cell in declared.cells]
    store.declare(dataclasses.replace(declared, cells=cells, arms=[]))
    page = page_of(store, tmp_path / "page.html")
    assert "script" not in page.tags
    assert odd in page.words


def test_a_page_of_a_study_without_results_says_so(store: Store, tmp_path: Path) -> None:
    smaller(store, parts=0)
    shutil.rmtree(store.path / "report")
    text = " ".join(page_of(store, tmp_path / "page.html").words)
    assert "0 of 288 trials are stored." in text
    assert "Nothing to show yet." in text
    assert "No report yet." in text


def test_follow_needs_a_page(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(store, "--follow") == 2
    assert "--follow needs --html FILE" in capsys.readouterr().err
