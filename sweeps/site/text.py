"""Docstrings as Markdown.

A docstring here is nearly Markdown: code stands in backticks, equations and examples are indented by four. What stands
outside of these is prose in which * and _ are themselves.
"""

import inspect
import re

CODE = re.compile(r"(``[^`]+``|`[^`]+`)")
MARKUP = re.compile(r"([*_<>\[\]$\\#|~])")


def markdown(docstring: str) -> str:
    """The same for a Markdown page: prose escaped, indented blocks fenced as plain text."""
    lines, block = list[str](), list[str]()
    for line in [*inspect.cleandoc(docstring).splitlines(), ""]:
        if line.startswith("    ") or (block and not line.strip()):
            block.append(line[4:])
            continue
        lines += fenced(block)
        block = []
        lines.append(prose(line))
    return "\n".join([*lines, *fenced(block)]).strip()


def fenced(block: list[str]) -> list[str]:
    """A block of text as it stands, such as equations; nothing for none."""
    while block and not block[-1].strip():
        block = block[:-1]
    language = "pycon" if block and block[0].startswith(">>>") else "text"
    return ["", f"```{language}", *block, "```", ""] if block else []


def prose(line: str) -> str:
    """Escaped outside of backticks; a list's bullet stays one."""
    bullet = re.match(r"\s*[-*] ", line)
    head = bullet[0] if bullet else ""
    parts = CODE.split(line[len(head) :])
    return head + "".join(part if part.startswith("`") else MARKUP.sub(r"\\\1", part) for part in parts)


def first_sentence(docstring: str) -> tuple[str, str]:
    """The first sentence, without its full stop, and the rest. `et al. 2014` ends none: the next one has a capital."""
    paragraph, _, rest = inspect.cleandoc(docstring).partition("\n\n")
    sentence, *more = re.split(r"(?<=[^A-Z])\.\s+(?=[A-Z])", paragraph, maxsplit=1)
    return " ".join(sentence.split()).rstrip("."), "\n\n".join([*more, rest])
