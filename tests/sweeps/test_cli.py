"""The command line: light until it has to be, and exit code 2 before any work for bad input."""

import importlib
import subprocess
import sys

import pytest
from studies import TEXT, write_study

from experiments.tasks import TASKS
from sweeps import cli
from sweeps.commands.train import length_field

HEAVY = {"jax", "flax", "optax", "ray", "wandb", "pyarrow", "pandas", "matplotlib", "scipy", "numpy"}


def loaded_by(script):
    """Which heavy modules a fresh interpreter has loaded at the end of a script."""
    script += f"\nimport sys; print('HEAVY', sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_the_help_of_the_program_and_of_every_command_imports_nothing_heavy():
    asked = [["--help"], *([command.name, "--help"] for command in cli.COMMANDS)]
    script = "from sweeps.cli import main\n" + "\n".join(
        f"try: main({arguments!r})\nexcept SystemExit as stop: assert stop.code == 0" for arguments in asked
    )
    assert loaded_by(script) == "HEAVY []"


def test_a_misspelt_command_is_refused_before_anything_heavy_is_imported():
    script = (
        "from sweeps.cli import main\ntry: main(['swep'])\nexcept SystemExit as stop: assert stop.code == 2"
    )
    assert loaded_by(script) == "HEAVY []"


@pytest.mark.parametrize("command", cli.COMMANDS, ids=lambda command: command.name)
def test_every_command_of_the_table_names_a_function_that_runs_it(command):
    module, _, function = command.run.partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def run(capsys, *arguments):
    code = cli.main(arguments)
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_list_names_every_cell_task_and_study(capsys):
    code, out = run(capsys, "list")
    assert code == 0
    for name in ("lstm", "depth_gated", "temporal_order", "waveform", "quick", "4*h*(n + h + 1)", "0.1667"):
        assert name in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--cell", "lstn", "--task", "adding"], "Did you mean 'lstm'"),
        (["train", "--cell", "lstm", "--task", "adding", "--length", "-3"], "Adding needs length >= 4"),
        (["train", "--cell", "lstm", "--task", "adding", "--learning-rate", "0"], "learning_rate > 0"),
        (["train", "--cell", "lstm", "--task", "adding", "--set", "cell.hiden=3"], "Did you mean 'hidden'"),
        (["train", "--cell", "lstm", "--task", "adding", "--set", "steps"], "PATH=VALUE"),
        (["train", "--cell", "lstm", "--task", "adding", "--layers", "0"], "layers >= 1"),
        (["sweep", "quik"], "Did you mean 'quick'"),
        (["sweep", "quick", "--workers", "-1"], "--workers must be at least 0"),
        (["sweep", "quick", "--cohort", "-1"], "--cohort must be at least 1"),
        (["sweep", "quick", "--seed", "5000"], "0 to 4000"),
        (["status", "quick"], "No results of study 'quick'"),
        (["report", "quick"], "No results of study 'quick'"),
    ],
)
def test_bad_input_is_refused_with_code_2_before_anything_is_written(capsys, tmp_path, arguments, message):
    code, out = run(capsys, *arguments, "--results", str(tmp_path / "results"))
    assert (code, message in out) == (2, True), out
    assert not (tmp_path / "results").exists() or not list((tmp_path / "results").rglob("*.parquet"))


def test_a_results_directory_that_is_a_file_is_named(capsys, tmp_path):
    (tmp_path / "results").write_text("mine")
    for command in (["sweep", "quick", "--wandb", "off"], ["train", "--cell", "rnn", "--task", "adding"]):
        code, out = run(capsys, *command, "--results", str(tmp_path / "results"))
        assert (code, "results is a file" in out) == (2, True), out
    assert (tmp_path / "results").read_text() == "mine"


def test_a_misspelt_field_in_a_study_file_is_named(capsys, tmp_path):
    path = write_study(tmp_path, TEXT.replace("hidden=3", "hiden=3"), "misspelt")
    code, out = run(capsys, "sweep", str(path), "--results", str(tmp_path / "results"))
    assert (code, "Did you mean 'hidden'" in out) == (2, True), out


@pytest.fixture
def swept(tmp_path, capsys):
    path, results = write_study(tmp_path, name="swept"), str(tmp_path / "results")
    common = [str(path), "--results", results]
    code, planned = run(capsys, "plan", *common, "--workers", "0")
    assert code == 0
    code, out = run(capsys, "sweep", *common, "--workers", "0", "--wandb", "off")
    assert code == 0, out
    return common, planned, out


@pytest.mark.slow
def test_plan_says_what_a_sweep_then_runs(swept, capsys):
    common, planned, out = swept
    assert "12 in total; 0 already in" in planned
    assert "12 trials in 4 cohorts of 2 structures, on 1 worker" in planned
    assert "memory about" in planned
    assert "12 of 12 trials" in out
    code, again = run(capsys, "sweep", *common, "--workers", "0", "--dry-run")
    assert code == 0
    assert "12 in " in again
    assert "Nothing to run" in again
    code, again = run(capsys, "sweep", *common, "--workers", "0", "--wandb", "off")
    assert "this run made 0" in again


