"""`lstm-variants inspect` and `lstm-variants generate`, from the results of a tiny sweep."""

import csv
import json
import re
from collections import defaultdict

import numpy as np
import pytest
from PIL import Image
from studies import write_study

from sweeps import cli
from sweeps.commands.generate_shares import Network, summary
from sweeps.store.store import Store

pytestmark = pytest.mark.slow

STUDY = '''"""Sequences that can be written, and one of a cell of one's own."""

from experiments import Adam, Adding, ContinualReber, EarlyMention, Waveform
from lstm_variants import GRU, LSTM, Layers, VanillaRNN
from sweeps.spaces import log_uniform, sampled
from sweeps.study import Controls, Study
from own_layers import Own

STUDY = Study(
    cells={"lstm": LSTM(hidden=4), "own": Own(hidden=4), "both": Layers(cell=GRU(hidden=3), bidirectional=True),
           "looking": Layers(cell=GRU(hidden=3), attend=True)},
    tasks={
        "stream": ContinualReber(length=12),
        "adding": Adding(length=6),
        "mention": EarlyMention(distance=10, distractors=1, vary=0, countries=3),
        "wave": Waveform(length=40, periods=(8, 20)),
    },
    only={"stream": ["lstm", "own", "both", "looking"], "adding": ["lstm"], "mention": ["lstm"], "wave": ["lstm"]},
    controls=Controls(unable=VanillaRNN(hidden=4), on=("adding",), task="adding"),
    optimizer=Adam(learning_rate=0.02),
    confirm=2,
    steps=20,
    evaluate_every=10,
    batch=4,
    validation_batches=1,
    test_batches=1,
)
'''
OWN = """
import dataclasses

from lstm_variants import GRU


@dataclasses.dataclass(frozen=True, kw_only=True)
class Own(GRU):
    hidden: int = 3
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """The folder with the study's file and its results; the networks of the best seeds are kept."""
    folder = tmp_path_factory.mktemp("inside")
    (folder / "own_layers.py").write_text(OWN)
    study = write_study(folder, STUDY, "inside")
    asked = ["--results", str(folder), "--workers", "0", "--wandb", "off", "--keep", "best"]
    assert cli.main(["sweep", str(study), *asked]) == 0
    return folder


def id_of(folder, cell, task, kept=False):
    """The id of a confirmed trial, the best or the other one."""
    rows = [
        row
        for row in Store(folder, "inside").trials().to_pylist()
        if (row["cell"], row["task"], row["stage"]) == (cell, task, "confirm")
    ]
    rows.sort(key=lambda row: (-row["valid_score"], row["valid_loss"]))
    return rows[0 if kept else -1]["trial_id"]


