"""The user's text is shown as it is: labels, docstrings, paths and errors are never read as Rich markup."""

import io
import re
import types

import pytest
from rich.console import Console
from studies import tiny, write_study

from experiments import Adding
from lstm_variants import GRU, LSTM
from sweeps import cli
from sweeps.progress import Board
from sweeps.store.store import Store
from sweeps.sweep import Scheduler
from sweeps.terminal.screen import console

# A style, a closing tag without an opening one, an emoji's code, a link, an escaped bracket, a bare backslash.
CELLS = ["lstm[relu]", "lstm[tanh]", "gru[/b]", "a\\[red]"]
TASK = "copy[/10]:cat:[link=y]\\"
QUESTION = "Is [bold]relu[/bold] :cat: better than \\[tanh] [/]?"

STUDY = f'''"""{QUESTION.replace(chr(92), chr(92) * 2)}"""

from experiments import Adam, Adding
from lstm_variants import GRU, LSTM
from sweeps.spaces import grid
from sweeps.study import Study

STUDY = Study(
    cells={{label: LSTM(hidden=2, forget_bias=float(k)) for k, label in enumerate({CELLS!r})}},
    tasks={{{TASK!r}: Adding(length=4)}},
    optimizer=Adam(learning_rate=0.01),
    search=grid({{"optimizer.learning_rate": [0.01]}}),
    confirm=2,
    steps=4,
    evaluate_every=2,
    batch=4,
    validation_batches=1,
    test_batches=2,
)
'''


def run(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.mark.slow
def test_labels_and_docstrings_in_brackets_come_out_of_every_command_as_they_are(
    tmp_path, capsys, monkeypatch
):
    path, results = write_study(tmp_path, STUDY, "brackets"), tmp_path / "r[red]:cat:"
    files = types.SimpleNamespace(
        report=results / "report.html", verdicts=results / "verdicts.csv", figures={}
    )
    monkeypatch.setattr("analysis.commands.written", lambda *_: files)  # the figures would take half a minute
    said = {}
    for name, arguments in (
        ("plan", ["--workers", 0]),
        ("sweep", ["--workers", 0, "--wandb", "off"]),
        ("status", []),
        ("report", []),
    ):
        code, said[name] = run(capsys, name, path, "--results", results, *arguments)
        assert code == 0, said[name]
    assert f"brackets: {QUESTION}" in said["plan"]
    most = re.search(r"largest share: (.*) on (.*), \S+ s of compute", said["plan"])
    assert most[1] in [*CELLS, f"{CELLS[0]}_again", "rnn"]
    assert most[2] == TASK
    for name in ("plan", "sweep", "report"):
        assert str(results) in said[name], said[name]
    for name in ("status", "report"):
        for label in (*CELLS, TASK):
            assert label in said[name], said[name]


def test_the_live_table_of_a_sweep_shows_labels_as_they_are(tmp_path):
    loaded = tiny(
        cells=dict(zip(CELLS[:3], (LSTM(hidden=2), LSTM(hidden=3), GRU(hidden=2)), strict=True)),
        tasks={TASK: Adding(length=4)},
    )
    screen = Console(file=io.StringIO(), force_terminal=True, width=120)
    board = Board(screen, lambda: 1)
    Scheduler(loaded, Store(tmp_path, "tiny").prepare(), 2, board)
    with board.running():
        board.live.refresh()
    written = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.file.getvalue())
    for label in (*CELLS[:3], TASK):
        assert label in written


@pytest.mark.parametrize(
    "text", [*CELLS, TASK, "[/]", "[bold", "a]b", ":warning:", "\\", "[green]\n[/green]"]
)
def test_the_console_of_the_commands_changes_nothing_in_a_text_or_a_table(text, capsys):
    from sweeps.commands.catalogue import table

    console().print(text)
    assert capsys.readouterr().out == f"{text}\n"
    grid = table(text, text)
    grid.add_row(text)
    console().print(grid)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == text.splitlines() * 3


def test_a_task_of_the_user_is_shown_with_the_brackets_of_its_docstring(tmp_path, capsys):
    (tmp_path / "bracketed.py").write_text(
        f'"""{QUESTION.replace(chr(92), chr(92) * 2)}"""\n'
        "import dataclasses\nfrom experiments import Adding\n\n"
        "@dataclasses.dataclass(frozen=True, kw_only=True)\nclass Mine(Adding):\n    length: int = 4\n"
    )
    code, out = run(capsys, "show", f"{tmp_path / 'bracketed.py'}:Mine", "--sequences", 1)
    assert code == 0
    assert out.startswith(QUESTION)


@pytest.mark.slow
def test_a_failed_trials_error_is_shown_as_it_is(tmp_path, capsys):
    (tmp_path / "breaks.py").write_text(
        "import dataclasses\nfrom lstm_variants import GRU\n\n"
        "@dataclasses.dataclass(frozen=True, kw_only=True)\nclass Broken(GRU):\n    hidden: int = 3\n\n"
        "    def build(self, inputs, rngs):\n        raise ValueError('no [relu] here [/b] :cat:')\n"
    )
    text = STUDY.replace("LSTM(hidden=2, forget_bias=float(k))", "Broken(hidden=2 + k)").replace(
        "from lstm_variants import GRU, LSTM", "from breaks import Broken"
    )
    code, out = run(
        capsys, "sweep", write_study(tmp_path, text, "failing"), "--results", tmp_path / "r", "--workers", 0,
        "--wandb", "off",
    )  # fmt: skip
    assert code == 1
    assert "First error: ValueError: no [relu] here [/b] :cat:" in out
