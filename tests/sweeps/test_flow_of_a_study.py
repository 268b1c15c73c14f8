"""A study with `flow`: its confirmed networks are trained again, measured, kept in its store, and read from there."""

import dataclasses

import numpy as np
import pyarrow.parquet as pq
import pytest
from studies import tiny, write_study

from experiments import Adam, Trial
from experiments.flow import flows
from experiments.flow.influence import SHARE, horizon
from lstm_variants import GRU, LSTM, DepthGridLSTM, Layers
from sweeps import cli
from sweeps.commands.plan import networks
from sweeps.errors import InputError
from sweeps.estimate.total import demand, estimate
from sweeps.evidence import flow as evidence
from sweeps.flow.wanted import unmeasurable
from sweeps.overrides import overridden
from sweeps.plan import cut
from sweeps.store import schema
from sweeps.store.store import Store
from sweeps.study import NETWORKS, Study
from sweeps.sweep import sweep

pytestmark = pytest.mark.slow

CELLS = {"lstm": Layers(cell=LSTM(hidden=3), noise=0.1), "depth": DepthGridLSTM(hidden=3)}


def rows_by_moment(store, cell):
    rows = [row for row in store.flow().to_pylist() if row["cell"] == cell]
    return {(row["seed"], row["moment"]): row for row in rows}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """The tiny study of two cells, one of which carries nothing, with the flow of three networks of each."""
    store = Store(tmp_path_factory.mktemp("results"), "tiny")
    said = []
    scheduler = sweep(tiny(cells=CELLS, confirm=4, flow=3), store, listener=Heard(said))
    return store, scheduler, said


class Heard:
    def __init__(self, said):
        self.said = said

    def planned(self, scheduler): ...

    def heard(self, work, event): ...

    def say(self, line):
        self.said.append(line)

    def measured(self, done, total):
        self.said.append(f"{done} of {total}")


def test_the_first_confirmed_networks_are_measured_at_three_moments(swept):
    store, scheduler, said = swept
    rows = store.flow().to_pylist()
    assert list(rows[0]) == list(schema.FLOW_COLUMNS)
    assert {row["cell"] for row in rows} == {"lstm", "rnn"}, "neither the alias nor what carries nothing"
    confirmed = [e for e in scheduler.stages.planned["confirm"] if e.cell == "lstm"][:3]
    found = rows_by_moment(store, "lstm")
    assert set(found) == {(e.trial.seed, m) for e in confirmed for m in ("start", "halfway", "end")}
    assert {(row["moment"], row["step"]) for row in rows} == {("start", 0), ("halfway", 10), ("end", 20)}
    assert all(row["same"] and not row["diverged"] for row in rows)
    assert said[-4:] == [
        "Flow of depth on adding is not measured: it carries nothing from step to step.",
        "0 of 6",
        "3 of 6",
        "6 of 6",
    ]


def test_what_is_kept_is_what_the_command_measures_of_the_same_trials(swept):
    store, scheduler, _ = swept
    confirmed = [e.trial for e in scheduler.stages.planned["confirm"] if e.cell == "lstm"][:3]
    kept = rows_by_moment(store, "lstm")
    for moment in flows(confirmed):
        for i, trial in enumerate(confirmed):
            row = kept[trial.seed, moment.name]
            np.testing.assert_allclose(row["norms"], moment.measured.norms[i], rtol=1e-5)
            np.testing.assert_allclose(row["kept"], moment.measured.kept[i], rtol=1e-5)
            assert row["exponent"] == pytest.approx(float(moment.measured.exponent[i]), rel=1e-4)
            assert row["horizon"] == horizon(np.asarray(row["norms"]))


