"""Whatever a person, an agency or a message says, it is drawn as text: no tag, no attribute, no address that runs."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from jinja2.runtime import Macro

from shared.web import forms
from shared.web.charts import Chart, Dot, Stroke, Table, Text
from shared.web.listing import Filter, Offer, Pages, View
from shared.web.parts import (
    Act,
    Ask,
    Bead,
    Consent,
    Fact,
    Figure,
    Goal,
    Helper,
    Kept,
    Line,
    Note,
    Step,
    Tag,
)
from shared.web.say import Chip
from shared.web.templates import PARTS, Parts, UnsafeAddress, environment, href, path
from shared.web.words import EN, ES, WORDS, to_mend
from tests.unit.web.conftest import PAGE

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' hx-get='/steal' hx-trigger='load",
    '" hx-on:load="alert(1)" data-hx-post="/x',
    "</textarea></title></style><svg onload=alert(1)>",
    "{{ csrf }}{% include 'x' %}",
    "<template hx type=partial hx-target=body>",
    "`${alert(1)}`",
)
ENV = environment()
URL = "/caseplan/x"


def ui() -> Parts:
    return Parts(ENV, {"w": WORDS["en"], "csrf": "token", "lang": "en"})


def slots(s: str) -> dict[str, str]:
    """Every macro with `s` in each slot that text may come into from outside."""
    tag, chip = Tag("kept", s), Chip(s, "soon", 40)
    act = Act(s, URL, post=True, fields={s: s}, about=s)
    link = Act(s, URL, about=s)
    form = forms.Form(typed={"f": s, "g": [s]}, wrong={"f": s, s: s, "g": s})
    chart = Chart(
        s,
        s,
        100,
        Table((s, s, s), ((s, s, s), (s, s)), (s, s, s)),
        (),
        (Text(1, 1, s),),
        (Stroke(1, 1, 2, 2),),
        (Dot(1, 1),),
    )
    step, u = Step(s, s, chip), ui()
    offer = Offer(URL, (Filter("n", s, ((s, s), ("other", s)), s),), ((s, s), ("other", s)), keeps=(s,))
    return {
        "clock": u.clock(chip) + u.clock(Chip(s, "past")),
        "tag": u.tag("kept", s),
        "status": u.status(tag) + u.status(chip),
        "face": u.face(s),
        "side": u.side(s, theirs=True),
        "asks": u.asks("a", s, [Ask(s, s, chip, act, s, URL), Ask(s, s, chip, link, s)]),
        "thread": u.thread([Bead(s, "kept", False, s, s, s, s, tag), Bead(s, url=URL)], across=True),
        "ledger": u.ledger([Kept(s, s, tag, s)], s, s),
        "lines": u.lines([Line(s, s, s, chip, act)]),
        "when": u.when(s, s + s),
        "consent": u.consent(Consent(s, s, s, s, (s, s), tag, (Bead(s, "now", True, s),)), caller=lambda: s),
        "finder": u.finder(View(offer, {"n": s}, s, kept={s: s}, typed={s: s}), s, caller=lambda: s),
        "pages": u.pages(Pages((s,), 1, 3, URL + "?a=1", URL + "?a=2")),
        "nothing_fits": u.nothing_fits(View(offer, {"n": s})),
        "people": u.people([Helper(s, s, link)]),
        "steps": u.steps([step]),
        "goals": u.goals([Goal(s, (step,), s, lang=s)]),
        "facts": u.facts([Fact(s, s), Fact(s, tag)]),
        "figures": u.figures([Figure(s, s, s)], s),
        "talk": u.talk([Note(s, s, s, mine=True, lang=s)]),
        "secrets": u.secrets(),
        "form": u.form(URL, s, s, s, caller=lambda: s),
        "button": u.button(s, about=s),
        "act_form": u.act_form(URL, s, "tight", {s: s}, s),
        "act": u.act(act) + u.act(link),
        "to_mend": u.to_mend(form),
        "field": u.field(form, "f", s, s, complete=s, mode=s) + u.field(form, "f", s, s, rows=2, lang=s),
        "select": u.select(form, "f", s, [(s, s), ("other", s)], s, empty=s),
        "choices": u.choices(form, "g", s, [(s, s), ("other", s)], s, several=True),
        "day_and_time": u.day_and_time(form, "f", s, s, s),
        "copyable": u.copyable("c", s, s, s),
        "head": u.head(s, s, caller=lambda: s),
        "title": u.title("t", s, s),
        "notice": u.notice(s, s),
        "empty": u.empty(s, s),
        "toast": u.toast(s),
        "what": u.what(s),
        "live": u.live(URL + "?since=1", URL),
        "sure": u.sure(s, s, caller=lambda: s),
        "as_of": u.as_of(s),
        "fragment": u.fragment(URL, s, "f"),
        "slot": u.slot(URL, s),
        "drawing": u.drawing(chart, "d"),
        "table": u.table(chart.table, s),
        "chart": u.chart(chart, "c", s, s, s),
    }


class Shape(HTMLParser):
    """The tags of a text with the names of their attributes: what a browser would build."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # `selected` and `checked` follow the value, which differs from slot to slot
        self.found.append((tag, tuple(name for name, _ in attrs if name not in ("selected", "checked"))))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_stands_in_a_slot_the_page_is_built_the_same(hostile: str):
    plain = {name: Shape(str(text)).found for name, text in slots("Ray").items()}
    assert {name: Shape(str(text)).found for name, text in slots(hostile).items()} == plain


