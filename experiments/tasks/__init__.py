"""Long-dependency tasks, generated on the device, and three of recorded data.

`TASKS` maps the name used on the command line and in rows to the spec class.
"""

from typing import Any

from experiments.tasks.adding import Adding
from experiments.tasks.adding_1997 import Adding1997
from experiments.tasks.an_bn import AnBn
from experiments.tasks.arithmetic import Arithmetic
from experiments.tasks.associative_recall import AssociativeRecall
from experiments.tasks.basic_motions import BasicMotions
from experiments.tasks.continual_reber import ContinualReber
from experiments.tasks.contract import TOLERANCE, Batch, Measures, TaskSpec
from experiments.tasks.copy_memory import CopyMemory
from experiments.tasks.cycle_navigation import CycleNavigation
from experiments.tasks.digits import Digits
from experiments.tasks.dyck import Dyck
from experiments.tasks.early_mention import EarlyMention
from experiments.tasks.embedded_reber import EmbeddedReber
from experiments.tasks.even_pairs import EvenPairs
from experiments.tasks.induction_heads import InductionHeads
from experiments.tasks.japanese_vowels import JapaneseVowels
from experiments.tasks.lead import Lead
from experiments.tasks.memorisation import Memorisation
from experiments.tasks.modular_arithmetic import ModularArithmetic
from experiments.tasks.mqar import Mqar
from experiments.tasks.multiplication import Multiplication
from experiments.tasks.noise_free_lag import NoiseFreeLag
from experiments.tasks.noisy_frames import NoisyFrames
from experiments.tasks.parity import Parity
from experiments.tasks.periodic import Periodic
from experiments.tasks.random_permutation import RandomPermutation
from experiments.tasks.selective_copying import SelectiveCopying
from experiments.tasks.spike_delays import SpikeDelays
from experiments.tasks.string_transduction import StringTransduction
from experiments.tasks.temporal_order import TemporalOrder
from experiments.tasks.timed_spikes import TimedSpikes
from experiments.tasks.two_sequence import TwoSequence
from experiments.tasks.waveform import Waveform
from experiments.tasks.xml import Xml
from experiments.tasks.xor import Xor

TASKS: dict[str, type[Any]] = {
    # Hochreiter & Schmidhuber 1997, and Gers et al. 2000
    "embedded_reber": EmbeddedReber,
    "continual_reber": ContinualReber,
    "noise_free_lag": NoiseFreeLag,
    "two_sequence": TwoSequence,
    "adding_1997": Adding1997,
    "multiplication": Multiplication,
    "temporal_order": TemporalOrder,
    # their later forms, and pathological problems of Martens & Sutskever 2011
    "adding": Adding,
    "copy_memory": CopyMemory,
    "memorisation": Memorisation,
    "random_permutation": RandomPermutation,
    "xor": Xor,
    # timing, generation and noisy signals
    "spike_delays": SpikeDelays,
    "timed_spikes": TimedSpikes,
    "periodic": Periodic,
    "waveform": Waveform,
    "noisy_frames": NoisyFrames,
    # counting, formal languages and programs
    "an_bn": AnBn,
    "dyck": Dyck,
    "lead": Lead,
    "even_pairs": EvenPairs,
    "parity": Parity,
    "cycle_navigation": CycleNavigation,
    "modular_arithmetic": ModularArithmetic,
    "string_transduction": StringTransduction,
    "arithmetic": Arithmetic,
    "xml": Xml,
    # recall
    "associative_recall": AssociativeRecall,
    "mqar": Mqar,
    "selective_copying": SelectiveCopying,
    "induction_heads": InductionHeads,
    "early_mention": EarlyMention,
    # recorded data
    "digits": Digits,
    "japanese_vowels": JapaneseVowels,
    "basic_motions": BasicMotions,
}

__all__ = [
    "TASKS",
    "TOLERANCE",
    "Adding",
    "Adding1997",
    "AnBn",
    "Arithmetic",
    "AssociativeRecall",
    "BasicMotions",
    "Batch",
    "ContinualReber",
    "CopyMemory",
    "CycleNavigation",
    "Digits",
    "Dyck",
    "EarlyMention",
    "EmbeddedReber",
    "EvenPairs",
    "InductionHeads",
    "JapaneseVowels",
    "Lead",
    "Measures",
    "Memorisation",
    "ModularArithmetic",
    "Mqar",
    "Multiplication",
    "NoiseFreeLag",
    "NoisyFrames",
    "Parity",
    "Periodic",
    "RandomPermutation",
    "SelectiveCopying",
    "SpikeDelays",
    "StringTransduction",
    "TaskSpec",
    "TemporalOrder",
    "TimedSpikes",
    "TwoSequence",
    "Waveform",
    "Xml",
    "Xor",
]
