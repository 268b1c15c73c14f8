"""The study file of a sweep of very many trials (`sweeps.bench.many`)."""

from pathlib import Path

STUDY = '''"""A study of very many trials."""

from experiments import Adam, Adding
from lstm_variants import GRU, LSTM, NFG, NIG, NOG, VanillaRNN
from sweeps.spaces import log_uniform, sampled
from sweeps.study import Controls, Study

KINDS = dict(lstm=LSTM, gru=GRU, nig=NIG, nfg=NFG, nog=NOG)
STUDY = Study(
    cells={{name: kind(hidden=16) for name, kind in KINDS.items()}},
    tasks={{f"adding_{{length}}": Adding(length=length) for length in (20, 30, 40, 50)}},
    optimizer=Adam(learning_rate=0.01),
    search=sampled({{"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}}, trials={half}),
    confirm={half},
    controls=Controls(unable=VanillaRNN(hidden=16)),
    steps=1000,
)
'''
ARMS = 5 * 4 + 4 + 1


def write_study(folder: Path, trials: int) -> Path:
    """A study file of about so many trials; returns its path."""
    path = folder / "many.py"
    path.write_text(STUDY.format(half=max(2, trials // (2 * ARMS))))
    return path
