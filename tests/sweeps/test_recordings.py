"""Where recordings are not installed: what works all the same, and what is refused before it begins."""

import pytest
from studies import write_study

from experiments.tasks import recorded
from sweeps import cli
from sweeps.site.task_page import task_page

STUDY = '''"""On vowels.

Question: which?
"""

from experiments import Adam, JapaneseVowels
from lstm_variants import GRU
from sweeps.study import Study

STUDY = Study(
    cells={"gru": GRU(hidden=3)},
    tasks={"vowels": JapaneseVowels()},
    optimizer=Adam(learning_rate=0.01),
    confirm=2,
    steps=20,
    evaluate_every=10,
    batch=4,
)
'''


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch):
    monkeypatch.setattr(recorded, "PACKAGE", "no_such_package")
    recorded.read.cache_clear()
    yield
    recorded.read.cache_clear()


def run(capsys, *arguments):
    code = cli.main(arguments)
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "japanese_vowels"],
        ["train", "--cell", "gru", "--task", "basic_motions", "--results", "{folder}/results"],
        [
            "sweep",
            "{folder}/on_vowels.py",
            "--workers",
            "0",
            "--wandb",
            "off",
            "--results",
            "{folder}/results",
        ],
        ["flow", "gru", "--task", "japanese_vowels", "--out", "{folder}/results"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_would_draw_them_says_what_to_install_and_writes_nothing(capsys, tmp_path, arguments):
    write_study(tmp_path, STUDY, "on_vowels")
    code, out = run(capsys, *(argument.format(folder=tmp_path) for argument in arguments))
    assert code == 2
    assert (
        "not installed here. Install it: pip install 'lstm-variants[data]', or `make data` in a clone." in out
    )
    assert not (tmp_path / "results").exists()


def test_a_plan_is_made_and_says_that_its_time_is_guessed(capsys, tmp_path):
    path = write_study(tmp_path, STUDY, "on_vowels")
    code, out = run(capsys, "plan", str(path), "--workers", "0", "--results", str(tmp_path / "results"))
    assert code == 0, out
    assert "6 trials in 2 cohorts of 2 structures" in out
    assert (
        "Task 'vowels' cannot run here yet, and its time is guessed: The recordings of JapaneseVowels ship"
        in out
    )
    assert "memory about" in out
    assert "largest share:" in out


def test_the_catalogue_and_the_pages_have_their_tasks(capsys, tmp_path):
    code, out = run(capsys, "list")
    assert code == 0
    assert "japanese_vowels" in out
    page = task_page("japanese_vowels", [], tmp_path)
    assert "loss 2.197, score 0" in page
    assert "at most 30 steps, shorter ones padded" in page
    assert "all of the same length" in task_page("basic_motions", [], tmp_path)
