"""W&B sweep files as studies: the schema that users know, and refusals that say why and where."""

import math
from pathlib import Path

import pytest

from experiments import Adam, Adding
from lstm_variants import LSTM, Initial, VanillaRNN
from sweeps import cli
from sweeps.errors import InputError
from sweeps.stages import Stages, nothing
from sweeps.study_file import load_study

BOTH = "parameters:\n  cell: {values: [lstm, gru]}\n  task: {value: adding}\n"
RANDOM = "method: random\nrun_cap: 12\n" + BOTH


def study(folder: Path, text: str):
    (folder / "mine.yaml").write_text(text)
    return load_study(str(folder / "mine.yaml")).study


def settings(study):
    tried: list[object] = []
    found = []
    while (setting := study.search.ask(tried, (0, 1))) is not None:
        found.append(setting)
        tried.append(setting)
    return found


def test_a_random_sweep_is_a_study_with_its_runs_shared_among_the_cells(tmp_path: Path) -> None:
    text = RANDOM + (
        "  optimizer.learning_rate: {distribution: log_uniform_values, min: 1.0e-3, max: 3.0e-2}\n"
        "  optimizer: {parameters: {clip: {values: [1.0, 5.0]}}}\n"
        "  steps: {value: 300}\n"
        "  cell.hidden: {min: 8, max: 16}\n"
    )
    made = study(tmp_path, text)
    assert (list(made.cells), list(made.tasks), made.steps) == (["lstm", "gru"], ["adding"], 300)
    found = settings(made)
    assert len(found) == 12 // 2
    for setting in found:
        assert setting.keys() == {"optimizer.learning_rate", "optimizer.clip", "cell.hidden"}
        assert 1e-3 <= setting["optimizer.learning_rate"] <= 3e-2
        assert setting["optimizer.clip"] in (1.0, 5.0)
        assert setting["cell.hidden"] in range(8, 17)


def test_what_has_one_value_is_part_of_cells_tasks_optimizer_and_study(tmp_path: Path) -> None:
    text = RANDOM.replace("gru]", "mine]") + (
        "  cells: {value: {mine: {type: VanillaRNN, hidden: 5, initial: {type: Initial, biases: normal}}}}\n"
        "  cell.forget_bias: {value: 2}\n"  # the plain RNN has none
        "  cell.hidden: {values: [3, 4]}\n"
        "  task.length: {value: 7}\n"
        "  optimizer: {value: {clip: inf, b1: 0.5}}\n"
        "  steps: {value: {adding: 300}}\n"
        "  longer: {value: [2, 3]}\n"
        "  stop_after: {value: 50}\n"
    )
    made = study(tmp_path, text)
    assert made.cells == {
        "lstm": LSTM(forget_bias=2.0),
        "mine": VanillaRNN(hidden=5, initial=Initial(biases="normal")),
    }
    assert made.tasks == {"adding": Adding(length=7)}
    assert made.optimizer == Adam(learning_rate=0.01, clip=math.inf, b1=0.5)
    assert (made.steps, made.longer, made.stop_after) == ({"adding": 300}, (2, 3), 50)
    assert {tuple(setting) for setting in settings(made)} == {("cell.hidden",)}


def test_a_grid_is_every_combination(tmp_path: Path) -> None:
    text = "method: grid\n" + BOTH + "  seed_free: {values: [1, 2]}\n  cell.hidden: {min: 1, max: 3}\n"
    found = settings(study(tmp_path, text))
    assert len({tuple(setting.items()) for setting in found}) == len(found) == 6


