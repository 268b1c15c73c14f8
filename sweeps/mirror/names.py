"""What W&B calls a run of ours: its id, the name that people see, its group and tags, and the keys of one task.

    id      lstm-adding-s1-confirm-quick-0123456789ab     ASCII, at most 128 characters, never changes
    name    ячейка-adding-s1-confirm-quick-0123456789ab   the labels of now, whatever their alphabet
    group   quick/adding/lstm                             at most 128 characters
    keys    curve/adding, score/adding, solved/adding     letters, digits and _ after the stroke

W&B itself allows an id of 128 characters without `/ \\ # ? % :`, a group of 128, and tags of 1 to 64.
"""

import hashlib
import re

READABLE = 100  # characters of an id before the digits of a trial's hash
MINDED, NO_WORD = re.compile(r"[^A-Za-z0-9._]+"), re.compile(r"\W")
GROUP = 128
TAG = 64


def plain(text: str) -> str:
    """Without the characters that W&B, a shell or a file system minds."""
    return MINDED.sub("-", text).strip("-")


def digits(text: str) -> str:
    """Eight digits of a hash."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def readable(text: str, study: str) -> str:
    """The text in at most `READABLE` plain characters. Where those would not tell one study from another, since its
    name has other characters or the end is cut off, eight digits of a hash of the whole text end them."""
    short = plain(text)
    if plain(study) == study and len(short) <= READABLE:
        return short
    return f"{short[: READABLE - 9].strip('-')}-{digits(text)}".lstrip("-")


def cut(text: str, most: int) -> str:
    """The text, or as much of its beginning as fits beside eight digits of a hash of all of it."""
    return text if len(text) <= most else f"{text[: most - 9]}-{digits(text)}"


def group(*labels: object) -> str:
    return cut("/".join(map(str, labels)), GROUP)


def tags(*labels: object) -> list[str]:
    """As W&B allows them: none empty, none twice, none long."""
    return list(dict.fromkeys(str(label)[:TAG] for label in labels if str(label)))


def key(measure: str, task: str) -> str:
    """The key of a measure on one task.

    >>> key("curve", "copy (20 blanks)")
    'curve/copy__20_blanks_'
    """
    return f"{measure}/{NO_WORD.sub('_', task)}"


def again(run_id: str) -> str:
    """The id to take in the place of `run_id`, which W&B blocks since a run of this id was deleted there. Our ids end
    in eight or twelve digits of a hash, so that one or two are a number of ours.

    >>> again("lstm-s1-01234567"), again("lstm-s1-01234567-2")
    ('lstm-s1-01234567-2', 'lstm-s1-01234567-3')
    """
    before = re.fullmatch(r"(.+)-(\d{1,2})", run_id)
    return f"{before[1]}-{int(before[2]) + 1}" if before else f"{run_id}-2"
