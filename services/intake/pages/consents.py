"""The pages that ask: for a first yes, for the answer to a question that waits, and whether it shall go on.

What the recipient passes on stands first, nothing is ticked, and a no is as near as a yes. What is read here is the
text that is kept.
"""

from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.intake.consent_text import Text, dated
from services.intake.consents import Consent, Stage, last_day
from services.intake.consents.part2 import PROTECTED
from services.intake.pages.frame import frame
from services.intake.pages.shared import what_of
from services.intake.places import shared_page
from services.intake.says import ASK, SHARED
from services.intake.says_consent import BESIDE, SIGNING, TEXT
from services.intake.signing import PATIENCE, Before, Matter, look, purpose_of
from services.intake.signing import both as both
from services.intake.signing import passed_on as passed_on
from services.intake.store import consents as store
from services.intake.store import people
from services.intake.words import CATEGORIES
from shared.runtime.errors import Invalid
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms, say
from shared.web.edge import running, transaction
from shared.web.forms import Form, back_to
from shared.web.menu import PEOPLE
from shared.web.templates import render
from shared.web.words import WORDS, Lang, lang_of

router = APIRouter(include_in_schema=False)
USUAL = ("referral", "contact", "portrait", "needs", "plan", "health", "mental_health", "substance_use")
MONTHS = (("month", 30), ("three", 90), ("year", 365))  # days
MEND = {"categories": ASK["en"]["mend"]}
OF_LINK = ("setback", "next", "program", "lang")
LIVE = (Stage.GRANTED, Stage.CONFIRMED)
Answers = Annotated[Actor, Depends(allow("consent.answer"))]


def asked_in(request: Request) -> Form[Any]:
    """The question that a link puts: who, whom, about what. Nothing of it is ticked.

    `suggested` goes along with the form, so that a page with something to mend never offers more than the first.
    """
    asked = {name: value for name, value in request.query_params.items() if name in OF_LINK}
    return forms.blank(suggested=",".join(request.query_params.getlist("categories")), **asked)


async def ask_again(request: Request, actor: Actor, form: Form[Any]) -> Response:
    """The same page with what has to be mended, or what had to be shown first."""
    try:
        person, recipient = (UUID(str(form.typed.get(name, ""))) for name in ("person", "recipient"))
    except ValueError:
        raise Invalid("recipient", "Say whom it is about and who may be told.") from None
    return await ask_page(request, actor, form, person, recipient)


async def ask_page(request: Request, actor: Actor, form: Form[Any], person_id: UUID, recipient: UUID) -> Response:
    """The question, to the person themself or to their worker, who reads it aloud."""
    await _may_answer(request, actor, person_id)
    offered = _offered(form)
    purpose = purpose_of(offered, form.typed.get("setback"))
    wanted, program = _lang_wanted(request, actor, form), str(form.typed.get("program") or "")
    before = await look(running(request), actor, Matter(person_id, recipient, None, purpose, program, wanted))
    lang = before.text.lang
    if form.wrong.get("categories") == MEND["categories"]:
        form.wrong["categories"] = ASK[lang]["mend"]
    until = _until(before.today, lang)
    form.typed.setdefault("expires_on", until[1][0])
    categories = [(code, say.sentence(CATEGORIES[code].in_lang(lang))) for code in offered]
    next = str(form.typed.get("next") or "")
    return _drawn(
        request, actor, before, form, "/intake/consents",
        protected=PROTECTED in offered, categories=categories, suggested=",".join(offered), until=until,
        back=back_to(next, shared_page(person_id)),
        here=f"/intake/consents/new?{_same_question(request, form, person_id, recipient)}",
    )  # fmt: skip


@router.get("/intake/consents/{consent_id}/answer")
async def answer_page(consent_id: UUID, request: Request, actor: Answers) -> Response:
    """A question that a worker put on the page: yes to exactly that, or not now."""
    return await _about(request, actor, consent_id, _blank(request), renewing=False)


@router.get("/intake/consents/{consent_id}/renew")
async def renew_page(consent_id: UUID, request: Request, actor: Answers) -> Response:
    """Shall the same go on? Until when, on one page; to let it end there is nothing to do."""
    return await _about(request, actor, consent_id, _blank(request), renewing=True)


async def answer_again(
    request: Request, actor: Actor, consent_id: UUID, error: Invalid, typed: dict[str, Any], *, renewing: bool
) -> Response:
    form = forms.blank(**typed).refuse(error, lang_of(request) if actor.person else "en")
    return await _about(request, actor, consent_id, form, renewing=renewing)


