"""Whether every link within the built site leads somewhere: `python -m sweeps.site.links build/site`.

Sphinx checks what it resolves itself; this looks at the pages as they are served: every `href` and `src` that stays on
the site, and the place within a page that follows a #.
"""

import sys
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """links: what the page refers to. places: what can be referred to in it."""

    def __init__(self, text: str):
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id" or (name == "name" and tag == "a"):
                self.places.add(value or "")


def broken(site: Path) -> list[str]:
    """A line for each link that leads nowhere: `cells/lstm.html: ../tasks/ading.html`."""
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = [
        f"{path.relative_to(site.resolve())}: {link}"
        for path, page in pages.items()
        for link in dict.fromkeys(page.links)
        if not leads(path, link, pages, site.resolve())
    ]
    return sorted(found)


def leads(path: Path, link: str, pages: dict[Path, Page], site: Path) -> bool:
    """Whether a link of a page leads somewhere on the site, or away from it."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    to = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if site not in (to, *to.parents):
        return False
    to = to / "index.html" if to.is_dir() else to
    if to in pages:
        return unquote(parts.fragment) in pages[to].places
    return to.is_file()


def main(arguments: Iterable[str]) -> int:
    """Print what is broken; exit code 1 where anything is, 2 where there is no site."""
    (folder,) = arguments
    if not (Path(folder) / "index.html").is_file():
        print(f"There is no site in {folder}: it has no index.html. `make docs` builds it.", file=sys.stderr)
        return 2
    lines = broken(Path(folder))
    for line in lines:
        print(line, file=sys.stderr)
    if lines:
        print(f"{len(lines)} links within the site lead nowhere.", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