@pytest.fixture
def run(capsys, swept, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        try:
            code = cli.main([*map(str, arguments), "--results", str(swept)])
        except SystemExit as stopped:  # argparse
            code = stopped.code
        captured = capsys.readouterr()
        return code, " ".join((captured.out + captured.err).split())

    return command


@pytest.fixture
def untrained_again(monkeypatch):
    """Nothing is trained: an engine may evaluate what it is given, and begin nothing."""
    from experiments.engine import Engine

    start = Engine.start

    def given(self, cohort, state=None):
        assert state is not None, "a network is trained"
        return start(self, cohort, state)

    monkeypatch.setattr(Engine, "start", given)


def read(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_trial_is_looked_into_and_the_page_needs_nothing_else(run, swept, tmp_path):
    name = id_of(swept, "lstm", "stream")
    code, out = run("inspect", name[:9], "--sequences", "40")
    assert code == 0, out
    assert "trained again from its row; its scores are those of the row, bit for bit" in out
    page = (tmp_path / "inspect" / "index.html").read_text()
    assert page.count("data:image/svg+xml;base64,") == 2
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "<script" not in page
    assert name in page
    for picture in ("run", "memory"):
        with Image.open(tmp_path / "inspect" / f"{picture}.png") as image:
            assert image.size[0] > 1000
    memory = {row["quantity"]: row for row in read(tmp_path / "inspect" / "memory.csv")}
    assert {"outer letter", "inner node", "symbol 1 step ago", "steps so far"} <= set(memory)
    assert float(memory["inner node"]["low"]) <= float(memory["inner node"]["value"]) <= 1
    gates = read(tmp_path / "inspect" / "gates.csv")
    assert [(row["gate"], row["held_at"]) for row in gates] == [
        ("none", ""),
        *((gate, at) for gate in "ifo" for at in ("0", "1", "mean")),
    ]
    for row in gates:
        assert float(row["change"]) == pytest.approx(float(row["score"]) - float(gates[0]["score"]), abs=1e-4)


def test_one_gate_is_held_where_that_is_asked_for_and_a_kept_network_is_found(run, swept, tmp_path):
    asked = ["--sequences", "8", "--ablate", "f=0.5", "--ablate", "o=mean", "--out", "it"]
    code, out = run("inspect", id_of(swept, "lstm", "adding", kept=True), *asked)
    assert code == 0, out
    assert "found where the sweep kept it; its scores are those of the row, bit for bit" in out
    rows = read(tmp_path / "it" / "gates.csv")
    assert [(row["gate"], row["held_at"]) for row in rows] == [("none", ""), ("f and o", "0.5 and mean")]
    assert rows[0]["score"] != rows[1]["score"]


def test_a_task_of_one_sequence_has_no_probe_and_a_cell_without_gates_nothing_to_hold(run, swept, tmp_path):
    code, out = run("inspect", id_of(swept, "lstm", "wave"))
    assert code == 0, out
    assert not (tmp_path / "inspect" / "memory.png").exists()
    assert "one sequence, so that none can be held out" in (tmp_path / "inspect" / "index.html").read_text()
    code, out = run("inspect", id_of(swept, "rnn", "adding"), "--sequences", "60", "--out", "rnn")
    assert code == 0, out
    assert "This cell has no gates" in (tmp_path / "rnn" / "index.html").read_text()
    code, out = run("inspect", id_of(swept, "rnn", "adding"), "--ablate", "f=0", "--out", "none")
    assert (code, "rnn has no gate that could be held" in out) == (2, True), out
    assert not (tmp_path / "none").exists()


def test_a_trial_of_ones_own_cell_needs_the_file_of_its_study(run, swept):
    name = id_of(swept, "own", "stream")
    code, out = run("inspect", name)
    assert (code, "Name the file of its study with --study" in out) == (2, True), out
    code, out = run("inspect", name, "--study", swept / "inside.py", "--sequences", "4", "--ablate", "z=0")
    assert (code, "bit for bit" in out) == (0, True), out


def test_of_a_network_that_attends_the_page_shows_where_it_looks(run, swept, tmp_path, untrained_again):
    name = id_of(swept, "looking", "stream", kept=True)
    code, out = run("inspect", name, "--sequences", "6", "--sequence", "4", "--ablate", "z=mean")
    assert (code, "found where the sweep kept it" in out) == (0, True), out
    page = (tmp_path / "inspect" / "index.html").read_text()
    assert page.count("data:image/svg+xml;base64,") == 2  # too few sequences for a probe
    assert "the weights on test sequences 4, 0 and 1" in page
    assert "the rest of the network as it is, its attention included" in page
    with Image.open(tmp_path / "inspect" / "attention.png") as image:
        assert image.size[1] > image.size[0]
    sums = defaultdict(float)
    for row in read(tmp_path / "inspect" / "attention.csv"):
        sums[row["sequence"], int(row["step"])] += float(row["weight"])
    assert set(sums) == {(i, t) for i in "401" for t in range(12)}
    np.testing.assert_allclose(list(sums.values()), 1, atol=1e-4)


def test_attention_is_drawn_from_a_network_that_was_kept(run, swept, tmp_path, monkeypatch):
    from sweeps import remade

    began = []
    monkeypatch.setattr(remade, "run", lambda *a, run=remade.run: began.append(a[2] is not None) or run(*a))
    name = id_of(swept, "looking", "stream", kept=True)
    code, out = run("train", "--again", name, "--attention", "look.png")
    assert (code, "numbers beside it. The network was found where the sweep kept it" in out) == (0, True), out
    assert began == [True]
    assert (tmp_path / "look.csv").stat().st_size > 1000


def other_version(folder, name):
    """The row of a trial as another version would have written it: with a field that this one does not know."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for path in (folder / "inside" / "trials").glob("*.parquet"):
        table = pq.read_table(path)
        ids = table["trial_id"].to_pylist()
        if name in ids:
            specs = table["spec"].to_pylist()
            specs[ids.index(name)] = json.dumps(json.loads(specs[ids.index(name)]) | {"dialect": 2})
            i = table.column_names.index("spec")
            pq.write_table(table.set_column(i, table.schema.field(i), pa.array(specs)), path)


def test_a_row_of_another_version_is_refused_with_what_would_work(run, swept, tmp_path, capsys):
    import shutil

    shutil.copytree(swept / "inside", tmp_path / "old" / "inside")
    name = id_of(swept, "lstm", "adding")
    other_version(tmp_path / "old", name)
    assert cli.main(["inspect", name, "--results", str(tmp_path / "old")]) == 2
    out = " ".join(capsys.readouterr().err.split())
    assert "Unknown Trial field 'dialect'" in out
    assert "Use the version that made it" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inspect", "zzz"], "No trial below"),
        (["inspect", "LSTM", "--sequences", "1"], "--sequences must be at least 2"),
        (["inspect", "LSTM", "--sequence", "200"], "one of the 200 that are measured"),
        (["inspect", "LSTM", "--ablate", "f"], "takes GATE=VALUE, such as i=0"),
        (["inspect", "LSTM", "--ablate", "g=0"], "Unknown gate of lstm 'g'"),
        (["inspect", "LSTM", "--ablate", "f=2"], "a number from 0 to 1, or at mean"),
        (["inspect", "LSTM", "--ablate", "f=some"], "a number from 0 to 1, or at mean"),
        (["generate"], "needs TRIAL_IDs, or --study"),
        (["generate", "zzz"], "No trial below"),
        (["generate", "ADDING"], "Nothing can be generated from Adding"),
        (["generate", "LSTM", "ADDING"], "Nothing can be generated from Adding"),
        (["generate", "LSTM", "MENTION"], "of different tasks"),
        (["generate", "BOTH"], "can not be run step by step"),
        (["generate", "LSTM", "--length", "0"], "--length must be at least 1"),
        (["generate", "LSTM", "--temperature", "-1"], "--temperature must be at least 0"),
        (["generate", "LSTM", "--prompt", "BTZ"], "Unknown symbol in --prompt 'Z'"),
        (["generate", "LSTM", "--prompt", "TX"], "begins with B, and so must --prompt"),
        (["generate", "LSTM", "--task", "stream"], "--task chooses among a study's trials"),
        (["generate", "WAVE", "--prompt", "1"], "has no symbols, so nothing can be prompted"),
        (["generate", "MENTION", "--prompt", "je parle"], "Unknown word in --prompt 'je'"),
        (["generate", "--study", "inside"], "--study needs --task, one of: stream, adding"),
        (["generate", "--study", "inside", "--task", "steam"], "Did you mean 'stream'"),
        (["generate", "--study", "nowhere", "--task", "x"], "No results of study 'nowhere'"),
    ],
)
def test_bad_input_is_refused_with_code_2_before_anything_is_trained(
    run, swept, tmp_path, arguments, message
):
    cells = {"LSTM": ("lstm", "stream"), "BOTH": ("both", "stream"), "ADDING": ("lstm", "adding")}
    cells |= {"WAVE": ("lstm", "wave"), "MENTION": ("lstm", "mention")}
    code, out = run(*(id_of(swept, *cells[word]) if word in cells else word for word in arguments))
    assert (code, message in out) == (2, True), out
    assert not list(tmp_path.iterdir())


def test_networks_write_texts_that_are_judged_beside_what_they_were_taught(run, swept, tmp_path):
    asked = ["--length", "30", "--texts", "8", "--prompt", "BTB"]
    code, out = run("generate", id_of(swept, "lstm", "stream"), *asked)
    assert code == 0, out
    rows = read(tmp_path / "generated" / "generated.csv")
    assert [(row["cell"], row["measure"]) for row in rows] == [
        ("lstm", "legal symbols"),
        ("lstm", "Reber strings"),
    ]
    for way in ("free", "taught"):
        legal = rows[0]
        assert 0 < float(legal[f"{way}_low"]) <= float(legal[way]) <= float(legal[f"{way}_high"]) <= 1
    lines = (tmp_path / "generated" / "texts.txt").read_text().splitlines()
    assert re.fullmatch(r"  BTB[BTPSXVE]{30}", lines[1])
    with Image.open(tmp_path / "generated" / "generated.png") as image:
        assert image.size[0] > 800


def test_a_study_is_compared_by_cell_and_the_same_draws_give_the_same_texts(run, swept, tmp_path):
    one, two = ((id_of(swept, "lstm", "stream", kept)) for kept in (True, False))
    texts = []
    for seed, out in ((0, "a"), (0, "b"), (1, "c")):
        code, said = run("generate", one, two, "--length", "20", "--texts", "4", "--seed", seed, "--out", out)
        assert (code, "1 found, 1 trained again; all score what their rows say" in said) == (0, True), said
        texts.append((tmp_path / out / "texts.txt").read_text())
        (row, _) = read(tmp_path / out / "generated.csv")
        assert row["networks"] == "2"
    assert texts[0] == texts[1] != texts[2]


def test_a_signal_is_continued_and_a_last_word_is_said(run, swept, tmp_path):
    code, out = run("generate", "--study", "inside", "--task", "wave", "--length", "100")
    assert code == 0, out
    samples = read(tmp_path / "generated" / "signals.csv")
    assert len(samples) == 2 * 100
    rows = {row["measure"]: row for row in read(tmp_path / "generated" / "generated.csv")}
    assert set(rows) == {"score (1 - NMSE)", "spectrum's error"}
    assert all(row["free"] and row["taught"] for row in rows.values())
    asked = ["--texts", "9", "--out", "said"]
    code, out = run("generate", id_of(swept, "lstm", "mention"), *asked)
    assert (code, "I speak fluent" in (tmp_path / "said" / "texts.txt").read_text()) == (0, True), out
    sentence = "I grew up in France . I speak fluent"
    code, out = run("generate", id_of(swept, "lstm", "mention"), *asked, "--prompt", sentence)
    assert code == 0, out
    lines = (tmp_path / "said" / "texts.txt").read_text().splitlines()
    said = [line.removeprefix(f"  {sentence} ") for line in lines if line.startswith(f"  {sentence} ")]
    assert set(said) <= {"French", "Spanish", "Italian"}
    wrong = [line for line in lines if line.endswith("^")]
    assert len(wrong) == len([word for word in said if word != "French"])
    (row,) = read(tmp_path / "said" / "generated.csv")
    assert (row["measure"], row["networks"]) == ("right language", "1")


def test_one_network_is_told_by_its_mean_and_several_by_their_median():
    def network(cell, shares):
        pair = np.array(shares, float), np.ones(len(shares))
        return Network(cell=cell, trial="t", seed=0, measures={"m": {"free": pair, "taught": None}})

    three = [network("b", [share] * 4) for share in (0.2, 0.9, 0.4)]
    rows = summary([network("a", [0, 1, 1, 1]), *three])
    assert [(row["cell"], row["networks"], row["free"]) for row in rows] == [("a", 1, 0.75), ("b", 3, 0.4)]
    assert (rows[1]["free_low"], rows[1]["free_high"]) == (0.2, 0.9)
    assert rows[0]["free_low"] < 0.75 < rows[0]["free_high"]
    assert rows[0]["taught"] is None
