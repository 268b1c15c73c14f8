"""`make gpu-check` finds what is wrong with a device, and runs in small on a CPU."""

import math
import os
import subprocess
import sys

import pytest

from sweeps.bench.gpu_check import apart, ask_process, checks, rate_table

GOOD = {
    "rows": {"losses": [[0.5, 0.25]] * 8, "hashes": ["a", "b"]},
    "reference": {"losses": [[0.5, 0.2501]] * 8},
    "isolation": {"same": 4, "of": 4},
    "gathering": {"apart": 1e-4, "smallest": 2, "of": 8},
    "memory": {"foreseen": 2**20, "used": 1.2 * 2**20, "members": 8},
}


def made(**changes):
    """What the checks say when pieces say this."""
    told = GOOD | changes
    return {check.name: check for check in checks(told["rows"], lambda piece, **_: told[piece])}


def test_a_sound_device_passes_every_check():
    assert [check.passed for check in made().values()] == [True] * 5


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("rows", {"reference": {"losses": [[0.5, 0.3]] * 8}}),
        ("rows", {"reference": {"losses": [[0.5, math.nan]] * 8}}),
        ("isolation", {"isolation": {"same": 3, "of": 4}}),
        ("gathering", {"gathering": {"apart": 0.1, "smallest": 2, "of": 8}}),
        ("gathering", {"gathering": {"apart": 0.0, "smallest": 8, "of": 8}}),
        ("memory", {"memory": {"foreseen": 2**20, "used": 2 * 2**20, "members": 8}}),
        ("memory", {"memory": {"foreseen": 2**20, "used": 2**19, "members": 8}}),
    ],
)
def test_each_fault_fails_its_check_alone(name, changes):
    assert {check.name for check in made(**changes).values() if not check.passed} == {name}


def test_other_bits_the_second_time_are_no_determinism():
    answers = iter(["first", "second"])

    def ask(piece, **_):
        return GOOD[piece] | ({"hashes": [next(answers)]} if piece == "rows" else {})

    found = checks(GOOD["rows"], ask)
    assert [check.name for check in found if not check.passed] == ["deterministic"]


def test_a_device_that_does_not_tell_its_memory_neither_passes_nor_fails():
    check = made(memory={"foreseen": 2**20, "used": None, "members": 8})["memory"]
    assert check.passed is None
    assert "does not say" in check.told


def test_differences_are_relative_and_of_the_first_two_evaluations():
    assert apart([[1.0, 2.0, 9.0]], [[1.0, 1.0, 1.0]]) == 1.0
    assert apart([[1.0]], [[1.0, 1.0]]) == math.inf


def test_rates_are_compared_with_one_at_a_time():
    text = rate_table({"1": 100.0, "4": 350.0, "4096": None}, {"rate": 200.0, "why": ""})
    assert "| 4 | 350 | 3.5 |" in text
    assert "| 4096 | does not fit |" in text
    assert "| cuDNN through PyTorch, 1 | 200 | 2.0 |" in text


@pytest.mark.slow
def test_it_runs_in_small_on_a_cpu_without_ray_and_wandb():
    """All pieces in one process, which imports and compiles what they share once."""
    program = (
        "import sys; sys.modules['ray'] = sys.modules['wandb'] = None\n"
        "from sweeps.bench import gpu_check\n"
        "gpu_check.ask_process = lambda tiny: lambda piece, **_: gpu_check.PIECES[piece](tiny)\n"
        "sys.exit(gpu_check.main(['--tiny']))"
    )
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    out = done.stdout
    assert out.startswith("Device: cpu ")
    assert out.count("passed") == 4
    assert out.count("not told") == 1
    assert all(f"| {size} | " in out for size in (1, 4, 16))


@pytest.mark.slow
def test_a_piece_is_a_process_that_says_what_it_found_or_fails_with_its_last_words():
    ask = ask_process(tiny=True)
    assert ask("memory", JAX_PLATFORMS="cpu")["members"] == 8
    with pytest.raises(RuntimeError, match=r"memory ended with code 1: (.|\n)*Unable to initialize backend"):
        ask("memory", JAX_PLATFORMS="none")