def test_one_layer_flows_as_its_cell_does(swept):
    _, scheduler, _ = swept
    layered = next(e.trial for e in scheduler.stages.planned["confirm"] if e.cell == "lstm")
    alone = dataclasses.replace(layered, cell=layered.cell.cell)
    one, other = (flows([trial], 4)[0].measured for trial in (layered, alone))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_a_second_sweep_measures_what_is_missing_and_nothing_else(swept):
    store, _, _ = swept
    loaded = tiny(cells=CELLS, confirm=4, flow=3)
    before = {path: path.read_bytes() for path in store.parts("flow")}
    said = []
    assert networks(loaded, store) == []
    assert sweep(loaded, store, listener=Heard(said)).flow.measured == 0
    lost, kept = sorted(before)[0], len(before)
    ids = set(pq.read_table(lost)["trial_id"].to_pylist())
    lost.write_bytes(b"half a part")
    more = sweep(loaded, store, listener=Heard(said))
    assert any("its networks are measured again" in line for line in said)
    assert {entry.id for entry in more.flow.wanted.entries} == ids
    assert len(store.parts("flow")) == kept
    assert {p: p.read_bytes() for p in before if p != lost} == {p: before[p] for p in before if p != lost}


def test_a_row_that_training_does_not_give_again_is_told(tmp_path):
    loaded = tiny(cells={"gru": GRU(hidden=3)}, search=None)
    store = Store(tmp_path, "tiny")
    sweep(loaded, store)
    for part in store.parts("trials"):
        table = pq.read_table(part)
        rows = [row | {"valid_loss": row["valid_loss"] * 1.0000001} for row in table.to_pylist()]
        part.unlink()
        store.append(rows, [])
    sweep(tiny(cells={"gru": GRU(hidden=3)}, search=None, flow=True), store)
    assert {row["same"] for row in store.flow(["same"]).to_pylist()} == {False}


def test_networks_that_diverged_are_measured_where_they_were(tmp_path):
    loaded = tiny(
        cells={"gru": GRU(hidden=3)},
        search=None,
        optimizer=Adam(learning_rate=3e38),
        confirm=2,
        flow=True,
    )
    store = Store(tmp_path, "tiny")
    assert not sweep(loaded, store).flow.errors
    ends = [row for row in store.flow().to_pylist() if row["moment"] == "end"]
    assert all(row["diverged"] and row["same"] for row in ends)


