"""What is printed arrives on every terminal: signs that an encoding lacks are replaced by plain ones.

    utf-8      −0.012 to +0.003   ±0.02   ▁▃▆█
    latin-1    -0.012 to +0.003   ±0.02   .-=#
    ascii      -0.012 to +0.003   +-0.02  .-=#

Batch systems, containers and older consoles often have no UTF-8. A table with a plain minus is better than none.
"""

import codecs
import sys
import unicodedata

HANDLER = "lstm-variants-plain"
PLAIN = {
    **dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\u2014\u2015", "-"),
    **dict.fromkeys("\u2018\u2019\u201a\u2032", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
    **dict.fromkeys("│┃║", "|"),
    **dict.fromkeys("─━═╌┄", "-"),
    **dict(zip("▁▂▃▄▅▆▇█", "..--==##", strict=True)),
    **{
        "±": "+-",
        "×": "x",
        "·": "*",
        "•": "*",
        "…": "...",
        "→": "->",
        "←": "<-",
        "√": "sqrt",
        "∞": "inf",
        "\u2044": "/",
    },
    **{"≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "∈": "in", "°": " deg", "⊙": "*", "Σ": "sum", "\xa0": " "},
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "σ": "sigma", "Δ": "Delta"},
}


def plain(character: str) -> str:
    """The nearest ASCII text; a question mark where there is none."""
    if character in PLAIN:
        return PLAIN[character]
    if "\u2500" <= character <= "\u257f":  # corners and crossings of boxes
        return "+"
    parts = unicodedata.normalize("NFKD", character)
    return "".join(PLAIN.get(c, c) for c in parts if c.isascii() or c in PLAIN) or "?"


def replaced(error: UnicodeError) -> tuple[str | bytes, int]:
    """For `codecs`: what stands in the place of the characters that cannot be written.

    Raises the error itself where it is not one of writing.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    first = error.object[error.start]
    if "\udc80" <= first <= "\udcff":  # a byte of a file's name, as it was
        return first.encode("ascii", "surrogateescape"), error.start + 1
    return plain(first), error.start + 1


def every_sign_prints() -> None:
    """From now on standard output and error never fail for a character."""
    codecs.register_error(HANDLER, replaced)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not where a notebook or a test has put something else
            stream.reconfigure(errors=HANDLER)
