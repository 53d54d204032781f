# SPDX-License-Identifier: MIT
"""
The book, for Sphinx: lab/book.sh runs it on the whole tree, in which the pages lie
where they are read on their own. What is in the book, and in which order, says the
list of README.md here: each of its headings is a part, each link a chapter.
"""
import pathlib
import re

project = "barlease"
author = "The barlease authors"
copyright = "2026, The barlease authors"
root_doc = "docs/book/README"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
include_patterns = ["README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md",
                    "docs/**.md"]
exclude_patterns = ["build"]
# As GitHub has them, and links to them are checked
myst_heading_anchors = 4
# A block without a language is what a terminal shows
highlight_language = "none"

html_theme = "alabaster"
html_theme_options = {
    "description": "Leases of slices of PCI BARs",
    "page_width": "1100px",
    "fixed_sidebar": True,
}
html_show_sourcelink = False
html_copy_source = False

# A man page for each task: barlease-reset(7)
how_to = pathlib.Path(__file__).parent / "how-to"
man_pages = [("docs/book/how-to/" + page.stem, "barlease-" + page.stem,
              re.search("^# (.*)$", page.read_text(), re.M)[1], [author], 7)
             for page in sorted(how_to.glob("*.md"))]


def parts(text):
    """Yields each heading of the list, and the pages below it."""
    for part in re.split(r"^## ", text, flags=re.M)[1:]:
        title, _, rest = part.partition("\n")
        yield title, re.findall(r"^- \[[^]]*\]\(([^)]+)\.md\)", rest, flags=re.M)


def add_contents(_app, docname, source):
    """Makes the list Sphinx's table of contents as well."""
    if docname != root_doc:
        return
    for title, pages in parts(source[0]):
        source[0] += "\n```{toctree}\n:hidden:\n:caption: %s\n\n%s\n```\n" % (
            title, "\n".join(pages))


def setup(app):
    app.connect("source-read", add_contents)
