"""A copy as a PDF that a screen reader reads too: tagged, its language named, its letters within it.

Drawn by Typst, a wheel with its own fonts, so that no machine needs a browser or a system library for it. What is
said reaches it as data and is never read as markup, and it opens no file but its own sheet.
"""

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from services.intake.consent_text import Text
from services.intake.says_consent import COPY

SHEET = Path(__file__).with_name("templates") / "copy.typ"
STANDARD = "ua-1"  # PDF/UA, the standard for readers


@dataclass(frozen=True, slots=True)
class Sheet:
    text: Text
    said: str  # the heading above the lines
    lines: tuple[str, ...]
    version: str


def draw(sheet: Sheet) -> bytes:
    """Some ten milliseconds of processor: for a thread."""
    typst = import_module("typst")  # a wheel of 34 MB: read when the first sheet is asked for
    text = sheet.text
    content = {
        "lang": text.lang,
        "tab": COPY[text.lang]["title"],  # a browser shows it above the page: whom it is about is told only within
        "title": text.title,
        "lead": text.lead,
        "parts": [{"head": part.head, "lines": part.lines} for part in text.parts],
        "said": sheet.said,
        "said_lines": sheet.lines,
        "version": sheet.version,
    }
    given = {"sheet": json.dumps(content, ensure_ascii=False)}
    source = SHEET.read_bytes()
    try:
        return bytes(
            typst.compile(source, format="pdf", sys_inputs=given, ignore_system_fonts=True, pdf_standards=[STANDARD])
        )
    except typst.TypstError:
        # A letter that none of its fonts has, such as a name in Chinese, is no reason to have no copy.
        return bytes(typst.compile(source, format="pdf", sys_inputs=given))
