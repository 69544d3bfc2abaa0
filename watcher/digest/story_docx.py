"""Renders the brief of a story as a document (.docx), through python-docx."""

from __future__ import annotations

import io
import re

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.text.run import CT_R
from docx.shared import Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from watcher.digest.story_brief import BriefReport, BriefText
from watcher.text.bidi import is_right_to_left
from watcher.text.lines import one_line

LINK_COLOUR = RGBColor(0x12, 0x41, 0x7F)
_WEB = re.compile(r"https?://", re.IGNORECASE)


def render_story_docx(brief: BriefText) -> bytes:
    """Return a brief as the bytes of a document: facts, numbered reports with links, coverage."""
    document = docx.Document()
    document.core_properties.title = one_line(brief.title)[:255]
    document.core_properties.author = "news-watcher"
    document.styles["Normal"].font.size = Pt(11)
    _set_direction(document.add_heading(one_line(brief.title), level=1))
    for line in brief.lead:
        _add_text(document.add_paragraph(), line)
    document.add_heading("Reports", level=2)
    for report in brief.reports:
        _add_report(document, report)
    document.add_heading("Coverage", level=2)
    for line in brief.coverage:
        _add_text(document.add_paragraph(style="List Bullet"), line)
    _add_text(document.add_paragraph(), brief.made)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _add_report(document: Document, report: BriefReport) -> None:
    paragraph = document.add_paragraph()
    _add_text(paragraph, f"[{report.number}] {report.outlet}: ", bold=True)
    title = one_line(report.title)
    # Addresses come from feeds: a document opens nothing but the web.
    if report.url and _WEB.match(report.url):
        _add_link(paragraph, title, report.url)
    else:
        _add_text(paragraph, title)
    if report.language:
        _add_text(paragraph, f" ({report.language})")
    _add_text(document.add_paragraph(), report.times)
    for sentence in report.added_sentences:
        _add_text(document.add_paragraph(style="List Bullet"), f"Adds: {sentence}")
    for note in report.notes:
        _add_text(document.add_paragraph(style="List Bullet"), note)


def _add_text(paragraph: Paragraph, text: str, *, bold: bool = False) -> Run:
    # What XML cannot hold is dropped by one_line; a blank at the end is ours.
    run = paragraph.add_run(one_line(text) + (" " if text.endswith(" ") else ""))
    run.bold = bold or None
    _set_direction(paragraph)
    return run


def _add_link(paragraph: Paragraph, text: str, url: str) -> None:
    """Append a hyperlink: python-docx has no method for one."""
    relation = paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), relation)
    element = OxmlElement("w:r")
    assert isinstance(element, CT_R)
    run = Run(element, paragraph)
    run.text = text
    run.font.color.rgb = LINK_COLOUR
    run.font.underline = True
    link.append(run._r)
    paragraph._p.append(link)
    _set_direction(paragraph)


def _set_direction(paragraph: Paragraph) -> None:
    """Write a paragraph from right to left where it begins so; its runs follow their letters."""
    if is_right_to_left(paragraph.text[:40]):
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
