"""A study whose seeds were raced: its report says what the race decided, from the store alone."""

import pandas as pd
import pytest
from studies import tiny
from sweeping import made_up, sweep_in

from analysis.claims import evaluate
from analysis.report.finding import finding
from analysis.report.finding_notes import notes
from analysis.report.terminal import verdict_text
from analysis.report.write import write_report
from analysis.study.method import margins
from analysis.study.results import load
from analysis.study.tables import Analysed
from analysis.study.verdicts import oriented, references
from lstm_variants import GRU, LSTM, NFG, PeepholeLSTM
from sweeps.rules.race import race

HEIGHTS = {"lstm": 0.45, "lstm_again": 0.45, "gru": 0.45, "peephole": 0.35, "nfg": 0.1, "rnn": 0.03}


def score(entry):
    """Around the cell's height, by ±0.03."""
    return HEIGHTS[entry.cell] + 0.06 * (made_up(entry) - 0.5)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Where a small race ran through, and its declaration."""
    cells = {
        name: kind(hidden=3)
        for name, kind in (("lstm", LSTM), ("gru", GRU), ("peephole", PeepholeLSTM), ("nfg", NFG))
    }
    folder = tmp_path_factory.mktemp("raced")
    loaded = tiny(cells=cells, confirm=race(most=96, look=8), margin=0.1)
    return folder, sweep_in(folder, loaded, score=score).store.declaration()


@pytest.fixture(scope="module")
def study(swept):
    return Analysed(load(str(swept[0]), "tiny"))


def test_the_declaration_says_what_is_compared_and_how(swept):
    declared = swept[1]
    assert declared.race == {"most": 96, "look": 8}
    assert declared.pairs == [["adding", cell, "lstm"] for cell in ("gru", "peephole", "nfg")]


def test_decided_cells_have_fewer_seeds_and_the_total_is_what_was_needed(swept):
    declared = swept[1]
    seeds = {cell: len(ids) for cell, _, ids in declared.labels["confirm"]}
    assert seeds["nfg"] < seeds["gru"] <= seeds["lstm"] <= 96
    assert declared.total["confirm"] == sum(seeds.values())


def test_the_verdicts_are_those_of_the_race_with_controls_beside_the_family(study):
    rows = oriented(study.verdicts)
    words = rows[rows["reference"] == "lstm"].set_index("cell")["standing"]
    assert words["gru"] == "equivalent"
    assert words["nfg"] == words["rnn"] == "worse"
    assert words["lstm_again"] == "equivalent"
    assert set(study.verdicts["pairs"]) == {3}
    assert study.verdicts[["p_difference_holm", "p_equivalence_holm"]].isna().all(axis=None)
    assert (study.verdicts.loc[study.verdicts["verdict"] != "undecided", "grade"] == "proven").all()
    assert study.trust.trustworthy
    assert not any("rule that saw" in warning for warning in study.trust.warnings)


def test_each_reason_names_the_evidence_and_the_seeds_it_rests_on(study):
    table = study.verdicts
    for row in table[table["verdict"] != "undecided"].itertuples():
        assert f"after {row.looked} seeds each: e = " in row.why
        assert row.low <= row.value <= row.high


def test_a_race_that_is_too_short_says_how_many_more_seeds_it_needs(tmp_path):
    cells = {"lstm": LSTM(hidden=3), "gru": GRU(hidden=3)}
    sweep_in(tmp_path, tiny(cells=cells, confirm=race(most=16, look=8), margin=0.1), score=score)
    table = Analysed(load(str(tmp_path), "tiny")).verdicts
    row = table[table["a"].eq("gru")].iloc[0]
    assert row["verdict"] == "undecided"
    assert row["grade"] == ""
    assert f"out of seeds: about {row['seeds_to_decide']:,.0f} more of each" in row["why"]


def test_the_smallest_margin_is_the_one_of_the_verdict_and_larger_ones_are_told_beside_it(study):
    table, declared = study.verdicts, study.declaration
    equal = table["verdict"] == "equivalent"
    assert (table.loc[equal, "smallest_margin"] <= declared.margin + 1e-12).all()
    assert not (table.loc[~equal, "smallest_margin"] <= declared.margin - 1e-12).any()
    told = margins(declared, study.comparisons)
    assert told.startswith(
        "How many of 4 comparisons these seeds prove equivalent depends on the margin: 0 at ±0.04"
    )
    assert f"{equal[table['a'] != 'lstm_again'].sum()} at ±0.1 (the study's)" in told
    assert told in notes(study)


def test_an_undecided_comparison_says_at_which_margin_it_would_be_equivalent(tmp_path):
    cells = {"lstm": LSTM(hidden=3), "gru": GRU(hidden=3)}
    sweep_in(tmp_path, tiny(cells=cells, confirm=race(most=24, look=8), margin=0.1), score=score)
    row = Analysed(load(str(tmp_path), "tiny")).verdicts.set_index("a").loc["gru"]
    assert row["verdict"] == "undecided"
    assert 0.1 < row["smallest_margin"] <= 0.2
    assert f"equivalent at a margin of {row['smallest_margin']:.3g}" in row["why"]


def test_the_report_and_the_terminal_speak_of_the_race(study, swept, tmp_path):
    text = verdict_text(study.verdicts, study.declaration)
    assert "e-Holm over the declared comparisons" in " ".join(text.split())
    paths = write_report(str(swept[0]), "tiny", tmp_path)
    saved = pd.read_csv(paths.report.with_name("verdicts.csv"))
    assert {"looked", "e_needed_equal", "e_needed_differ", "grade"} <= set(saved)
    assert "race of e-values" in paths.report.read_text()


def test_cells_that_are_compared_with_others_than_the_reference_are_told_too(tmp_path):
    cells = {
        "lstm": LSTM(hidden=3),
        "gru": GRU(hidden=3),
        "peephole": PeepholeLSTM(hidden=3),
        "nfg": NFG(hidden=3),
    }
    pairs = [("gru", "lstm"), ("nfg", "peephole")]
    sweep_in(tmp_path, tiny(cells=cells, pairs=pairs, confirm=race(most=96, look=8), margin=0.1), score=score)
    study = Analysed(load(str(tmp_path), "tiny"))
    assert references(study.declaration) == ["lstm", "peephole"]
    first, second = verdict_text(study.verdicts, study.declaration).split("against peephole")
    assert "against lstm" in first
    assert "gru" in first
    assert "nfg" not in first
    assert second.splitlines()[2].split()[:2] == ["nfg", "<"]
    words = finding(study, evaluate(study))
    assert words.details[-1] == "nfg against peephole: worse on adding."
