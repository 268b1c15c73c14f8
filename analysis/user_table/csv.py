"""CSV as programs and people write it: read where it is unambiguous, else refused with the reason and the fix.

    cell,task,seed,acc     # notes on top     cell;task;seed;acc     "cell","task","seed","acc"
    lstm,mnist,0,0.981     cell,task,...      lstm;mnist;0;0,981     "1","lstm","mnist",0,0.981

Separators (comma, semicolon, tab, bar, spaces) are told by the header, which must have cell, task and seed. Decimal
commas are taken where commas separate nothing. Row names of R are recognised by a header that is one short. What was
assumed is told in a note. All fields are text: no cell called NA turns into a missing value.
"""

import codecs
import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from analysis.words import listing
from sweeps.errors import InputError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}
LONGEST = 2**31 - 1  # of a field: a log or a configuration may stand in a column that nobody asks for
WIDE = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
}  # before UTF-16, whose mark begins alike
WIDE |= {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
BINARY = {b"PAR1": "a Parquet file; call it .parquet", b"PK\x03\x04": "an Excel or zip file; save it as CSV"}
BINARY |= {b"\x1f\x8b": "compressed; unpack it", b"\xd0\xcf\x11\xe0": "an Excel file; save it as CSV"}
DECIMAL = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
PLAIN = re.compile(r"[+-]?\d+([eE][+-]?\d+)?")
NEEDED = {"cell", "task", "seed"}
END = "\x1e end of table"


class Parsed(NamedTuple):
    """header and rows as fields; notes: what was assumed."""

    header: list[str]
    rows: list[list[str]]
    notes: list[str]


def read_csv(path: Path) -> pd.DataFrame:
    """The table, with `attrs["notes"]`. Raises InputError."""
    text, notes = decoded(path)
    lines, separator = beginning(text)
    parsed = split(lines, separator, path)
    header, rows, more = whole(parsed.header, parsed.rows, separator, path)
    if separator != ",":
        notes.append(f"{path.name} is read with {SEPARATORS[separator]} between its columns.")
        rows, decimal = points(header, rows)
        if decimal:
            notes[-1] = notes[-1][:-1] + f" and decimal commas in {listing(decimal)}."
    table = pd.DataFrame(rows, columns=range(len(header)), dtype=object)
    named = [
        i for i, name in enumerate(header) if name
    ]  # a column without a name is nobody's: R's and pandas' index
    table = table[named].set_axis(distinct([header[i] for i in named], path), axis=1)
    table.attrs["notes"] = [*notes, *more]
    return table


def decoded(path: Path) -> tuple[str, list[str]]:
    """The text of a file in UTF-8, UTF-16 or UTF-32 (by its mark), else Windows-1252."""
    content = path.read_bytes()
    for start, what in BINARY.items():
        if content.startswith(start):
            raise InputError(f"{path} is not a CSV file in UTF-8: it is {what}.")
    encoding = next((name for mark, name in WIDE.items() if content.startswith(mark)), "")
    if not encoding and 3 * content[:400].count(0) > len(
        content[:400]
    ):  # every other byte of text in UTF-16 without its mark
        encoding = "utf-16-be" if content[:1] == b"\x00" else "utf-16-le"
    try:
        if encoding:
            return textual(content.decode(encoding)), [f"{path.name} is read as {encoding.upper()}."]
        return textual(content.decode("utf-8-sig")), []
    except UnicodeError as error:
        problem = error
    if encoding or not isinstance(problem, UnicodeDecodeError):
        raise InputError(f"{path} is not a CSV file in UTF-8 ({problem}). Save it in UTF-8.")
    number = content.count(b"\n", 0, problem.start) + 1
    place = f"line {number}"
    fix = "Save it in UTF-8, such as with: iconv -f ENCODING -t UTF-8."
    if re.search(rb"\xc3[\x80-\xbf]", content):
        raise InputError(f"{path} is not a CSV file in UTF-8: {place} is not, and other lines are. {fix}")
    try:
        text = content.decode("cp1252")
    except UnicodeError:
        raise InputError(f"{path} is not a CSV file in UTF-8 ({place}), nor in Windows-1252. {fix}") from None
    return text, [f"{path.name} is not in UTF-8 ({place}) and is read as Windows-1252."]


def textual(text: str) -> str:
    if "\x00" in text:
        raise UnicodeError("zeros in it: a binary file?")
    return text


def beginning(text: str) -> tuple[list[str], str]:
    """The lines from the header on, and the separator. Above it may stand blank lines, comments with # and Excel's
    sep=; the header itself may be the last of the comments."""
    lines = io.StringIO(text, newline="").readlines()
    commented, said, at = "", "", 0
    for at, line in enumerate([*lines, END]):  # noqa: B007
        words = line.strip()
        if match := re.fullmatch(r'"?sep=(.)"?', words):
            said = match[1]
        elif words.startswith("#"):
            commented = words.lstrip("# \t") if separators(words) else commented
        elif words:
            break
    rest = lines[at:]
    first = rest[0] if rest else ""
    if said in SEPARATORS:
        return rest, said
    if separators(commented) and not separators(first):
        first, rest = commented, [commented + "\n", *rest]
    return rest, next(iter(separators(first)), max(",;\t|", key=first.count))


def separators(line: str) -> list[str]:
    """The separators with which a line is a header: cell, task and seed are among its names."""
    found = []
    for separator in SEPARATORS:
        names = next(csv.reader([line.strip().lstrip("# ")], delimiter=separator, skipinitialspace=True), [])
        if {name.strip().lower() for name in names} >= NEEDED:
            found.append(separator)
    return found


def split(lines: list[str], separator: str, path: Path) -> Parsed:
    """Fields. Raises InputError for a quote that is never closed: all that follows would be one field."""
    before = csv.field_size_limit(LONGEST)
    try:
        ended = [*lines[:-1], lines[-1].rstrip("\r\n") + "\n", END] if lines else [END]
        rows = [row for row in csv.reader(ended, delimiter=separator, skipinitialspace=True) if row]
    except csv.Error as error:
        raise InputError(f"{path} is not a CSV file in UTF-8 ({error}).") from None
    finally:
        csv.field_size_limit(before)
    last = rows.pop()
    if separator.join(last) != END:
        raise InputError(f"{path}: a quote opens in row {len(rows)} below the header and is never closed.")
    header, *rows = rows or [[]]
    return Parsed([name.strip() for name in header], rows, [])


def whole(header: list[str], rows: list[list[str]], separator: str, path: Path) -> Parsed:
    """As many names as fields in each row. Raises InputError."""
    extra = [len(row) - len(header) for row in rows]
    if rows and set(extra) == {1}:
        if all(row[-1].strip() == "" for row in rows):
            return Parsed(header, [row[:-1] for row in rows], [])
        if row_names(rows):
            return Parsed(
                ["", *header], rows, [f"The first field of each row of {path.name} is taken as its name."]
            )
    for i, (row, more) in enumerate(zip(rows, extra, strict=True), 1):
        if more:
            raise InputError(
                f"{path}: row {i} below the header has {len(row)} fields, the header has {len(header)}: "
                f"{separator.join(row)[:80]}{hint(header, row, more, separator)}"
            )
    return Parsed(header, rows, [])


def row_names(rows: list[list[str]]) -> bool:
    """Whether first fields are the names of rows and no labels. Where they are not just counted, a row that may be
    one with a decimal comma is not taken for one with a name."""
    names = [row[0].strip() for row in rows]
    if names == [str(i) for i in range(1, len(rows) + 1)]:
        return True
    unlike = len(set(names)) == len(names) and not any(PLAIN.fullmatch(name) for name in names)
    numbers = [[bool(PLAIN.fullmatch(field.strip())) for field in row] for row in rows]
    return unlike and not any(
        all(row[i] and row[i + 1] for row in numbers) for i in range(len(numbers[0]) - 1)
    )


def hint(header: list[str], row: list[str], more: int, separator: str) -> str:
    if not {name.lower() for name in header} >= NEEDED:
        names = ", ".join(SEPARATORS.values())
        return f". The first line that is not a comment must be the header, its names separated by one of {names}."
    if row[0].lstrip().startswith("#"):
        return ". Remove comments below the header."
    if more > 0 and separator == ",":
        return ". Decimal commas? Write points, or separate columns by semicolons. R's row names? Give them a column."
    return ""


def points(header: list[str], rows: list[list[str]]) -> tuple[list[list[str]], list[str]]:
    """Decimal commas as points, in columns where every number has one or is whole; and the names of these columns."""
    found = []
    for i, name in enumerate(header):
        fields = [field for row in rows if (field := row[i].strip()) and field.lower() not in ("na", "nan")]
        decimal = [bool(DECIMAL.fullmatch(field)) for field in fields]
        if name.lower() in ("cell", "task") or not any(decimal):
            continue
        if all(d or PLAIN.fullmatch(field) for d, field in zip(decimal, fields, strict=True)):
            found.append(i)
    changed = [
        [field.replace(",", ".") if i in found else field for i, field in enumerate(row)] for row in rows
    ]
    return (changed if found else rows), [header[i] for i in found]


def distinct(names: list[str], path: Path) -> list[str]:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(f"{path} has two columns called {listing(map(repr, sorted(twice)))}; rename one.")
    return names
