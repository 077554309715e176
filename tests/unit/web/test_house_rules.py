"""The page system's rules that a machine can tell, over every template, style sheet and sentence of the house."""

import re
from pathlib import Path

import pytest

from shared.web.parts import Step, Tag, never_late
from shared.web.say import Chip
from shared.web.static import OURS
from shared.web.templates import SERVICES, SHARED
from tests.unit.web.catalogues import ROOT, beside, catalogues, lines, sentences_in, sources

TEMPLATES = sorted({*SHARED.rglob("*.html"), *SERVICES.glob("*/templates/**/*.html")})
STYLES = sorted(OURS.glob("*.css"))
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


def source(path: Path) -> str:
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


def found(pattern: str, text: str) -> list[str]:
    return [match[0] for match in re.finditer(pattern, text, re.IGNORECASE)]


INLINE = r"\sstyle\s*=|<style\b|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=|\bhx-on|javascript:|\bhx-vals='js"
OLD_HTMX = r"\bhx-ext\s*=|\bsse-(connect|swap)|\bhx-(vars|sse|ws)\s*=|\bws-(connect|send)|\bhx-disinherit"


@pytest.mark.parametrize("path", named(TEMPLATES))
def test_a_template_has_no_inline_style_or_script_and_no_syntax_of_an_older_htmx(path):
    assert found(INLINE, source(path)) == []
    assert found(OLD_HTMX, source(path)) == []


@pytest.mark.parametrize("path", named([*TEMPLATES, *STYLES, *OURS.glob("*.js"), *OURS.glob("*.svg")]))
def test_nothing_is_fetched_from_elsewhere(path):
    assert [
        url for url in found(r"(?:https?:)?//[a-z][^\s\"')]*", source(path)) if "w3.org" not in url and url.count(".")
    ] == []


# What a title may be made of: words of ours, never what somebody is called or asked for.
TITLES = {"title", "says.title", "says.questions", "problem.title", "w.my_page", "super()"}


@pytest.mark.parametrize("path", named(TEMPLATES))
def test_a_title_tells_nobody_s_name(path):
    for title in re.findall(r"\{% block title %\}(.*?)\{% endblock %\}", source(path), re.DOTALL):
        assert set(re.findall(r"\{\{\s*(.*?)\s*\}\}", title)) <= TITLES, title
    assert not re.search(r"<title>(?!\{% block title %\}|\{\{ w\.my_page \}\})", source(path))


# Ours to put right: our late word, a form to mend, a part of ours that is silent, the hollow bar of late promises.
OURS_TO_MEND = r"\.late|\.clock\.past|\.mend|\.wrong|\.to-mend|\.notice\.amiss|\.chart \.c3"


@pytest.mark.parametrize("path", named(STYLES))
def test_the_colour_of_what_is_late_stands_on_our_word_and_on_no_person(path):
    css = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
        if "var(--amend" in body:
            assert all(re.search(OURS_TO_MEND, one) for one in selectors.split(",")), selectors
            assert not re.search(r"theirs|person|portrait|\.me\b|\.who\b", selectors), selectors


@pytest.mark.parametrize("status", [Tag("late", "Late"), Chip("was due yesterday", "past", 0)])
def test_a_person_s_step_can_not_be_drawn_as_late(status):
    with pytest.raises(ValueError, match="never late"):
        Step("Call Nina.", "Ray", status, theirs=True)
    assert Step("Call the clinic.", "Dana", status).status is status
    never_late(theirs=True, status=Tag("waits", "Not yet"))


@pytest.mark.parametrize("path", named(STYLES))
def test_focus_is_always_seen_and_nothing_moves_by_itself(path):
    css = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    hidden = [selectors.strip() for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css)
              if re.search(r"outline(-width)?:\s*(0|none)", body)]  # fmt: skip
    assert hidden in ([], ["main:focus"])  # where the skip link lands; its first link shows the place
    assert "animation" not in css and "@keyframes" not in css and "scroll-behavior" not in css
    assert all("var(--quick)" in one for one in re.findall(r"transition:[^;]*", css))
    assert not re.search(r"@import|url\(", css)


AVOIDED = re.compile(
    r"\b(clients?|offenders?|inmates?|convicts?|felons?|no-?shows?|non-?complian\w*|violat\w+|offen[cs]es?|"
    r"submit\w*|sorry for any inconvenience|are you sure|please wait|click here|invalid input)\b|\bFAILED\b",
    re.IGNORECASE,
)
# Not said to anybody: a file's name, and the law's own word in the notice that the law makes us send.
NOT_OF_PEOPLE = re.compile(r"client\.properties|HTTP client|Kafka client|client secret", re.IGNORECASE)


@pytest.mark.parametrize("path", named(TEMPLATES))
def test_a_template_says_none_of_the_words_we_avoid(path):
    said = re.sub(r"<[^>]+>|\{%.*?%\}", " ", source(path), flags=re.DOTALL)
    assert found(AVOIDED.pattern, NOT_OF_PEOPLE.sub("", said)) == []
    assert found(r">\s*(OK|Submit|Process|Send form)\s*</button", source(path)) == []


def pages() -> list[Path]:
    """Modules that say something on a page."""
    rooms = ("pages", "templates", "looks", "words", "says", "labels", "menu", "texts")
    return [path for path in sources() if any(room in part for part in path.relative_to(ROOT).parts for room in rooms)]


@pytest.mark.parametrize("path", named(pages()))
def test_no_sentence_of_a_page_says_them_either(path):
    said = [NOT_OF_PEOPLE.sub("", one) for one in sentences_in(path)]
    assert [one for one in said if AVOIDED.search(one)] == []


def test_no_catalogue_says_them():
    for name, (english, _) in catalogues().items():
        assert not [one for one in lines(english) if AVOIDED.search(one)], name
    for name, table in beside().items():
        assert not [one for one in table if AVOIDED.search(one.en)], name


def test_the_rules_notice_what_they_are_for():
    assert (
        found(INLINE, '<p style="color: red">')
        and found(INLINE, "<script>x</script>")
        and found(INLINE, '<a onclick="x">')
    )
    assert not found(INLINE, '<script src="/a.js" defer></script>')
    assert found(OLD_HTMX, '<div hx-ext="sse" sse-connect="/x">') and not found(OLD_HTMX, '<div hx-sse:connect="/x">')
    assert AVOIDED.search("The client was a no-show.") and not AVOIDED.search("We missed each other.")
