"""Numbers and lists as people read them: true minus signs, few digits, `a, b and c`."""

import math
from collections.abc import Iterable

MINUS = "\N{MINUS SIGN}"


def number(value: float, digits: int = 3) -> str:
    """`-0.0471` as `−0.047`; a missing number as a dash."""
    if math.isnan(value):
        return "–"
    return f"{value:.{digits}f}".replace("-", MINUS)


def digits(margin: float, least: int = 3) -> int:
    """Places after the point that differences need so that they can be held against a margin: of a margin below 1 at
    least a fifth can be told (3 for 0.05, 5 for 5e-5), of a larger one a hundredth (2 for 4, none for 100)."""
    if not 0 < margin < math.inf:
        return least
    places = math.ceil(round(-math.log10(margin / (5 if margin < 1 else 100)), 9))
    return max(places, least if margin < 1 else 0)


def signed(value: float, digits: int = 3) -> str:
    """As `number`, with the sign always there, for differences."""
    if math.isnan(value):
        return "–"
    text = f"{value:+.{digits}f}"
    return text.replace("-", MINUS) if float(text) else text[1:]


def between(low: float, high: float, digits: int = 3) -> str:
    """An interval of differences: `−0.012 to +0.003`; a dash where there is none."""
    if math.isnan(low) and math.isnan(high):
        return "–"
    return f"{signed(low, digits)} to {signed(high, digits)}"


def probability(p: float) -> str:
    """A p-value; below 0.001 no further digits are claimed."""
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def listing(items: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    names = list(items)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"


def count(n: int, noun: str) -> str:
    """`1 trial`, `3 trials`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.4 h`."""
    if math.isnan(seconds):
        return "–"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def compact(value: object) -> str:
    """A setting in a table: three significant digits for floats, everything else as it is."""
    if isinstance(value, float):
        if math.isnan(value):
            return "–"
        return str(int(value)) if value.is_integer() and abs(value) < 1e6 else f"{value:.3g}"
    return str(value)


def shares(row) -> str:
    """Posterior probabilities of a pair in per cent, `3, 95, 2`; a star where they give another verdict."""
    parts = (row.posterior_a, row.posterior_equal, row.posterior_b)
    if any(map(math.isnan, parts)):
        return "–"
    return ", ".join(map(hundredths, parts)) + ("" if row.agree else " *")


def hundredths(share: float) -> str:
    """A probability in per cent, without the sign and without digits that nobody needs: `97`."""
    return f"{max(100 * share, 0):.0f}"


def percent(share: float) -> str:
    """The same with the sign: `97%`."""
    return f"{hundredths(share)}%"


def percent_between(value: float, low: float, high: float) -> str:
    """A share with its interval: `52% (47% to 58%)`."""
    return f"{percent(value)} ({percent(low)} to {percent(high)})"


def further(seeds: float, n: int = 2) -> str:
    """Seeds a side that should decide a pair; nothing for a decided one, `?` where none foreseeable do. n: seeds of the
    side that has fewer; with less than two nothing is tested."""
    if n < 2:
        return "one seed" if n else "no seed"
    return "?" if math.isnan(seeds) else f"{seeds:,.0f}" if seeds else ""
