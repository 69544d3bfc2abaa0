"""How Sphinx builds the manual from the folder that tools/manual writes (`make docs`)."""

from bs4 import BeautifulSoup

from watcher import __version__

project = "news-watcher"
version = release = __version__
html_title = f"news-watcher {__version__}"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
language = "en"

# `page.md#a-heading` on a forge is a heading's anchor; so it is here.
myst_heading_anchors = 4
# A block without a language is output, a file or a table of commands: nothing to colour.
highlight_language = "none"

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
pygments_style = "default"
pygments_dark_style = "github-dark"


def name_cells(app, pagename, templatename, context, doctree):
    """Write the name of its column into each cell of a table: on a phone a row is a card (site.css)."""
    if doctree is None or "<table" not in context["body"]:
        return
    page = BeautifulSoup(context["body"], "html.parser")
    for table in page.find_all("table"):
        names = [cell.get_text(" ", strip=True) for cell in table.select("thead th")]
        for row in table.select("tbody tr"):
            for name, cell in list(zip(names, row.find_all("td", recursive=False), strict=False))[1:]:
                if name and cell.get_text(strip=True):
                    cell["data-l"] = name
    context["body"] = str(page)


def setup(app):
    """Connect what is done to each page."""
    app.connect("html-page-context", name_cells)
