"""`lstm-variants bench` measures sides in turns, keeps what it measured and says nothing that the data does not say.

Nothing here asserts how fast anything is.
"""

import importlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest

from lstm_variants import CELLS
from sweeps import cli
from sweeps.bench import SECTIONS, Options, cases, measure, peers, rate, sizes, step, step_table
from sweeps.bench.markdown import Target
from sweeps.bench.processes import Side, SideError
from sweeps.bench.table import render
from sweeps.commands import bench

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs PyTorch")


def run(capsys, *arguments):
    code = cli.main(["bench", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def row(side, seconds, cell="lstm", size=32, length=100, setting="one core", members=1):
    sizes = {"batch": size, "hidden": size, "length": length, "members": members}
    common = {"section": "step", "setting": setting, "cell": cell, "side": side, "compile_seconds": 1.0}
    return {**common, **sizes, "steps": 50, "seconds": seconds}


def three(side, seconds, **more):
    return [row(side, seconds, size=size, **more) for size in (32, 64, 128)]


ABOUT = {
    "date": "2026-01-01T00:00:00+00:00",
    "commit": "0123456789abcdef",
    "dirty": False,
    "quick": False,
    "device": "cpu Some Model",
    "cores": 2,
    "versions": {"jax": "1", "torch": None},
}


@pytest.mark.slow
@needs_torch
def test_quick_measures_all_sides_and_writes_every_round(capsys, tmp_path):
    code, out, err = run(capsys, "--quick", "--only", "step,sizes,rate", "--out", str(tmp_path))
    assert code == 0, err
    found = json.loads((tmp_path / "bench.json").read_text())
    assert (tmp_path / "benchmarks.md").read_text() == out == render(found)
    assert found["metadata"]["quick"] is True
    assert found["metadata"]["versions"]["jax"]
    sides = {(r["cell"], r["side"]) for r in found["rows"] if r["section"] == "step"}
    assert {("lstm", "ours"), ("lstm", "torch.nn.LSTM"), ("lstm", "flax.nnx.RNN")} < sides
    assert ("peephole", "PyTorch, eager") in sides
    assert {r["section"] for r in found["rows"]} == {"step", "sizes", "rate"}
    assert all(len(r["seconds"]) == 2 and min(r["seconds"]) > 0 and "error" not in r for r in found["rows"])
    assert "about 0 s left" in err
    assert "reached" not in out  # its sizes are none that a target is about


def test_rendering_is_a_pure_function_of_the_json(tmp_path):
    found = {
        "metadata": ABOUT,
        "rows": three("ours", [1.0, 1.0]) + three("torch.nn.LSTM", [2.0, 3.0]),
        "failed": {},
    }
    text = json.dumps(found)
    (tmp_path / "bench.json").write_text(text)
    command = [sys.executable, "-m", "sweeps.bench.table", str(tmp_path / "bench.json")]
    again = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(cli.__file__).parents[1]
    )
    assert again.stdout == render(found) == render(json.loads(text))
    assert json.dumps(found) == text
    assert "| lstm beside torch.nn.LSTM | 2.50 (2.5e+03 / 1e+03) |" in again.stdout
    assert "commit 0123456789ab; cpu Some Model, 2 cores; jax 1." in again.stdout


@pytest.mark.parametrize(
    ("theirs", "words"), [(1.1, "reached"), (0.9, "**not reached**")], ids=["fast", "slow"]
)
def test_a_target_is_reached_if_the_data_says_so(theirs, words):
    rows = three("ours", [1.0, 1.0]) + three("torch.nn.LSTM", [theirs, theirs])
    assert f"| {theirs:.2f}, least {theirs:.2f} | {words} |" in step.table(rows)


def test_one_size_below_the_floor_is_enough_to_miss_a_target():
    rows = three("ours", [1.0, 1.0])
    rows += [row("torch.nn.LSTM", [t, t], size=s) for s, t in ((32, 9.0), (64, 9.0), (128, 0.9))]
    (target,) = step_table.aims(step_table.compared(rows))
    assert target.value == pytest.approx((9 * 9 * 0.9) ** (1 / 3))
    assert (target.least, target.reached) == (0.9, False)
    assert Target("x", 1.0, 1.0).reached


def test_the_mean_is_geometric_and_over_the_three_sizes_alone():
    rows = [*three("ours", [1.0]), row("ours", [1.0], length=400)]
    rows += [row("PyTorch, eager", [t], size=s) for s, t in ((32, 1.0), (64, 10.0), (128, 100.0))]
    rows += [row("PyTorch, eager", [7777.0], length=400)]
    assert "| 10.00 |" in step.table(rows)


def test_a_target_that_was_not_measured_at_all_sizes_is_not_judged():
    rows = [*three("ours", [1.0]), *three("torch.nn.LSTM", [2.0])[:2]]
    assert step_table.aims(step_table.compared(rows)) == []


def test_the_ratio_is_the_median_of_the_rounds_not_the_ratio_of_medians():
    assert measure.ratio([2.0, 30.0, 8.0], [1.0, 10.0, 8.0]) == 2.0


def test_cells_without_a_loop_and_those_of_pytorch_do_not_count_among_the_lacking():
    rows = [r for cell in ("gru", "transformer") for r in three("ours", [1.0], cell=cell)]
    rows += three("PyTorch, eager", [20.0], cell="gru") + three(
        "PyTorch, batched", [20.0], cell="transformer"
    )
    assert step_table.aims(step_table.compared(rows)) == []


def test_sides_take_turns_and_a_long_round_has_fewer():
    calls = []

    def timer(name, seconds):
        def call(steps):
            calls.append(name)
            return seconds * steps, steps

        return call

    found = measure.alternate({"a": timer("a", 0.01), "b": timer("b", 0.1)})
    assert "".join(calls) == "ab" + "abba" * 2 + "ab"
    assert found["a"]["steps"] == 30
    assert found["a"]["seconds"] == pytest.approx([0.01] * 5)
    assert len(measure.alternate({"c": timer("c", 7.0)})["c"]["seconds"]) == 3


@pytest.mark.parametrize(
    ("backend", "available", "expected"),
    [("cpu", 2, ("one core", "all cores")), ("cpu", 1, ("one core",)), ("gpu", 16, ("gpu",))],
)
def test_cores_matter_on_a_cpu_alone(backend, available, expected):
    assert cases.settings(backend, available) == expected


def test_every_cell_is_measured_and_large_cohorts_on_accelerators():
    on_cpu, on_gpu = list(cases.cases(CELLS)), list(cases.cases(CELLS, backend="gpu"))
    assert {case["cell"] for case in on_cpu} == set(CELLS)
    assert len(on_cpu) == 4 * len(CELLS) + 3
    assert {case["members"] for case in on_cpu} == {1}
    assert [case["members"] for case in on_gpu if case not in on_cpu] == [4, 16, 64, 256, 1024, 4096]


def test_what_a_cell_is_measured_beside():
    def sides(cell, forms=("flax",), members=1, eager=CELLS):
        return list(cases.beside(cases.step_case(cell, 32, 32, 100, members), forms, eager))

    assert sides("lstm") == ["torch.nn.LSTM", "PyTorch, eager", "flax.nnx.RNN"]
    assert sides("lstm", ("flax", "cudnn"))[-1] == "jax.experimental.rnn"
    assert sides("lstm", members=64) == []
    assert sides("gru") == ["torch.nn.GRU", "PyTorch, eager"]
    assert sides("mut1") == ["PyTorch, eager"]
    assert sides("transformer") == ["PyTorch, batched"]
    assert sides("mut1", eager=["lstm"]) == []
    assert sides("lstm", eager=[]) == ["torch.nn.LSTM", "flax.nnx.RNN"]


def test_a_cell_without_a_loop_in_pytorch_is_measured_alone_and_named():
    rows = [*three("ours", [1.0]), *three("PyTorch, eager", [2.0]), *three("ours", [1.0], cell="newcomer")]
    assert "Without an eager loop in PyTorch to be compared with: newcomer." in step.table(rows)
    assert "Without an eager loop" not in step.table(rows[:6])


def test_cohorts_are_told_by_the_trial():
    rows = [row("ours", [m * 1e-6], setting="gpu", members=m) for m in (1, 4, 16)]
    assert "| 16 | 0.016 ms | 1 µs |" in step.table(rows)


def test_the_share_counts_the_products_of_the_model_alone():
    n, B, h, T = 2, 3, 5, 7
    case = cases.step_case("lstm", B, h, T)
    assert rate.operations(case) == 3 * 2 * B * (n + h) * 4 * h * T + 3 * 2 * B * h
    product = {"what": "product", "size": 10, "side": "ours", "seconds": [1e-6, 2e-6], "operations": 2000}
    lstm = {**case, "seconds": [1.0, 2.0], "operations": rate.operations(case)}
    assert rate.share(lstm, product) == pytest.approx(rate.operations(case) / 2e9)
    assert rate.share(lstm, product, recurrent=True) < rate.share(lstm, product)


def test_bad_input_is_refused_before_anything_is_measured(capsys, tmp_path, monkeypatch):
    code, _, err = run(capsys, "--only", "stepp", "--out", str(tmp_path / "out"))
    assert (code, "Did you mean 'step'" in err) == (2, True)
    (tmp_path / "file").write_text("mine")
    code, _, err = run(capsys, "--out", str(tmp_path / "file"))
    assert (code, "file is a file" in err) == (2, True)
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else there(name))
    code, _, err = run(capsys, "--only", "rate,step", "--out", str(tmp_path / "out"))
    assert (code, "pip install 'lstm-variants[bench]'" in err, "(step, rate)" in err) == (2, True, True)
    assert not (tmp_path / "out").exists()


