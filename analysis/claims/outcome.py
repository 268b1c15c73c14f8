"""The words for how a statement comes out."""

HOLDS, FAILS, OPEN, UNTESTED = "holds", "fails", "undecided", "not tested"
