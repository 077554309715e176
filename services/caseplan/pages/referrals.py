"""A referral's pages: the thread, who holds it, what silence does, its buttons; and the lists of them."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from fastapi import Request
from starlette.responses import Response

from services.caseplan.commands import is_asked
from services.caseplan.concepts import REFERRAL
from services.caseplan.pages import asks
from services.caseplan.pages.buttons import buttons
from services.caseplan.pages.frame import MINE, TODAY, frame, page_of
from services.caseplan.pages.happened import thread, without_drafts
from services.caseplan.reading import Sheet, offered, recordable
from services.caseplan.referrals.fhir import task
from services.caseplan.store import Kept
from services.caseplan.views import ASKED_HEARS, with_agency
from shared.contracts.referral import Stage
from shared.security.permissions import Relation
from shared.web import forms, say
from shared.web.listing import Filter, Offer, Pages, View, asked, paged
from shared.web.names import named
from shared.web.needs import need
from shared.web.parts import Act, Ask, Fact, Tag
from shared.web.templates import render

# The one filled button of the page, the first of these that is offered.
FIRST = ("accept", "attempt", "begin", "continue", "report", "send", "offer", "resume")
HERE = "/caseplan"
SHOWN = 20  # rows of a list on one page
QUIETLY = ("mark_error", "withdraw", "tell")  # what is rarely needed stands apart


def page(request: Request, sheet: Sheet) -> Response:
    kept = sheet.one(REFERRAL)
    if sheet.actor.person is not None:
        return forms.see_other(f"{MINE}#referral-{kept.state.id}", request)
    return (
        _for_agency(request, sheet, kept)
        if is_asked(sheet.actor, REFERRAL, kept)
        else _for_worker(request, sheet, kept)
    )


def _for_worker(request: Request, sheet: Sheet, kept: Kept) -> Response:
    referral, back = kept.state, f"/caseplan/referrals/{kept.state.id}"
    verbs = offered(sheet.actor, REFERRAL, kept)
    main = next((verb for verb in FIRST if verb in verbs), "")
    often = buttons(sheet, REFERRAL, kept, [v for v in verbs if v not in QUIETLY], back=back, main=main)
    if recordable(sheet.actor, kept):
        often.append(Act("Record their answer", f"{back}/record-answer", main=not main))
    if referral.next_referral is not None:
        often.append(Act("Open the one that goes on", f"/caseplan/referrals/{referral.next_referral}"))
    return render(
        request,
        "referral.html",
        title=asks.title_of(sheet, kept),
        person=referral.person,
        person_url=page_of(referral.person),
        whose=referral.person,
        beads=asks.across(sheet, kept),
        mark=asks.chip(sheet, kept),
        holds=asks.HOLDS.get(referral.stage, asks.AT_REST),
        explains=referral.stage.explanation,
        if_quiet=asks.if_quiet(sheet, kept),
        facts=_facts(sheet, kept),
        words=sheet.said(REFERRAL, referral.id),
        answer_words=sheet.said(REFERRAL, referral.id, "decline"),
        often=often,
        rarely=buttons(sheet, REFERRAL, kept, [v for v in verbs if v in QUIETLY], back=back),
        history=thread(sheet, REFERRAL.kind, without_drafts(sheet.timeline)),
        **frame(sheet.actor, TODAY),
        lang="en",
    )


def _facts(sheet: Sheet, kept: Kept) -> list[Fact]:
    """What is known of it beyond its stage, each only where it is."""
    referral = kept.state
    known = [
        ("Asked for", need(referral.need)),
        ("Why not", referral.reason.label if referral.reason else ""),
        ("Which rule", referral.rule.label if referral.rule else ""),
        ("Which paper", referral.document.label if referral.document else ""),
        ("Place in line", str(referral.position) if referral.position else ""),
        ("Attempts to reach them", str(referral.attempts) if referral.attempts else ""),
        ("Needed from them", referral.waiting_for.label if referral.waiting_for else ""),
        ("Paused because", referral.hold_reason.label if referral.hold_reason else ""),
        ("Ended, says the agency", referral.outcome.label if referral.outcome else ""),
        ("Ended, as told to a worker", referral.told.label if referral.told else ""),
        ("Second, if nobody takes it", sheet.name(referral.second.program, "") if referral.second else ""),
        ("Another door", sheet.name(referral.next.program, "") if referral.next else ""),
    ]
    return [Fact(name, value) for name, value in known if value]


def _for_agency(request: Request, sheet: Sheet, kept: Kept) -> Response:
    """The asked agency's own part: no pause, no other door, nothing of what was told elsewhere."""
    referral, back = kept.state, f"/caseplan/referrals/{kept.state.id}"
    theirs = f"/intake/people/{referral.person}"
    verbs = offered(sheet.actor, REFERRAL, kept)
    main = next((verb for verb in FIRST if verb in verbs), "")
    heard = [row for row in sheet.timeline if row["party"] == "agency" or row["verb"] in ASKED_HEARS]
    due = sheet.due(REFERRAL, referral.id) if with_agency(kept) and referral.stage in asks.HOLDS else None
    began = sheet.began(REFERRAL, referral.id)
    known = [fact for fact in _facts(sheet, kept) if fact.name in AGENCY_FACTS]
    return render(
        request,
        "asked_one.html",
        title=sheet.name(referral.program, "A program of yours"),
        whose=referral.person,
        reach_url=f"{theirs}/reach" if sheet.reachable else "",
        mark=say.due(due, sheet.now, sheet.zone, start=began) if due else Tag("", _stage(kept)),
        stage=_stage(kept),
        facts=known,
        words=sheet.said(REFERRAL, referral.id),
        often=buttons(sheet, REFERRAL, kept, verbs, back=back, main=main),
        promise=f"/caseplan/promises/new?person={referral.person}&back={back}",
        concern=f"/caseplan/concerns/new?person={referral.person}&back={back}",
        portrait=f"{theirs}/portrait" if sheet.actor.may("portrait.read", {Relation.RECEIVING_AGENCY}) else "",
        stop=f"{theirs}/stop",
        history=thread(sheet, REFERRAL.kind, heard),
        **frame(sheet.actor, TODAY),
        lang="en",
    )


