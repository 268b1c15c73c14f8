"""The tables of Delétang et al. 2023 and of Arora et al. 2023, which the study `languages` measures."""

from collections.abc import Mapping

from analysis.claims.published_table import ANSWERS, LONGER, PublishedTable, Row

DELETANG = {"RNN": "rnn", "Stack-RNN": "", "Tape-RNN": "", "Transformer": "transformer", "LSTM": "lstm"}
HOW = (
    "There the mean over lengths of 41 to 500, of the best of ten seeds and three learning rates, with 256 units and "
    "1,000,000 updates of 128 strings; here over lengths of 41 to 80, 201 to 240 and 441 to 480, of fresh seeds at one "
    "chosen learning rate, with 24 units and 1,000 to 8,000 updates of 16. Both train on up to 40 symbols."
)


def deletang(title: str, languages: Mapping[str, tuple[str, float, str]], differs: str) -> PublishedTable:
    """Rows of their table 2: of each language the task here, the share of right guesses, and the numbers of the
    networks in DELETANG in order. The GRU is ours."""
    rows = [
        Row(
            network=f"{language}: {network}",
            printed=number,
            task=task if cell else "",
            cell=cell,
            chance=chance,
        )
        for language, (task, chance, numbers) in languages.items()
        for (network, cell), number in zip(
            (DELETANG | {"GRU": "gru"}).items(), [*numbers.split(), ""], strict=True
        )
    ]
    return PublishedTable(
        title=title,
        source="Delétang et al. 2023, table 2 (second-hand)",
        printed="accuracy per symbol on longer strings, %, best seed",
        study="languages",
        measure=LONGER,
        rows=tuple(rows),
        differs=f"{HOW} {differs}",
    )


LANGUAGES = (
    deletang(
        "Regular languages, on longer strings",
        {
            "Even pairs": ("even_pairs", 1 / 2, "100.0 100.0 100.0 96.4 100.0"),
            "Modular arithmetic (simple)": ("modular", 1 / 5, "100.0 100.0 100.0 24.2 100.0"),
            "Parity check": ("parity", 1 / 2, "100.0 100.0 100.0 52.0 100.0"),
            "Cycle navigation": ("cycle", 1 / 5, "100.0 100.0 100.0 61.9 100.0"),
        },
        "Modular arithmetic has up to 19 characters in training here, and up to 228 in tests.",
    ),
    deletang(
        "Languages that are not regular, on longer strings",
        {
            "Reverse string": ("reverse", 1 / 2, "62.0 100.0 100.0 62.3 60.9"),
            "Duplicate string": ("duplicate", 1 / 2, "50.3 52.8 100.0 52.8 57.6"),
            "Odds first": ("odds_first", 1 / 2, "51.0 51.9 100.0 52.8 55.6"),
            "Bucket sort": ("sort", 1 / 5, "27.9 78.1 70.7 91.9 99.3"),
        },
        "Of theirs, stack manipulation, modular arithmetic with brackets, equations, missing duplicate, binary "
        "addition and multiplication and the square root are not here, nor are networks with a stack or a tape.",
    ),
    PublishedTable(
        title="MQAR",
        source="Arora et al. 2023, figure 2, which prints no numbers (second-hand)",
        printed="whether queries are answered",
        study="languages",
        measure=ANSWERS,
        rows=tuple(
            Row(network=f"{network}, {length}", printed=printed, task=task, cell=cell, chance=1 / 16)
            for task, length in (("mqar_64", "N = 64, D = 4"), ("mqar_128", "N = 128, D = 8"))
            for network, printed, cell in (
                ("attention", "yes, at every width", "lstm_attend"),
                ("gated convolutions", "the longer, the wider they must be", ""),
                ("LSTM", "", "lstm"),
                ("GRU", "", "gru"),
            )
        ),
        differs=(
            "There two layers of 64 to 512 units, a vocabulary of 8,192 and many epochs of 100,000 texts; here 24 "
            "units, a vocabulary of 32 and 1,000 updates of 16. Attention is here that of an LSTM's read-out to its "
            "states. N = 256 and 512 are not here."
        ),
    ),
)