@pytest.mark.slow
def test_status_counts_by_cell_stage_and_task(swept, capsys):
    common, _, _ = swept
    code, out = run(capsys, "status", *common)
    assert code == 0
    assert "12 of 12 trials done" in out
    assert "gru_again" in out


@pytest.mark.slow
def test_train_shows_a_curve_stores_a_row_and_knows_it_the_next_time(capsys, tmp_path):
    command = [
        "train",
        "--cell",
        "gru",
        "--task",
        "adding",
        "--length",
        "6",
        "--hidden",
        "4",
        "--steps",
        "60",
    ]
    command += ["--batch", "4", "--set", "test_batches=2", "--results", str(tmp_path)]
    code, out = run(capsys, *command)
    assert code == 0
    assert "validation score, steps 3 to 60:" in out
    assert "test score" in out
    assert list((tmp_path / "single" / "figures").glob("gru-adding-*.png"))
    code, again = run(capsys, *command)
    assert "This trial is stored already" in again
    assert len(list((tmp_path / "single" / "trials").glob("*.parquet"))) == 1


@pytest.mark.slow
def test_train_stacks_layers_and_says_when_a_trial_diverged(capsys, tmp_path):
    command = [
        "train",
        "--cell",
        "rnn",
        "--task",
        "adding",
        "--length",
        "6",
        "--layers",
        "2",
        "--steps",
        "40",
    ]
    command += [
        "--hidden",
        "3",
        "--learning-rate",
        "1e38",
        "--set",
        "optimizer.clip=1e38",
        "--set",
        "test_batches=1",
    ]
    code, out = run(capsys, *command, "--results", str(tmp_path))
    assert code == 1
    assert "Diverged at step" in out
    assert '"layers":2' in out


def test_show_says_what_a_task_is_and_writes_sequences(capsys):
    code, out = run(capsys, "show", "temporal_order", "--set", "length=20", "--sequences", "2", "--seed", "1")
    assert code == 0
    assert out.startswith("Temporal order: say in which order")
    assert "length=20, vary=0, informative=3" in out
    assert "guesses one of the classes: loss 2.079, score 0" in out
    rows = [line for line in out.splitlines() if line.startswith("input ")]
    assert len(rows) == 2
    assert all(row.split()[1] == "E" and row.split()[-1] == "B" and len(row.split()) == 21 for row in rows)
    assert ">>>" not in out


def test_show_takes_a_task_from_a_file(capsys, tmp_path):
    (tmp_path / "my_tasks.py").write_text(
        '"""Mine is adding."""\nfrom dataclasses import dataclass\nfrom experiments import Adding\n'
        "@dataclass(frozen=True, kw_only=True)\nclass Mine(Adding):\n    pass\n"
    )
    code, out = run(capsys, "show", f"{tmp_path}/my_tasks.py:Mine", "--sequences", "1")
    assert code == 0
    assert out.startswith("Mine is adding.")
    code, out = run(capsys, "show", f"{tmp_path}/my_tasks.py:Mone")
    assert (code, "Did you mean 'Mine'" in out) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["addin"], "Did you mean 'adding'"),
        (["adding", "--set", "lenght=3"], "Did you mean 'length'"),
        (["adding", "--set", "length=1"], "Adding needs length >= 4"),
        (["adding", "--set", "length"], "--set takes FIELD=VALUE"),
        (["adding", "--sequences", "0"], "at least 1; got 0"),
        (["none.py:Task"], "There is no file none.py"),
        (["adding", "--seed", "-1"], "integer in [0, 2**32); got -1"),
    ],
)
def test_show_refuses_what_it_does_not_know(capsys, arguments, message):
    code, out = run(capsys, "show", *arguments)
    assert code == 2
    assert message in out


def test_every_task_has_a_length_to_set():
    fields = {name: length_field(name, kind()) for name, kind in TASKS.items()}
    longest = {
        "copy_memory": "delay",
        "early_mention": "distance",
        "embedded_reber": "longest",
        "an_bn": "largest",
    }
    assert fields["adding"] == "length"
    assert longest.items() <= fields.items()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Task = 3", "must be a dataclass that makes a task; got 3"),
        ("import no_such_module", "could not be imported: ModuleNotFoundError"),
        (
            "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass Task:\n    inputs: int = 1\n",
            "Task is not a task: it lacks reference, axes",
        ),
    ],
)
def test_show_says_why_a_file_holds_no_task(capsys, tmp_path, text, message):
    path = tmp_path / f"my_{abs(hash(text))}.py"
    path.write_text(text)
    code, out = run(capsys, "show", f"{path}:Task")
    assert code == 2
    assert message in out