AGENCY_FACTS = {
    "Asked for", "Why not", "Which rule", "Which paper", "Place in line", "Attempts to reach them", "Needed from them",
    "Paused because", "Ended, says the agency",
}  # fmt: skip


def _stage(kept: Kept) -> str:
    told = task(kept.state).business_status
    return Stage(told).label if told in set(Stage) else told.replace("_", " ").capitalize()


Turns = Mapping[str, str]
ORDERS = (("due", "What is due first"), ("program", "By program"), ("latest", "Moved last"))
ASKED: Turns = {"waits": "They wait for your answer", "way": "Help is under way", "over": "Over"}
HELD: Turns = {"yours": "Yours to move", "person": "With the person", "agency": "With an agency"}
YOURS = {Stage.DRAFT, Stage.DECLINED, Stage.EXPIRED, Stage.ABANDONED, Stage.PAUSED, Stage.UNASKED}
THEIRS = {Stage.REPORTED, Stage.OFFERED}


def asked_page(request: Request, sheet: Sheet) -> Response:
    """Those that wait for an answer first, then help under way, then what is over."""
    nothing = (
        "Nobody has asked yet.",
        "When a person chooses one of your programs, it comes here, with the day by which they expect your answer.",
    )
    lead = "What people agreed to tell you. Where somebody stops sharing, it is not here any more."
    return _list(request, sheet, "Asked of us", lead, nothing, Listing(f"{HERE}/asked", ASKED, _turn_asked, _row))


def held_page(request: Request, sheet: Sheet) -> Response:
    """What a worker holds: what is theirs to move first, then what waits for the person, then for an agency."""
    nothing = ("No referral is open.", "Open a person’s page to ask a program for them.")
    lead = "Each that is open, and whose turn it is. What needs you today stands on Today, too."
    return _list(request, sheet, "My referrals", lead, nothing, Listing(f"{HERE}/referrals", HELD, _turn_held, _held))