def test_a_section_that_fails_keeps_what_the_others_measured(capsys, tmp_path, monkeypatch):
    def fails(options):
        assert json.loads((tmp_path / "bench.json").read_text())["rows"]  # there before this section began
        raise RuntimeError("no luck")

    good = types.SimpleNamespace(run=lambda options: three("ours", [1.0]))
    monkeypatch.setattr(
        bench, "chosen", lambda only: {"step": good, "rate": types.SimpleNamespace(run=fails)}
    )
    monkeypatch.setattr(bench, "metadata", lambda quick: ABOUT)
    code, out, err = run(capsys, "--out", str(tmp_path))
    assert (code, "rate failed: RuntimeError: no luck" in err) == (1, True)
    assert "Failed: RuntimeError: no luck" in out
    assert len(json.loads((tmp_path / "bench.json").read_text())["rows"]) == 3


def test_json_prints_what_is_stored(capsys, tmp_path, monkeypatch):
    good = types.SimpleNamespace(run=lambda options: three("ours", [1.0]))
    monkeypatch.setattr(bench, "chosen", lambda only: {"step": good})
    monkeypatch.setattr(bench, "metadata", lambda quick: ABOUT)
    code, out, _ = run(capsys, "--json", "--out", str(tmp_path))
    assert (code, json.loads(out)) == (0, json.loads((tmp_path / "bench.json").read_text()))


