"""Settings of Sphinx for the site that `scripts/docs.py` builds."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any, cast

import click
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from nbclient import NotebookClient
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

import hmix_hub
from hmix_hub.cli.main import main

project = "hmix-hub"
author = "The hmix-hub authors"
release = version = hmix_hub.__version__
copyright = author  # noqa: A001 - the name that Sphinx gives it
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
]
nitpicky = True
nitpick_ignore_regex = [
    # Names of other libraries are left as text: their inventories are on the network, and the build needs none.
    (r"py:.*", r"(?!hmix_hub\.).*"),
    # Types of what only the package passes to itself.
    ("py:class", r"hmix_hub\.(filters\.D|perception\.answers\.AnswerScale)"),
    ("py:class", r"hmix_hub\.(explorer|perception\.(curves|mixtures|people|terms)|sources|studies)\..*"),
]
suppress_warnings = ["config.cache"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 120
nb_execution_show_tb = True
nb_merge_streams = True
nb_output_stderr = "remove-warn"

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
autosummary_generate = True
napoleon_google_docstring = False
napoleon_use_ivar = True
# Docstrings mark code as Markdown does.
default_role = "code"
# Quotes and dashes are often code: "mixed", --dataset.
smartquotes = False
add_module_names = False
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = "hmix-hub"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "mathml"
# In full: stubs are made from templates beside the pages otherwise.
templates_path = [str(Path(__file__).parent / "templates")]
copybutton_exclude = ".linenos, .gp, .go"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
exclude_patterns = ["notebooks/*"]
linkcheck_timeout = 20
linkcheck_ignore = [r"https://example\.org"]
# Says which kernel runs each notebook.
logging.getLogger("traitlets").setLevel(logging.WARNING)

_CALL = re.compile(r"([A-Za-z][\w.]*)(?P<rest>\(.*\))?", re.S)


def link_code(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the code in running text that names something public, `hmix_hub.split(…)` or `hmix load`, to its page."""
    for text in list(doctree.findall(nodes.Text)):
        if text == " -- ":
            # Written by Sphinx between a parameter and its description.
            text.parent.replace(text, nodes.Text(" \u2013 "))
    for address in list(doctree.findall(nodes.reference)):
        # Text that looks like an address, which no browser opens.
        if address.get("refuri", "").startswith("tcp:"):
            address.replace_self(nodes.literal("", address.astext()))
    objects = app.env.domains["py"].data["objects"]
    for literal in list(doctree.findall(nodes.literal)):
        if isinstance(literal.parent, nodes.reference | nodes.title):
            continue
        text = literal.astext()
        if found := _object_in(text, objects):
            page, anchor = found.docname, found.node_id
        elif words := _command_in(text):
            page, anchor = f"cli/{words[1]}", "-".join(words)
        else:
            continue
        if page != docname:
            address = f"{app.builder.get_relative_uri(docname, page)}#{anchor}"
            literal.replace_self(nodes.reference("", "", literal.deepcopy(), internal=True, refuri=address))


def _object_in(text: str, objects: Any) -> Any:
    """Return the documented object that some code names, in full or as users import it; `None`: it names none."""
    call = _CALL.fullmatch(text)
    if call is None:
        return None
    # Short names in lower case, such as `split`, are words of arguments and columns, too.
    prefixes = (
        ("", "hmix_hub.", "hmix_hub.errors.") if call["rest"] or not call[1].islower() or "_" in call[1] else ("",)
    )
    return next((objects[prefix + call[1]] for prefix in prefixes if prefix + call[1] in objects), None)


def _command_in(text: str) -> list[str]:
    """Return the words that name a command at the start of a text, such as "hmix contribute map"; none: no command."""
    words = text.split()
    if not words or words[0] != "hmix":
        return []
    named = 1
    command: click.Command = main
    for word in words[1:]:
        below = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
        if below is None:
            break
        named, command = named + 1, below
    return words[:named] if named > 1 else []


def visit_math(translator: Any, node: nodes.Node) -> None:
    """Write a formula as MathML, which browsers draw without a script."""
    is_block = isinstance(node, nodes.math_block)
    translator.body.append(tex2mathml(node.astext(), as_block=is_block))
    raise nodes.SkipNode


# What a shell prints comes in pieces of 100 bytes; left apart, each would end a line.
NotebookClient.coalesce_streams = cast("Any", True)


def setup(app: Sphinx) -> None:
    """Add the lexers, links and formulas that the pages need."""
    app.add_lexer("csv", TextLexer)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math, None))
    app.connect("doctree-resolved", link_code)
