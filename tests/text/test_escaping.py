"""What templates put out is escaped as MarkupSafe and Jinja do it, only sooner."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from watcher.text.escaping import EscapingEnvironment, escape_output

TEMPLATE = """
{% macro row(value, css="") %}<li class="{{ css }}">{{ value }}{{ caller() if caller }}</li>{% endmacro %}
{% set kept %}<b>{{ value }}</b>{% endset %}
{{ value }} {{ value|safe }} {{ value|upper }} {{ value ~ "<" }} {{ row(value, value) }} {{ kept }}
{% call row(value) %}<i>{{ value }}</i>{% endcall %}
{% for each in [value, value|safe, 1, 1.5, true, none] %}{{ each }},{% endfor %}
{% filter upper %}<p>{{ value }}</p>{% endfilter %}
"""


class Word(str):
    """A text of another class."""

    __slots__ = ()


class Piece:
    """Something that says itself what it is in HTML."""

    def __html__(self) -> str:
        return "<b>&</b>"


class Named:
    def __str__(self) -> str:
        return "<named & 'quoted'>"


@given(
    st.one_of(
        st.text(), st.text().map(Markup), st.text().map(Word), st.integers(), st.floats(), st.booleans(), st.none(),
        st.builds(Piece), st.builds(Named), st.lists(st.text(max_size=3)),
    )
)  # fmt: skip
def test_values_are_escaped_as_markupsafe_does(value: object) -> None:
    assert str(escape_output(value)) == str(escape(value))


@given(st.one_of(st.text(), st.text().map(Markup), st.integers()))
def test_templates_are_rendered_as_jinja_does(value: object) -> None:
    expected = jinja2.Environment(autoescape=True).from_string(TEMPLATE).render(value=value)

    assert EscapingEnvironment(autoescape=True).from_string(TEMPLATE).render(value=value) == expected


@pytest.mark.parametrize("name", ["a.html", "a.txt"])
def test_a_template_without_escaping_is_left_as_it_is(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("{{ value }}")
    chosen = {"loader": jinja2.FileSystemLoader(tmp_path), "autoescape": jinja2.select_autoescape(("html",))}

    expected = jinja2.Environment(**chosen).get_template(name).render(value="<&>")

    assert EscapingEnvironment(**chosen).get_template(name).render(value="<&>") == expected
    assert expected == ("&lt;&amp;&gt;" if name == "a.html" else "<&>")