@pytest.mark.parametrize("name", SECTIONS)
def test_sections_are_what_the_command_expects(name):
    section = importlib.import_module(f"sweeps.bench.{name}")
    assert callable(section.run)
    assert callable(section.table)


def test_a_case_that_can_not_be_built_says_so_and_the_process_goes_on():
    with Side("ours", core=step.cores()[-1]) as side:
        assert side.describe()["backend"] == "cpu"
        with pytest.raises(SideError, match="ours: KeyError: 'lstn'"):
            side.build("a", cases.step_case("lstn", 2, 2, 4))
        assert side.build("b", {"what": "product", "size": 4})["seconds"] > 0
        assert side.time("b", 3)[1] == 3
        side.drop("b")
    assert side.process.returncode is not None


def test_a_side_that_fails_is_a_row_with_its_error():
    class Broken:
        def build(self, name, case):
            raise SideError("broken")

    common = {"section": "step", "setting": "one core"}
    rows = step.measured({"ours": Broken()}, cases.step_case("gru", 2, 2, 4), {}, common, Options(quick=True))
    assert [(r["cell"], r["side"], r["error"]) for r in rows] == [("gru", "ours", "broken")]
    assert "| gru, ours, 2×2, T=4, one core | broken |" in step.table(rows)


@pytest.mark.slow
@needs_torch
def test_ctrl_c_ends_the_other_processes_too(tmp_path):
    # A shell starts background jobs with Ctrl-C ignored, and children inherit that: here it must count.
    listening = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [sys.executable, "-c", listening + "from sweeps.cli import main; sys.exit(main(sys.argv[1:]))"]
    command += ["bench", "--quick", "--only", "rate", "--out", str(tmp_path)]
    root, pipe = Path(cli.__file__).parents[1], subprocess.PIPE
    with subprocess.Popen(command, cwd=root, stderr=pipe, text=True, start_new_session=True) as parent:
        assert parent.stderr is not None
        assert "compiled" in parent.stderr.readline()
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        pids = children.read_text().split() if children.exists() else []
        os.kill(parent.pid, signal.SIGINT)
        assert parent.wait(timeout=60) == 130
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_sections_of_an_earlier_run_stay_if_code_and_machine_are_the_same(tmp_path):
    now = {"date": "2", "commit": "a", "dirty": False, "device": "this"}
    rows = [{"section": "step"}, {"section": "rate"}]
    path = tmp_path / "bench.json"
    assert bench.kept(path, now, {"rate"}) == []
    path.write_text(json.dumps({"metadata": {**now, "date": "1"}, "rows": rows, "failed": {}}))
    assert bench.kept(path, now, {"rate"}) == [{"section": "step"}]
    assert bench.kept(path, {**now, "commit": "b"}, {"rate"}) == []
    path.write_text(json.dumps({"metadata": {**now, "dirty": True}, "rows": rows, "failed": {}}))
    assert bench.kept(path, {**now, "dirty": True}, {"rate"}) == []


