"""Output without UTF-8: every command prints, with plain signs in place of those that are lacking."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.terminal import streams

RUNS = Path(__file__).parents[2] / "docs" / "runs.csv"


def printed(encoding, *arguments):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-m", "sweeps.cli", *arguments], capture_output=True, env=environment
    )
    return done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding)


@pytest.mark.parametrize(("encoding", "margin"), [("latin-1", "±0.02"), ("ascii", "+-0.02")])
def test_the_tables_of_verdicts_are_printed_with_plain_signs(encoding, margin):
    code, out, err = printed(encoding, "verdicts", str(RUNS), "--measure", "accuracy", "--margin", "0.02")
    assert code == 0
    assert "-0.003 to +0.005" in out
    assert f"margin {margin}" in out
    assert "taken as its bounds" in err


def test_a_task_is_shown_and_an_error_is_told_in_ascii(tmp_path):
    code, out, _ = printed("ascii", "show", "adding", "--sequences", "1")
    assert (code, "target" in out) == (0, True)
    (tmp_path / "näm−e.csv").write_text("cell,task,seed,acc\n")
    code, _, err = printed(
        "ascii", "verdicts", str(tmp_path / "näm−e.csv"), "--measure", "acc", "--margin", "1"
    )
    assert (code, "nam-e.csv has no rows" in err) == (2, True)


def test_every_sign_that_we_print_has_a_plain_one():
    text = "−1–2 ±3 × ▁▅█ ─┼│┐ → … ≤ α é ₁ ½ 中"
    assert text.encode("ascii", errors="replace").count(b"?") > 15
    streams.every_sign_prints()
    assert text.encode("ascii", errors=streams.HANDLER) == b"-1-2 +-3 x .=# -+|+ -> ... <= alpha e 1 1/2 ?"
    assert "a\udce4−".encode("ascii", errors=streams.HANDLER) == b"a\xe4-"
