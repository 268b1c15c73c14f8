"""Run ids in W&B tell every study from every other, whatever it is called; those of plain short names never change."""

import itertools
import re
from pathlib import Path

import pytest

from sweeps.mirror.reported import Reported
from sweeps.mirror.study_run import study_run
from sweeps.mirror.trial import Trial
from sweeps.store.declaration import Declaration

LONG = "a" * 100
STUDIES = [
    *(
        "quick",
        "Quick",
        "qu_ick",
        "qu-ick",
        "qu--ick",
        "qu.ick",
        "qu ick",
        "qu/ick",
        "-quick",
        "quick-",
        "quick_",
    ),
    *(
        "循环",
        "网络",
        "循环2",
        "сеть",
        "сети",
        "größe",
        "grösse",
        "grüße",
        "🙂",
        "🙃",
        "e\u0301tude",
        "\u00e9tude",
    ),
    *(LONG, LONG + "a", LONG + "b", "循" * 40, "循" * 41, LONG + "循"),
]


def trial_id(study, cell="lstm", task="adding"):
    row = {
        "trial_id": "0123456789abcdef",
        "cell": cell,
        "task": task,
        "seed": 1,
        "stage": "confirm",
        "study": study,
    }
    return Trial(row, []).run_id


def study_id(study, folder=Path("nowhere")):
    declared = Declaration(study=study, doc="", cells=[], tasks=[])
    return study_run(declared, Reported(folder=folder)).run_id


@pytest.mark.parametrize("run_id", [trial_id, study_id])
def test_no_two_studies_share_a_run_id_and_wandb_takes_them_all(run_id):
    ids = {study: run_id(study) for study in STUDIES}
    for a, b in itertools.combinations(STUDIES, 2):
        assert ids[a] != ids[b], (a, b)
    for made in ids.values():
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", made)
        assert made == made.strip("-")


@pytest.mark.parametrize("label", ["x" * 300, "循环" * 100, "peephole (no i/o)", ""])
def test_labels_of_any_length_do_not_push_the_studys_name_out(label):
    ids = [trial_id(study, cell=label, task=label) for study in STUDIES]
    assert len(set(ids)) == len(STUDIES)
    assert max(map(len, ids)) <= 128


def test_labels_that_are_cut_tell_cells_apart():
    assert trial_id("quick", cell="x" * 200 + "a") != trial_id("quick", cell="x" * 200 + "b")


@pytest.mark.parametrize(
    ("study", "of_a_trial", "of_the_study"),
    [
        ("quick", "lstm-adding-s1-confirm-quick-0123456789ab", "study-quick-"),
        ("My_study.2", "lstm-adding-s1-confirm-My_study.2-0123456789ab", "study-My_study.2-"),
    ],
)
def test_ids_that_mirrors_have_written_stay_what_they_are(study, of_a_trial, of_the_study):
    assert trial_id(study) == of_a_trial
    assert study_id(study).startswith(of_the_study)
    assert trial_id("quick", cell="LSTM (big)", task="") == "LSTM-big-s1-confirm-quick-0123456789ab"