async def _about(request: Request, actor: Actor, consent_id: UUID, form: Form[Any], *, renewing: bool) -> Response:
    async with transaction(running(request)) as tx:
        consent = (await store.find_consent(tx, consent_id)).consent
    await _may_answer(request, actor, consent.person, consent_id)
    terms, back = consent.terms, shared_page(consent.person)
    if not _is_open(consent, renewing=renewing):
        return forms.see_other(back, request)
    wanted = _lang_wanted(request, actor, form)
    matter = Matter(consent.person, terms.recipient, terms.discloser, terms.purpose, lang=wanted)
    before = await look(running(request), actor, matter)
    lang = before.text.lang
    later = [day for day in _until(before.today, lang) if renewing and day[0] >= str(terms.expires_on)]
    if renewing and not later:
        return forms.see_other(back, request)  # it holds for as long as anybody may ask for
    what = say.sentence(what_of(terms.categories, lang))
    ends = say.on_date(last_day(consent), before.today, lang)
    here = f"/intake/consents/{consent_id}"
    return _drawn(
        request, actor, before, form, f"{here}/renew" if renewing else f"{here}/grant", back=back,
        fixed=f"{what}." if renewing else f"{what}. {SHARED[lang]['until'].format(day=ends)}.",
        ends=SIGNING[lang]["ends"].format(agency=before.told.entry.name, day=ends) if renewing else "",
        until=later,
        protected=PROTECTED in terms.categories,
        here=f"{here}/{'renew' if renewing else 'answer'}?",
        not_now="" if renewing else f"{here}/not-now",
    )  # fmt: skip


def _is_open(consent: Consent, *, renewing: bool) -> bool:
    if not renewing:
        return consent.stage is Stage.ASKED
    return consent.stage in LIVE and not consent.terms.once and consent.terms.setback is None


def _drawn(
    request: Request, actor: Actor, before: Before, form: Form[Any], action: str, *, back: str, here: str, **more: Any
) -> Response:
    text: Text = before.text
    lang, other = text.lang, "en" if text.lang == "es" else "es"
    none = {"categories": [], "suggested": "", "fixed": "", "ends": "", "until": [], "not_now": ""}
    framed = frame(actor, PEOPLE)
    return render(
        request,
        "consent_ask.html",
        status=422 if form.wrong else 200,
        form=form,
        says=_named(before),
        text=text,
        parts={part.name: part for part in text.parts},
        signing=SIGNING[lang],
        rule=_rules(before),
        beside=BESIDE,
        staff_note=ASK["en"]["staff"],
        action=action,
        person=before.person.id,
        recipient=before.told.id,
        back=back,
        in_other=f"{here}&lang={other}".replace("?&", "?"),
        other=other,
        text_lang=lang,
        **{**none, **more},
        **framed,
        lang=lang if framed["is_own"] else "en",
    )


async def _may_answer(request: Request, actor: Actor, person_id: UUID, consent: UUID | None = None) -> None:
    async with transaction(running(request)) as tx:
        person = (await people.find_person(tx, person_id)).person
        actor.require("consent.answer", person.ties(actor), person.id)
        why = "own" if actor.person else "consent"
        if consent is None:
            await audit.record(tx, actor, "consent.answer", person_id, "form", why)
        else:
            await audit.record(tx, actor, "consent.read", person_id, f"consent/{consent}", why)


def _named(before: Before) -> dict[str, str]:
    """The page's words with both agencies' names in them."""
    tells, told = before.tells.entry.name, before.told.entry.name
    return {
        key: says.replace("{discloser}", tells).replace("{recipient}", told)
        for key, says in ASK[before.text.lang].items()
    }


def _rules(before: Before) -> dict[str, str]:
    """What belongs to a choice that is yet to be made; it is kept with the yes where that was chosen."""
    says, lang = TEXT[before.text.lang], before.text.lang
    by = dated(before.today + timedelta(days=PATIENCE.confirm_days), lang)
    return {"guarded": says["guarded"], "by_itself": says["by_itself"], "at_intake": says["at_intake"].format(day=by)}


def _lang_wanted(request: Request, actor: Actor, form: Form[Any]) -> Lang | None:
    """In which the text stands: the person's page is in their language; a worker may turn it to either."""
    if actor.person:
        return lang_of(request)
    asked = str(form.typed.get("lang") or "")
    return next((lang for lang in WORDS if lang == asked), None)


def _blank(request: Request) -> Form[Any]:
    return forms.blank(**{name: value for name, value in request.query_params.items() if name == "lang"})


def _same_question(request: Request, form: Form[Any], person: UUID, recipient: UUID) -> str:
    asked: list[tuple[str, str]] = [("person", str(person)), ("recipient", str(recipient))]
    asked += [(name, str(form.typed[name])) for name in ("setback", "next", "program") if form.typed.get(name)]
    asked += [("categories", code) for code in str(form.typed.get("suggested") or "").split(",") if code]
    return urlencode(asked)


def _until(today: date, lang: Lang) -> list[tuple[str, str]]:
    return [(str(today + timedelta(days=days)), ASK[lang][key]) for key, days in MONTHS]


def _offered(form: Form[Any]) -> list[str]:
    """What may be ticked: what the link suggests, else the usual. A setback is asked for by itself."""
    if form.typed.get("setback"):
        return ["setback"]
    asked = str(form.typed.get("suggested") or "").split(",")
    if asked == [""]:
        asked = list(form.typed.get("categories") or ())
    suggested = [code for code in asked if code in CATEGORIES and code != "setback"]
    if "supervision" in suggested:
        return ["supervision"]
    return suggested or list(USUAL)