@pytest.mark.parametrize(
    ("definition", "low", "high", "step"),
    [
        ("{distribution: uniform, min: 0, max: 2}", 0, 2, None),
        ("{distribution: log_uniform, min: -3, max: 0}", math.exp(-3) * 0.99, 1.01, None),
        ("{distribution: q_uniform, min: 0, max: 2, q: 0.25}", 0, 2, 0.25),
        ("{distribution: q_log_uniform_values, min: 1, max: 64, q: 8}", 0, 64, 8),
        ("{min: 0.5, max: 0.75}", 0.5, 0.75, None),
    ],
)
def test_distributions_keep_to_their_bounds_and_steps(
    tmp_path: Path, definition: str, low: float, high: float, step: float | None
) -> None:
    found = [s["x"] for s in settings(study(tmp_path, RANDOM.replace("12", "200") + f"  x: {definition}\n"))]
    assert len(set(found)) > 2
    assert all(low <= value <= high for value in found)
    assert step is None or all(
        math.isclose(value / step, round(value / step), abs_tol=1e-9) for value in found
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("method: bayes\n" + BOTH + "  x: {min: 0.0, max: 1.0}\n", "line 1: method bayes is not supported"),
        (RANDOM + "early_terminate: {type: hyperband}\n", "line 6: early_terminate is not supported"),
        (RANDOM + "  x: {values: [1, 2], probabilities: [0.1, 0.9]}\n", "line 6: probabilities of 'x'"),
        (RANDOM + "  x: {distribution: normal, mu: 0, sigma: 1}\n", "line 6: 'x': the distribution normal"),
        (RANDOM + "metric: {name: loss, goal: minimize}\n", "line 6: settings are chosen by the valid_score"),
        (RANDOM + "  x: {min: 1e-3, max: 1.0}\n", "line 6: YAML takes 1e-3 of 'x' for a text; write 1.0e-3"),
        (RANDOM + "  x: {min: 2.0, max: 1.0}\n", "line 6: 'x': uniform needs low < high"),
        (RANDOM + "  x: 3\n", "line 6: 'x' needs value, values, or min and max"),
        (RANDOM.replace("gru", "gur") + "  x: {value: 1}\n", "Did you mean"),
        (RANDOM.replace("run_cap: 12\n", "") + "  x: {min: 0.0, max: 1.0}\n", "needs run_cap"),
        ("method: grid\n" + BOTH + "  x: {min: 0.0, max: 1.0}\n", "needs the values of 'x' in a list"),
        ("method: grid\nmethod: grid\n" + BOTH, "line 2: 'method' stands twice"),
        ("method: [grid\n", "this is not YAML"),
        ("method: grid\nname: 2020-99-99\n" + BOTH, "line 2: '2020-99-99' is no such value"),
        ("method: " + "[" * 3000, "this is not YAML that can be read"),
        (
            "method: grid\n" + BOTH.replace("[lstm, gru]", "lstm"),
            "values of 'cell' must be a list of at least one; got 'lstm'",
        ),
        ("method: grid\n" + BOTH.replace("[lstm, gru]", "[[lstm]]"), "Did you mean 'lstm'"),
        (
            "method: grid\n" + BOTH.replace("values: [lstm, gru]", "min: 1, max: 2"),
            "need a cell",
        ),
        (RANDOM + "  x: {distribution: constant}\n", "line 6: 'x': the distribution constant needs value"),
        (
            RANDOM + "  x: {distribution: int_uniform, min: 1.5, max: 3}\n",
            "needs min and max as whole numbers",
        ),
        ("method: grid\n" + BOTH + "  x: {distribution: int_uniform, min: 1}\n", "got min=1, max=None"),
        (RANDOM + "  x: {parameters: }\n", "parameters of 'x' must be a mapping"),
        ("mehtod: grid\n" + BOTH, "line 1"),
        ("method: grid\nparameters:\n  cell: {value: lstm}\n", "need a task"),
        ("method: grid\n" + BOTH + "  x: {value: 3, vales: [1]}\n", "Did you mean 'values'"),
        ("method: grid\n" + BOTH + "  x: {values: 3}\n", "values of 'x' must be a list"),
        (
            "method: grid\n" + BOTH + "  x.y: {value: 1}\n  x: {parameters: {y: {value: 2}}}\n",
            "'x.y' stands twice",
        ),
        ("method: grid\n" + BOTH + "  x: {value: 1, parameters: {}}\n", "Unknown key 'parameters'"),
        (
            "method: grid\nrun_cap: 3\n" + BOTH + "  x: {values: [1, 2]}\n",
            "line 2: method grid runs every combination, 4",
        ),
        ("method: [grid]\n" + BOTH, "line 1: method must be grid or random; got ['grid']"),
        ("method: grid\nparameters: &a\n  cell: *a\n", "this refers to itself"),
        ("method: grid\n" + BOTH + "  x: {value: 2020-13-45}\n", "'2020-13-45' is no such value"),
        (RANDOM.replace("12", "1") + "  x: {values: [1, 2]}\n", "at least one for each of the 2 pairs"),
        (RANDOM + "  x: {distribution: q_uniform, min: 1, max: 5, q: a}\n", "'x' needs q as a number"),
        (RANDOM + "  x: {distribution: log_uniform, min: 1, max: 5000}\n", "write log_uniform_values"),
        (RANDOM + "  cells: {value: 3}\n", "line 6: cells needs value: a mapping from labels to cells"),
        (
            RANDOM.replace("gru", "my") + "  cells: {value: {my: {type: GUR}}}\n",
            "line 6: 'cells.my': Unknown type of the value 'GUR'. Did you mean 'GRU'",
        ),
        (
            RANDOM + "  cell.hiden: {value: 3}\n",
            "line 6: 'cell.hiden': Unknown LSTM field 'hiden'. Did you mean",
        ),
        (RANDOM + "  optimizer.type: {value: SGD}\n", "line 6: 'optimizer.type': Unknown Adam field 'type'"),
        (RANDOM + "  steps: {value: {addnig: 3}}\n", "steps by task needs every task: adding"),
        (RANDOM + "  x: {distribution: categorical}\n", "the distribution categorical needs values"),
    ],
)
def test_what_is_not_supported_is_refused_with_its_line_and_the_reason(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError) as told:
        study(tmp_path, text)
    assert message in str(told.value)


def test_a_whole_step_gives_whole_numbers_as_sizes_are(tmp_path: Path) -> None:
    definition = "  cell.hidden: {distribution: q_uniform, min: 8, max: 64, q: 8}\n"
    found = [entry.trial.cell.hidden for entry in Stages(study(tmp_path, RANDOM + definition)).go_on(nothing)]
    assert found
    assert all(isinstance(hidden, int) and hidden % 8 == 0 for hidden in found)


def test_a_sweep_file_is_planned_as_any_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = RANDOM + "  optimizer.learning_rate: {min: 0.001, max: 0.01}\n  steps: {value: 200}\n"
    (tmp_path / "mine.yml").write_text(text)
    assert (
        cli.main(["plan", str(tmp_path / "mine.yml"), "--results", str(tmp_path), "--set", "confirm=2"]) == 0
    )
    assert "mine" in capsys.readouterr().out
