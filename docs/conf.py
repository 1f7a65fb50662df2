"""How Sphinx builds these pages; nothing is fetched from a network."""

import crmid


project = "crmid"
author = "The crmid developers"
project_copyright = "2026, The crmid developers"
version = release = crmid.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
root_doc = "index"

html_theme = "furo"
html_title = "crmid"

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True  # LAWS, and not a list of functions
autodoc_typehints_format = "short"
napoleon_use_ivar = True  # attributes stand in the text of their class, once

# Every name that a page or a signature mentions must be found, except those of others: their
# inventories are on the network, and a build does not need one.
nitpick_ignore_regex = [
    (
        r"py:.*",
        r"(?:collections|contextlib|datetime|os|pickle|re|sqlite3|time|types|typing)(?:\..+)?",
    ),
    (r"py:.*", r"(?:ulid\.)?ULID"),  # python-ulid's
    (r"py:.*", r"hypothesis\..+|(?:unittest\.)?SkipTest|SearchStrategy"),
    # Inner types, of which an application needs what the text beside them says.
    (r"py:class", r"Lanes|Rendering|Repairs|crmid\.checkdigits\.rules\.Rule"),
    (r"py:class", r"crmid\.stores\.redis_\.lines\.Client"),  # any client of redis-py
    (
        r"py:class",
        r"crmid\.stores\.threads\.(?:(?:Remembering|Record)?ThreadedStore|_Everything)",
    ),
    (r"py:class", r"crmid\.stores\.sql\.(?:fitness\.Fitness|records\.writing\.Writing)"),
    (
        r"py:class",
        r"date|crmid\.registry\.(?:\w+\.maintenance\.(?:Async)?Runs|known\.Known|life\.Deeds)",
    ),
]


def _without_types(app, what, name, obj, options, lines):  # noqa: PLR0913, PLR0917 - Sphinx's
    """Keep napoleon from taking "The text: as given" for a type and a description.

    It does so for properties and constants, if their first line has a colon; these have their
    types from annotations, so an empty comment comes first.
    """
    if what in {"attribute", "data", "property"} and lines:
        lines[:0] = ["..", ""]


def setup(app):
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _without_types, priority=400)
