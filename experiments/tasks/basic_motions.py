"""Basic motions: a smart watch measures for ten seconds; tell at the end what its wearer does.

80 recordings of four students who stand, run, walk or play badminton, each of 100 frames of 3 accelerations and 3 turn
rates (UEA archive, Bagnall et al. 2018): 40 to train with, of which 12 are kept to validate, and 40 to test with, as
published. They ship inside the package aeon, which `pip install 'lstm-variants[data]'` brings
(`experiments.tasks.recorded`).

    >>> for line in show(BasicMotions()).splitlines():
    ...     print(line[:60], "...", line[-20:])
    acceleration x   -0.4  -0.4  0.23  0.23  0.23 -1.87 -2.18 -2 ...   0.97 -0.89       0
    acceleration y   0.21  0.21  0.34  -0.1  -0.1 -0.68 -0.51 -0 ...  -1.65 -2.24       0
    acceleration z   0.29  0.29 -0.23  0.84  0.84  0.87  0.16  0 ...  -0.13  0.15       0
    turn x           0.01  0.01 -0.72 -0.04 -0.04 -0.37 -0.76 -0 ...  -1.27 -0.47       0
    turn y          -0.01 -0.01  0.35 -0.22 -0.22  0.08  0.31  0 ...   2.18 -0.22       0
    turn z           0.04  0.04 -0.55 -0.65 -0.65  0.14  0.57  0 ...  -2.27 -1.52       0
    target              ·     ·     ·     ·     ·     ·     ·    ...      ·     · Running

Knowing how frequent the classes are: loss ln 4 = 1.386, right 1/4 of the times, in each part. A linear classifier of
the last frame gets 0.450 of the test recordings right, one of the mean over the frames 0.825. Published for the same
division: 1.000 and 0.975 (nearest neighbour after dynamic time warping, of each channel for itself or of all
together). So few recordings tell little of small differences: 1 in 12 of the validation part is 0.11 of the score, and
who gets these twelve right counts as having solved the task.
"""

from dataclasses import dataclass
from typing import ClassVar

from experiments.tasks.recorded import Recorded, Recording

ACTIVITIES = ("Standing", "Running", "Walking", "Badminton")
MOTIONS = Recording(
    name="BasicMotions",
    classes=ACTIVITIES,
    counts={"train": (7,) * 4, "validation": (3,) * 4, "test": (10,) * 4},
    channels=6,
    shortest=100,
    longest=100,
    digest="883653b01651016e3cfc3b97a574f9a074c50382b3a66453757174375b75fda0",
)


@dataclass(frozen=True, kw_only=True)
class BasicMotions(Recorded):
    """blank: empty steps after the last frame, at least 1.

    part: "train", "validation" or "test"; trials are validated and tested on theirs whatever stands here.
    """

    reference: ClassVar[str] = "UEA archive, Bagnall et al. 2018"
    recording: ClassVar[Recording] = MOTIONS
    lines: ClassVar[tuple[str, ...]] = tuple(
        f"{what} {axis}" for what in ("acceleration", "turn") for axis in "xyz"
    )
