"""The documentation site: `make docs` builds it, strictly and without the network.

Pages of cells and tasks are written by `sweeps.site.write`; sections of the README and of CONTRIBUTING are included
where guides need them, never copied.
"""

import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util.nodes import make_refnode

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

project = "lstm-variants"
author = copyright = "the lstm-variants developers"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["*/results", "**/.ipynb_checkpoints"]
nb_execution_mode = "off"  # notebooks are shipped with their outputs
myst_enable_extensions = ["attrs_inline"]
myst_heading_anchors = 4
copybutton_exclude = ".linenos, .gp, .go"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
python_maximum_signature_line_length = 90
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other packages, whose inventories are on the network

html_theme = "furo"
html_title = "lstm-variants"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False

# Where links of included files lead that are right in the repository and are no pages here. What has no page of its
# own, such as a folder of results, keeps its words and loses its link.
PAGES = {
    "CONTRIBUTING.md": "contributing",
    "CHANGELOG.md": "changelog",
    "README.md": "index",
    "notebooks": "notebooks/index",
    "docs/notebooks": "notebooks/index",
    **{
        f"analysis/notebooks/{path.stem}.py": f"notebooks/{path.stem}"
        for path in ROOT.glob("docs/notebooks/*.ipynb")
    },
}
LISTS = ("Args:", "Returns:", "Raises:")
CELL_OR_TASK = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def linked_names(app, docname, source):
    """The tables of docs/cells.md and docs/tasks.md, whose names lead to the pages of their own."""
    if docname in ("cells", "tasks"):

        def link(found):
            page = ROOT / "docs" / docname / f"{found[1]}.md"
            return f"| [`{found[1]}`]({docname}/{found[1]}.md) |" if page.is_file() else found[0]

        source[0] = CELL_OR_TASK.sub(link, source[0])


def repository_links(app, doctree):
    """Links to what is in the repository and not on the site."""
    for node in list(doctree.findall(pending_xref)):
        if node.get("reftype") != "myst" or node.get("refdomain"):
            continue
        path = node["reftarget"].partition("#")[0].rstrip("/")
        place = (Path(doctree["source"]).parent / path).resolve()
        if path in PAGES:
            page = make_refnode(app.builder, app.env.docname, PAGES[path], "", node[0].deepcopy())
            node.replace_self(page)
        elif path and ((ROOT / path).exists() or place.exists()):
            node.replace_self(nodes.inline("", "", *node[0].children))


def docstring(app, what, name, thing, options, lines):
    """Docstrings are nearly Markdown, and autodoc reads reStructuredText: code, equations and prose as they are."""
    told, block, listed = list[str](), list[str](), False
    for line in [*lines, ""]:
        if listed and line.startswith("    "):  # `name: what it is`, continued by a deeper line
            line = f"  {line[8:]}" if line.startswith("        ") else f"- {line[4:]}"
        elif line.startswith("    ") or (block and not line.strip()):
            block.append(line)
            continue
        if block:
            told += ["", ".. code-block:: text", "", *block, ""]
            block = []
        if line.strip():
            listed = line.startswith(("- ", "  ")) if listed else line in LISTS
        if line in LISTS:
            told += [f"**{line}**", ""]
            continue
        parts = re.split(r"(``[^`]+``|`[^`]+`)", line)
        told.append(
            "".join(
                f"``{part.strip('`')}``" if part.startswith("`") else re.sub(r"([*_|\\])", r"\\\1", part)
                for part in parts
            )
        )
    lines[:] = told


def setup(app):
    app.connect("source-read", linked_names)
    app.connect("doctree-read", repository_links)
    app.connect("autodoc-process-docstring", docstring)
