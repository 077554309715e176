"""Who looked, in the words of the person who was looked at."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from shared.security import demo
from shared.security.audit import Look
from shared.security.cast import WELCOME_ALDER
from shared.security.identity import Actor
from shared.security.permissions import BY_SERVICE, Role
from shared.web import looks_words
from shared.web.looks import lines, may_see
from shared.web.looks_words import DEEDS, PAGE, PRIVATE, WHY
from shared.web.reading import GRADE, grade
from shared.web.staff import Staff, Worker

NOW = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
RAY = Actor(demo.RAY, Role.PERSON, None, demo.RAY, "Ray")
AUDITOR = Actor(demo.AUDITOR, Role.AUDITOR, None, None, "Vera Holt")
STAFF = Staff(
    {one.id: Worker(one.name, one.role, "Welcome Alder") for one in demo.STAFF}, True, {WELCOME_ALDER: "Welcome Alder"}
)
# What only the person says, what nobody's record is in, and the list of one's own page.
NO_LOOK = {
    "account.list", "account.manage", "account.own", "directory.read", "directory.import", "agency.manage",
    "program.manage", "consent.grant", "mine.read", "pin.change",
    "promise.answer", "referral.confirm", "referral.dispute", "setback.report", "setback.share",
    "partner.read", "partner.manage", "partner.agree",
    "leaving.people", "leaving.read", "cover.read", "cover.agree", "cover.end",
    "never.read", "never.say",
}  # fmt: skip


def look(action: str, hours: float = 1, *, what="person", why="care", actor=demo.DANA, allowed=True, **more) -> Look:
    role, agency = more.get("role", Role.CASE_MANAGER), more.get("agency", WELCOME_ALDER)
    return Look(int(1000 - hours), NOW - timedelta(hours=hours), actor, role, agency, action, what, why, allowed)


def said(*looks: Look, lang="en", staff=None) -> list[str]:
    told = lines(looks, NOW, ZONE, lang, staff or STAFF)
    return [f"{one.who}, {one.where}, {one.did}. {one.when}. {one.why}" for one in told]


def test_a_look_says_who_what_when_and_why():
    assert said(look("plan.read", 24)) == [
        "Dana Whitfield, Welcome Alder, opened your plan. Yesterday 3:00 pm. to walk with you"
    ]
    assert said(look("plan.read", 24), lang="es") == [
        "Dana Whitfield, Welcome Alder, abrió su plan. Ayer 3:00 pm. para acompañarle"
    ]


def test_what_one_of_us_did_on_one_day_is_one_line_and_the_latest_day_stands_first():
    found = said(
        look("plan.read", 1), look("person.name", 2), look("plan.read", 3), look("person.read", 4, actor=demo.LENA),
        look("plan.read", 25),
    )  # fmt: skip
    assert [line.partition(". ")[0] for line in found] == [
        "Dana Whitfield, Welcome Alder, opened your plan (2 times) and saw your name",
        "Lena Park, Welcome Alder, opened your page",
        "Dana Whitfield, Welcome Alder, opened your plan",
    ]


def test_a_look_of_who_covers_says_for_whom():
    told = said(look("plan.read", why=f"covering/{demo.DANA}", actor=demo.LENA))[0]
    assert told.startswith("Lena Park") and told.endswith("covering for Dana Whitfield")
    hidden = Staff({demo.DANA: Worker("Dana Whitfield", Role.CASE_MANAGER, shows_role=True)}, True)
    assert said(look("plan.read", why=f"covering/{demo.DANA}"), staff=hidden)[0].endswith("covering for a colleague")


def test_a_form_that_was_opened_is_not_told_as_the_deed_itself():
    assert "opened a form about you" in said(look("promise.make", what="form"))[0]
    assert "made you a promise" in said(look("promise.make", what="promise/7"))[0]


def test_a_look_that_was_refused_is_told_as_that():
    assert "tried to look and was not let in" in said(look("person.read", allowed=False))[0]


def test_a_look_without_words_of_its_own_is_told_all_the_same():
    assert "looked at your record" in said(look("something.new", why="because"))[0]


def test_somebody_whom_we_have_no_name_for_is_still_somebody():
    assert said(look("person.read", actor=UUID(int=7)))[0].startswith("Someone who works here, Welcome Alder")


def test_where_an_agency_keeps_names_from_people_they_read_what_the_worker_does_and_the_auditor_reads_who_it_was():
    hidden = {demo.DANA: Worker("Dana Whitfield", Role.CASE_MANAGER, "Welcome Alder", shows_role=True)}
    for lang, does in (("en", "A case manager, Welcome Alder"), ("es", "Una persona de apoyo, Welcome Alder")):
        told = said(look("plan.read"), lang=lang, staff=Staff(hidden, True, STAFF.agencies))[0]
        assert told.startswith(does) and "Dana" not in told
    assert said(look("plan.read"), staff=Staff(hidden, False, STAFF.agencies))[0].startswith("Dana Whitfield")


@pytest.mark.parametrize("action", sorted(PRIVATE))
def test_a_private_worry_is_seen_by_the_auditor_and_not_told_to_the_person(action):
    assert not may_see(RAY, look(action))
    assert may_see(AUDITOR, look(action))


def test_their_own_first_form_is_no_look_of_another():
    assert not may_see(RAY, look("person.refer_self", role=Role.ANYONE, agency=None))


def test_every_deed_of_the_permission_table_that_touches_somebody_has_words():
    actions = {entry.action for name in ("intake", "caseplan", "notifications") for entry in BY_SERVICE[name]}
    assert actions - NO_LOOK == {key.partition(" ")[0] for key in DEEDS}


def test_it_is_written_for_grade_six_in_both_languages():
    assert set(PAGE["en"]) == set(PAGE["es"])
    everything = [*DEEDS.values(), *WHY.values(), looks_words.FORM, looks_words.SOMETHING, looks_words.REFUSED]
    assert all(words.en and words.es for words in everything)
    text = "\n".join([f"Dana {words.en}." for words in everything] + [f"{line}." for line in PAGE["en"].values()])
    assert grade(text) <= GRADE