class Listing(NamedTuple):
    """One of the two lists: its address, whose turns it knows, whose turn a referral is, and how it is drawn."""

    here: str
    turns: Turns
    turn: Callable[[Kept], str]
    draw: Callable[[Sheet, Kept], Ask]


def _turn_asked(kept: Kept) -> str:
    if not with_agency(kept) or not REFERRAL.is_open(kept.state):
        return "over"
    return "waits" if kept.state.stage in asks.ANSWER_DUE else "way"


def _turn_held(kept: Kept) -> str:
    stage = kept.state.stage
    return "yours" if stage in YOURS else "person" if stage in THEIRS else "agency"


def _list(
    request: Request, sheet: Sheet, title: str, lead: str, nothing: tuple[str, str], listing: Listing
) -> Response:  # fmt: skip
    view, pages = _paged(request, sheet, listing)
    groups = [
        (whose, name, [listing.draw(sheet, kept) for kept in pages.rows if listing.turn(kept) == whose])
        for whose, name in listing.turns.items()
    ]
    return render(
        request,
        "referrals.html",
        title=title,
        lead=lead,
        view=view,
        pages=pages,
        groups=[group for group in groups if group[2]],
        nothing=nothing,
        has_any=bool(sheet.of(REFERRAL)),
        **frame(sheet.actor, TODAY),
        lang="en",
    )


def _paged(request: Request, sheet: Sheet, listing: Listing) -> tuple[View, Pages[Kept]]:
    """Whose turn it is orders before anything that its reader chose, so that a group stays together."""
    rows, turn, places = sheet.of(REFERRAL), listing.turn, list(listing.turns)
    needs = sorted({(kept.state.need, need(kept.state.need)) for kept in rows}, key=lambda one: one[1])
    filters = (
        Filter("turn", "Whose turn", tuple(listing.turns.items()), "Everybody’s"),
        Filter("need", "Asked for", tuple(needs), "Anything"),
    )
    view = asked(Offer(listing.here, filters, ORDERS, SHOWN), request.query_params)
    far = sheet.now + timedelta(days=3650)
    by: dict[str, Callable[[Kept], Any]] = {
        "due": lambda kept: sheet.due(REFERRAL, kept.state.id) or far,
        "program": lambda kept: sheet.name(kept.state.program, "").casefold(),
        "latest": lambda kept: sheet.now - kept.moved_at,
    }

    def place(kept: Kept) -> tuple[Any, ...]:
        return places.index(turn(kept)), by[view.order](kept), kept.state.id

    keep = {"turn": lambda kept, said: turn(kept) == said, "need": lambda kept, said: kept.state.need == said}
    return view, paged(view, rows, keep=keep, sort={view.order: place})


def _held(sheet: Sheet, kept: Kept) -> Ask:
    referral, url = kept.state, f"/caseplan/referrals/{kept.state.id}"
    clock = asks.chip(sheet, kept)
    if isinstance(clock, Tag):
        clock = say.Chip(clock.words)
    text = f"{sheet.name(referral.program, 'A program')}: {referral.stage.label.lower()}."
    aside = f"{need(referral.need)}. {asks.HOLDS.get(referral.stage, asks.AT_REST)}"
    return Ask(named(referral.person), text, clock, Act("Open it", url), aside, page_of(referral.person))


def _row(sheet: Sheet, kept: Kept) -> Ask:
    referral = kept.state
    due = sheet.due(REFERRAL, referral.id) if with_agency(kept) else None
    began = sheet.began(REFERRAL, referral.id)
    clock = say.due(due, sheet.now, sheet.zone, start=began) if due else say.Chip(_stage(kept))
    act = Act("Open it", f"/caseplan/referrals/{referral.id}")
    text = f"{sheet.name(referral.program, 'A program of yours')}: {_stage(kept).lower()}."
    return Ask(named(referral.person), text, clock, act, need(referral.need), act.url)