def test_every_macro_is_in_the_table_above():
    files = [ENV.get_template(f"parts/{part}.html").make_module({"w": EN, "csrf": "", "lang": "en"}) for part in PARTS]
    macros = {name for file in files for name, value in vars(file).items() if isinstance(value, Macro)}
    assert {name for name in macros if not name.startswith("_")} == set(slots("Ray"))


@given(
    st.sampled_from(
        [
            "javascript:",
            "JavaScript:",
            "data:text/html,",
            "vbscript:",
            "java\tscript:",
            " javascript:",
            "\x01javascript:",
        ]
    )
)
def test_an_address_that_would_run_is_an_error(scheme: str):
    url = f"{scheme}alert(1)"
    for check in (href, path):
        with pytest.raises(UnsafeAddress):
            check(url)
    with pytest.raises(UnsafeAddress):
        ui().act(Act("Call", url))


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/\t/elsewhere.example",
        "today",
        "#x",
    ],
)
def test_forms_and_parts_stay_on_our_own_paths(url: str):
    for draw in (lambda: ui().act_form(url, "Send"), lambda: ui().fragment(url, "Part", "p")):
        with pytest.raises(UnsafeAddress):
            draw()


@pytest.mark.parametrize(
    "url", ["/caseplan/today?x=1#y", "#talk", "?lang=es", "https://www.weather.gov/", "tel:988", "mailto:a@b.example"]
)
def test_an_address_that_a_person_may_follow_stays_as_it_is(url: str):
    assert href(url) == url


def test_a_fact_that_is_missing_is_an_error_and_not_an_empty_place():
    with pytest.raises(UndefinedError):
        ENV.from_string("{{ promise }}").render()
    with pytest.raises(AttributeError):
        ui().no_such_part  # noqa: B018


async def test_the_person_s_page_tells_nothing_in_its_frame(client):
    page = (await client.get("/caseplan/styleguide?look=mine", headers=PAGE)).text
    head = page.partition("<main")[0]
    assert "<title>My page</title>" in head and "Leave this page" in head
    assert "Throughcare" not in page and "icon.svg" not in page and "Ray" not in head


async def test_the_same_address_is_a_page_for_a_browser_and_a_part_for_htmx(client):
    page = (await client.get("/caseplan/styleguide/part", headers=PAGE)).text
    part = (await client.get("/caseplan/styleguide/part", headers={"hx-request": "true"})).text
    assert (
        page.startswith("<!doctype html>")
        and part.strip() in page
        and part.strip().startswith('<ul class="sheet lines people">')
    )


async def test_a_name_that_is_sought_is_posted_and_never_stands_in_an_address(client):
    page = (await client.get("/caseplan/styleguide", headers=PAGE)).text
    assert '<form class="find" role="search" method="post"' in page and not re.search(
        r"<form(?![^>]*(?:post|finder))", page
    )
    token = re.search(r'name="_csrf" value="([^"]+)"', page)[1]
    found = await client.post("/caseplan/styleguide/find", data={"q": "tony", "_csrf": token}, headers=PAGE)
    assert "Tony Baptiste" in found.text and "Dana Whitfield" not in found.text


async def test_a_chosen_language_is_kept(client):
    page = await client.get("/caseplan/styleguide?look=mine&lang=es", headers=PAGE)
    assert '<html lang="es">' in page.text and "Salir de esta página" in page.text and "Mi página" in page.text
    assert "Salir de esta página" in (await client.get("/caseplan/styleguide?look=mine", headers=PAGE)).text
    assert "Leave this page" in (await client.get("/caseplan/styleguide?look=mine&lang=en", headers=PAGE)).text


async def test_a_page_in_one_language_offers_no_other_and_changes_no_choice(client):
    page = await client.get("/caseplan/english?lang=es", headers=PAGE)
    assert '<html lang="en">' in page.text and "Español" not in page.text and "Leave this page" in page.text
    assert "Salir de esta página" in (await client.get("/caseplan/styleguide?look=mine", headers=PAGE)).text


def test_how_much_there_is_to_mend_is_said_in_words():
    assert [to_mend(n) for n in (1, 2, 13)] == ["One thing to mend", "Two things to mend", "13 things to mend"]
    assert [to_mend(n, "es") for n in (1, 2)] == ["Hay algo que corregir", "Hay dos cosas que corregir"]


def test_both_languages_say_the_same_things():
    assert EN.keys() == ES.keys() and all(EN.values()) and all(ES.values())
    assert {key: words.count("{}") for key, words in EN.items()} == {
        key: words.count("{}") for key, words in ES.items()
    }