def test_the_page_in_the_docs_says_what_its_data_says():
    docs = Path(__file__).parents[2] / "docs"
    found = json.loads((docs / "benchmarks.json").read_text(encoding="utf-8"))
    assert (docs / "benchmarks.md").read_text(encoding="utf-8") == render(found)
    assert not found["metadata"]["dirty"]
    assert not found["metadata"]["quick"]


def test_the_page_on_scaling_has_all_that_its_data_says_between_its_words():
    docs = Path(__file__).parents[2] / "docs"
    found = json.loads((docs / "scaling.json").read_text(encoding="utf-8"))
    page = " ".join((docs / "scaling.md").read_text(encoding="utf-8").split())
    blocks = render(found).split("## Scaling")[1].strip().split("\n\n")
    assert len(blocks) == 5
    assert [block for block in blocks if " ".join(block.split()) not in page] == []
    assert not found["metadata"]["dirty"]
    assert not found["metadata"]["quick"]


def peer(side, seconds, **more):
    sizes = {"cell": "lstm", "batch": 16, "hidden": 16, "length": 50, "members": 16}
    return {
        "section": "peers",
        "setting": "one core",
        "side": side,
        "compile_seconds": 2.0,
        **sizes,
        **more,
    } | ({"seconds": seconds} if seconds else {})


def test_peers_are_told_in_updates_of_members_a_second_and_a_failed_one_by_its_error():
    text = peers.table(
        [
            peer("ours", [0.01, 0.01]),
            peer("JAX, vmap", [0.02, 0.04]),
            peer("torch", None, error="no compiler"),
        ]
    )
    assert "| ours | 1,600 | 1.00 | 2.0 s |" in text
    assert "| JAX, vmap | 533 | 3.00 | 2.0 s |" in text
    assert "| torch | no compiler |" in text


def test_sizes_are_told_as_what_xla_takes_by_itself_over_what_we_take():
    def made(side, hidden, seconds, compiling):
        case = cases.step_case("lstm", 16, hidden, 50)
        return {"section": "sizes", "side": side, "seconds": seconds, "compile_seconds": compiling, **case}

    text = sizes.table(
        [
            made("ours", 8, [0.001, 0.001], 1.0),
            made("XLA's choice", 8, [0.003, 0.003], 2.0),
            made("ours", 64, [0.01, 0.01], 2.0),
            made("XLA's choice", 64, [0.01, 0.01], 2.0),
        ]
    )
    assert "| lstm, batch 16 | 3.00 (1 ms) | 1.00 (10 ms) | 1.50 |" in text


@pytest.mark.slow
@needs_torch
def test_stacks_of_networks_train_in_both_frameworks():
    from sweeps.bench import others_jax, others_torch

    case = {**cases.step_case("lstm", 4, 4, 6, 3), "form": "stacked"}
    for framework in (others_jax, others_torch):
        work, _ = framework.build(case)
        assert work(3) >= 3
