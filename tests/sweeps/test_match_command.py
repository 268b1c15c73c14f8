"""`lstm-variants match`: sizes at equal price, as a table and as JSON."""

import json

import pytest

from lstm_variants import CELLS, GRU, Layers, match
from sweeps import cli

pytestmark = pytest.mark.slow


def run(capsys, *arguments):
    try:
        code = cli.main(["match", *arguments])
    except SystemExit as stopped:  # argparse
        code = stopped.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_table_has_a_line_a_cell(capsys):
    code, out, _ = run(capsys, "lstm", "gru", "--parameters", "10000", "--inputs", "3")
    assert code == 0
    title, header, *lines = out.splitlines()
    assert title.strip() == "Cells at 10,000 parameters, 3 inputs"
    assert header.split() == ["cell", "hidden", "parameters", "error", "note"]
    assert [line.split() for line in lines] == [
        ["lstm", "48", "9,984", "-0.16", "%"],
        ["gru", "56", "10,080", "+0.80", "%"],
    ]


def test_json_is_what_match_finds(capsys):
    code, out, _ = run(capsys, "gru", "--flops", "9500", "--inputs", "5", "--json")
    found = match(GRU(), inputs=5, flops=9500)
    assert code == (0 if found.within else 1)
    assert json.loads(out) == {
        "cell": "gru",
        "inputs": 5,
        "measure": "flops",
        "target": 9500,
        "hidden": found.hidden,
        "value": found.value,
        "error": found.error,
        "within": found.within,
        "note": "" if found.within else found.words,
    }


def test_all_is_every_cell_and_one_without_any_state_does_not_stop_the_rest(capsys, monkeypatch):
    few = {name: CELLS[name] for name in ("grid_depth", "lstm", "gru", "transformer")}  # saves time
    monkeypatch.setattr("sweeps.commands.match.CELLS", few)
    code, out, _ = run(capsys, "all", "gru", "--state", "64", "--inputs", "2", "--json")
    rows = {row["cell"]: row for row in map(json.loads, out.splitlines())}
    assert list(rows) == list(few)
    assert rows["lstm"]["hidden"] == 32
    assert rows["grid_depth"]["hidden"] is None
    assert "No size up to" in rows["grid_depth"]["note"]
    assert "no size comes closer" in rows["transformer"]["note"]
    assert code == 1, "some cells do not meet it"


def test_attention_is_paid_from_the_same_budget(capsys):
    code, out, _ = run(capsys, "gru", "--parameters", "10000", "--inputs", "3", "--attend", "--json")
    found = match(Layers(cell=GRU(), attend=True), inputs=3, parameters=10000)
    assert (code, json.loads(out)["hidden"], json.loads(out)["attend"]) == (0, found.hidden, True)
    assert found.hidden < match(GRU(), inputs=3, parameters=10000).hidden


def test_what_is_not_met_is_said_in_the_table(capsys):
    code, out, _ = run(capsys, "grid_depth", "clockwork", "--state", "6", "--inputs", "2")
    assert code == 1
    assert "No size up to" in out
    assert "no size comes closer" in " ".join(out.split()), "a narrow terminal wraps the note"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lstn", "--state", "9", "--inputs", "3"], "Did you mean 'lstm'?"),
        (["lstm", "alll", "--state", "9", "--inputs", "3"], "Did you mean 'all'?"),
        (["lstm", "--state", "0", "--inputs", "3"], "--state must be at least 1; got 0."),
        (["lstm", "--state", "9", "--inputs", "-2"], "--inputs must be at least 1; got -2."),
        (["lstm", "--inputs", "3"], "one of the arguments --parameters --flops --state is required"),
        (["lstm", "--state", "9", "--flops", "9", "--inputs", "3"], "not allowed with argument"),
        (["lstm", "--state", "9"], "the following arguments are required: --inputs"),
        (["lstm", "--state", "many", "--inputs", "3"], "invalid int value: 'many'"),
    ],
)
def test_bad_input_is_refused_with_code_2(capsys, arguments, message):
    code, out, error = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in error