def test_the_flow_of_a_study_that_has_none_is_measured_from_its_store(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_study(tmp_path)
    assert cli.main(["sweep", str(path), "--workers", "0", "--wandb", "off"]) == 0
    store = Store(tmp_path / "results", "mine")
    before = {p: p.read_bytes() for p in store.path.rglob("*.parquet")}
    assert store.flow().num_rows == 0
    capsys.readouterr()
    assert cli.main(["flow", "--study", "mine", "--workers", "0", "--seeds", "1"]) == 0
    out = capsys.readouterr().out
    assert "2 networks measured now, 0 before" in out
    assert "halfway" in out
    assert cli.main(["flow", "--study", "mine", "--workers", "0"]) == 0
    out = capsys.readouterr().out
    assert "2 networks measured now, 2 before" in out
    assert "All 4 gave the numbers of their rows again, bit for bit." in out
    assert {p: p.read_bytes() for p in before} == before
    assert store.flow().num_rows == 4 * 3


OWN = '''"""A cell of one's own."""

import dataclasses

from experiments import Adam, Adding
from lstm_variants import GRU
from sweeps.study import Study


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mine:
    hidden: int = 3

    def build(self, inputs, rngs):
        return GRU(hidden=self.hidden).build(inputs, rngs)


STUDY = Study(
    cells={"mine": Mine()}, tasks={"adding": Adding(length=4)}, optimizer=Adam(learning_rate=0.01),
    confirm=2, steps=4, evaluate_every=2, batch=2, validation_batches=1, test_batches=1,
)
'''


def test_cells_of_ones_own_are_read_back_from_the_study_file(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_study(tmp_path, OWN, "owned")
    assert cli.main(["sweep", str(path), "--workers", "0", "--wandb", "off"]) == 0
    assert cli.main(["flow", "--study", "owned", "--workers", "0"]) == 2
    assert "--study STUDY.py" in capsys.readouterr().err
    assert cli.main(["flow", "--study", "owned.py", "--workers", "0"]) == 0
    assert "4 networks measured now" in capsys.readouterr().out
    path.write_text(OWN.replace("GRU(hidden=self.hidden)", "GRU(hidden=self.hidden + 0)"))
    shelved = Store(tmp_path / "results", "owned").path / "flow"
    for part in shelved.glob("*.parquet"):
        part.unlink()
    assert cli.main(["flow", "--study", "owned.py", "--workers", "0"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "their rows were made by other code" in out
    assert "2 networks measured now" in out, "the control"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["flow"], "Name one or more cells"),
        (["flow", "lstm", "--workers", "1"], "--workers is for --study"),
        (["flow", "lstm", "--study", "mine"], "leave out cells"),
        (["flow", "--study", "mine", "--steps", "20", "--task", "copy"], "leave out --task, --steps"),
        (["flow", "--study", "mine", "--seeds", "0"], "--seeds must be at least 1"),
        (["flow", "--study", "mine"], "No results of study 'mine'"),
        (["flow", "--study", "no.py"], "There is no study file"),
    ],
)
def test_bad_input_is_refused_with_code_2(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_plan_counts_the_networks(tmp_path, capsys):
    loaded = tiny(cells=CELLS, confirm=4, flow=True)
    entries = networks(loaded, Store(tmp_path, "tiny"))
    assert [e.arm for e in entries].count(("lstm", "adding")) == 4, "no more than are confirmed"
    assert {e.cell for e in entries} == {"lstm", "rnn"}
    path = write_study(tmp_path)
    asked = ["plan", str(path), "--results", str(tmp_path), "--workers", "0"]
    assert cli.main([*asked, "--set", "flow=true"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "flow: then 4 networks are trained again and measured, at most 9 of each cell and task" in out
    assert cli.main(asked) == 0
    assert "flow:" not in capsys.readouterr().out


def test_what_is_measured_takes_time_of_its_own_beside_the_training(tmp_path):
    works = cut(networks(tiny(cells=CELLS, confirm=4, flow=True), Store(tmp_path, "tiny")), None)
    bares = {work.structure for work in works}
    plain, measured = (estimate(demand(works, [], (), more), [], workers=1) for more in ((), bares))
    assert measured.seconds > plain.seconds


def test_flow_is_a_yes_or_a_number():
    study = tiny().study
    assert study.networks == 0
    assert dataclasses.replace(study, flow=True).networks == NETWORKS
    assert overridden(study, ["flow=5"]).networks == 5
    assert overridden(study, ["flow=true"]).networks == NETWORKS
    for bad in (-1, "yes", 0.5):
        with pytest.raises(InputError, match="flow must be True, False or a number"):
            dataclasses.replace(study, flow=bad)
    assert isinstance(study, Study)


def test_nine_networks_are_the_fewest_whose_interval_leaves_out_the_extremes():
    for n, inner in ((NETWORKS - 1, False), (NETWORKS, True)):
        low, high, level = evidence.interval(np.arange(n))
        assert ((low, high) != (0, n - 1)) == inner
        assert level >= 0.95


def test_layers_in_both_directions_cannot_be_measured_and_several_can():
    trial = tiny().study

    def of(cell):
        return Trial(cell=cell, task=trial.tasks["adding"], optimizer=trial.optimizer, seed=0)

    assert "both directions" in unmeasurable(of(Layers(cell=GRU(hidden=3), bidirectional=True)))
    assert unmeasurable(of(Layers(cell=GRU(hidden=3), layers=2, learned_carry=True))) == ""


def test_two_layers_and_bfloat16_are_measured():
    values = {"steps": 4, "evaluate_every": 4, "validation_batches": 1, "test_batches": 1, "batch": 2}
    layers = Layers(cell=LSTM(hidden=3), layers=2, learned_carry=True)
    trial = Trial(
        cell=layers,
        task=tiny().study.tasks["adding"],
        optimizer=Adam(learning_rate=0.01),
        seed=0,
        precision="bfloat16",
        **values,
    )
    moments = flows([trial], 4)
    assert [(m.name, m.step) for m in moments] == [("start", 0), ("end", 4)], "no evaluation in between"
    assert np.isfinite(moments[1].measured.norms).all()
    assert (moments[1].measured.norms > 0).all()


def test_the_threshold_is_that_of_the_horizon():
    assert evidence.SHARE == SHARE
