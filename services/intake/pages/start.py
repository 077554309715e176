"""The front door: the form in which somebody asks for help, and what they take away from it.

Eight questions, of which only one needs an answer. Nothing typed is lost when something has to be mended.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.responses import Response

from services.intake import welcoming, words
from services.intake.arrivals import Arrival
from services.intake.directory import Agency
from services.intake.fields import LONGEST_NAME
from services.intake.hours import next_open
from services.intake.people import SelfReferral
from services.intake.places import ASKED, ASKING
from services.intake.says import DONE, START
from services.intake.signing_in.asking import TooManyAsk, asks_of
from services.intake.store import arrivals, directory, people
from shared.runtime.errors import Invalid, NotFound
from shared.runtime.reach import current
from shared.runtime.settings import Settings
from shared.security import audit, demo
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.web import forms, say
from shared.web.edge import is_form, read, running, takes, transaction
from shared.web.forms import Form
from shared.web.idempotency import Wanted, wanted
from shared.web.parts import Bead
from shared.web.templates import render
from shared.web.words import Lang, lang_of

KEPT = 600  # seconds for which the page with the PIN opens again, in this browser alone

router = APIRouter()
Asker = Annotated[Actor, Depends(allow("person.refer_self"))]


@router.get("/intake/start", include_in_schema=False)
async def start(request: Request, actor: Asker) -> Response:
    return await _form(request, forms.blank(language=lang_of(request)))


@router.post("/intake/start", openapi_extra=takes(SelfReferral), status_code=201)
async def ask_for_help(request: Request, actor: Asker, want: Annotated[Wanted | None, Depends(wanted)]) -> Response:
    """Somebody asks for help: a name to be called by is enough."""
    lang = lang_of(request)
    says = START[lang]
    form = await read(request, SelfReferral, {"name": says["mend_name"], "agency": says["mend_agency"]})
    if form.value is None:
        if len(str(form.typed.get("name", "")).strip()) > LONGEST_NAME:
            form.wrong["name"] = says["mend_long_name"].format(most=LONGEST_NAME)
        return await _form(request, form)
    try:
        if actor.role is Role.ANYONE:
            asks_of(request).count(request)
        answer = await welcoming.by_themselves(request, actor, want, form.value)
    except TooManyAsk as error:
        if not is_form(request):
            raise
        form.wrong = {"name": says["wait"].format(minutes=error.minutes)}
        return await _form(request, form, error.status)
    except Invalid as error:
        if not is_form(request):
            raise
        return await _form(request, form.refuse(error, lang))
    if not is_form(request):
        return welcoming.answered(request, answer, with_pin=True)
    return leave_with_page(request, welcoming.id_of(answer), said="had-it" if answer.replayed else None)


def leave_with_page(request: Request, person: UUID, said: str | None = None) -> Response:
    """To the page of what happens next, which opens for a while in this browser alone."""
    settings = running(request).settings
    response = forms.see_other("/intake/start/done", request, said=said)
    ticket = _tickets(settings).dumps(person.hex)
    secure = forms.is_https(settings)
    response.set_cookie(ASKED, str(ticket), KEPT, path=ASKING, httponly=True, samesite="lax", secure=secure)
    return response


async def _form(request: Request, form: Form[SelfReferral], refused: int = 422) -> Response:
    lang = lang_of(request)
    async with transaction(running(request)) as tx:
        welcoming = await directory.list_welcoming(tx)
    return render(
        request,
        "start.html",
        status=refused if form.wrong else 200,
        form=form,
        says=START[lang],
        agencies=[(str(agency.id), agency.entry.name) for agency in welcoming],
        needs=words.first_needs(lang),
        ways=words.ways(lang),
        languages=list(words.LANGUAGES.items()),
    )


@router.get("/intake/start/done", include_in_schema=False)
async def done(request: Request, actor: Asker) -> Response:
    """What happens next, and how to get back: for ten minutes, in the browser that sent the form."""
    settings, lang = running(request).settings, lang_of(request)
    person_id = _whose(settings, request)
    if person_id is None:
        return render(request, "start_gone.html", says=DONE[lang])
    # The ticket in their browser says who they are.
    async with transaction(running(request), replace(current(), person=person_id)) as tx:
        try:
            person = (await people.find_person(tx, person_id)).person
        except NotFound:
            return render(request, "start_gone.html", says=DONE[lang])
        home = await directory.find_agency(tx, person.agency)
        now, arrival = await people.now(tx), await arrivals.find(tx, person_id)
        await audit.record(tx, actor, "person.refer_self", person_id, "form", "welcome")
    return render(
        request,
        "start_done.html",
        says=DONE[lang],
        said={"had-it": DONE[lang]["had_it"]},
        beads=_what_happens(home, now, arrival, lang, has_page=settings.demo),
        unreachable="" if person.channels else _unreachable(home, lang, has_page=settings.demo),
        link=demo.link(settings, person_id) if settings.demo else "",
        pin=demo.pin(settings, person_id) if settings.demo else "",
    )


def _what_happens(home: Agency, now: datetime, arrival: Arrival | None, lang: Lang, *, has_page: bool) -> list[Bead]:
    says, zone = DONE[lang], ZoneInfo(home.entry.calendar.timezone)
    opens = next_open(home.entry.calendar, now)
    today = now.astimezone(zone).date()
    when = say.NEAR[lang][0]
    if opens and opens > now:
        when = says["from"].format(day=say.day(opens.date(), today, lang), hour=say.hour(opens.time(), lang))
    named = says["named"]
    if arrival is not None:
        named = says["named_by"].format(when=say.moment(arrival.answer_by, now, zone, lang))
    return [
        Bead(says["asked"], "kept"),
        Bead("", "now", title=says["reads"].format(agency=home.entry.name, when=when)),
        Bead(says["named_where" if has_page else "named_link"], ahead=True, title=named),
        Bead("", ahead=True, title=says["talk"]),
    ]


def _unreachable(home: Agency, lang: Lang, *, has_page: bool) -> str:
    """Outside the demo nobody has a page before a worker has made its link, so none is named."""
    key = ("no_way" if has_page else "no_way_yet") + ("" if home.entry.phone else "_no_phone")
    return DONE[lang][key].format(agency=home.entry.name, phone=home.entry.phone)


def _whose(settings: Settings, request: Request) -> UUID | None:
    try:
        return UUID(hex=_tickets(settings).loads(request.cookies.get(ASKED, ""), max_age=KEPT))
    except (BadData, ValueError, TypeError, AttributeError):
        return None


def _tickets(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.signing_secret.get_secret_value(), salt="throughcare.welcome.v1")
