"""Japanese vowels: a man says "ae"; tell at the end which of nine men it was.

640 utterances by nine speakers (Kudo, Toyama & Shimbo 1999), of 7 to 29 frames of 12 LPC cepstrum coefficients: 270 to
train with, of which 72 are kept to validate, and 370 to test with, as published. They ship inside the package aeon,
which `pip install 'lstm-variants[data]'` brings (`experiments.tasks.recorded`).

    >>> for line in show(JapaneseVowels(), seed=1).splitlines():
    ...     if line.split()[0] in ("c1", "c2", "c12", "target"):
    ...         print(line)
    c1        0.6  1.09  0.76  0.63  0.92  0.95  1.28  1.46  1.15  1.04  0.68  0.58  0.48 0
    c2       1.15  0.43  0.23 -0.09 -0.67 -0.98 -1.29 -1.22  -0.8 -0.89 -1.38 -1.79  -1.9 0
    c12      0.76   0.5  0.72  0.81   0.5  0.02 -0.02 -0.15 -0.45 -0.75 -1.26 -1.77 -1.87 0
    target      ·     ·     ·     ·     ·     ·     ·     ·     ·     ·     ·     ·     · 6

Knowing how frequent the classes are: loss ln 9 = 2.197, right 1/9 of the times, in training and validation, which have
as many utterances of each man; loss 2.113, right 0.238 of the times in the test. The length alone scores 0.07. Little
has to be remembered: a linear classifier of the last frame, which is `blank` steps away, gets 0.951 of the test
utterances right, one of the frames' mean, spread and end 0.984. Published for the same division: 0.941 (the paper's own
classifier) and 0.962 (a hidden Markov model of five states).
"""

from dataclasses import dataclass
from typing import ClassVar

from experiments.tasks.recorded import Recorded, Recording

SPEAKERS = 9
VOWELS = Recording(
    name="JapaneseVowels",
    classes=tuple(str(speaker) for speaker in range(1, SPEAKERS + 1)),
    counts={
        "train": (22,) * SPEAKERS,
        "validation": (8,) * SPEAKERS,
        "test": (31, 35, 88, 44, 29, 24, 40, 50, 29),
    },
    channels=12,
    shortest=7,
    longest=29,
    digest="f4c18fbe45f821c44b4c4a022c39e0b9b00c08652864a4d98e5b5ea6bc8fde20",
)


@dataclass(frozen=True, kw_only=True)
class JapaneseVowels(Recorded):
    """blank: empty steps after the last frame, at least 1.

    part: "train", "validation" or "test"; trials are validated and tested on theirs whatever stands here.
    """

    reference: ClassVar[str] = "Kudo, Toyama & Shimbo 1999; UCI and UEA archives"
    recording: ClassVar[Recording] = VOWELS
    lines: ClassVar[tuple[str, ...]] = tuple(f"c{k}" for k in range(1, VOWELS.channels + 1))
