"""The small form of one verb, made from its command's fields, so that no move is without a page."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from services.caseplan import copies, store, written
from services.caseplan.bodies import Base, body_of
from services.caseplan.commands import ACTIONS, BY_PHONE, fingerprint, is_asked, relations
from services.caseplan.concepts import REFERRAL, Concept
from services.caseplan.pages import field_words
from services.caseplan.pages.buttons import path_of, speaks_for_them
from services.caseplan.pages.frame import MINE, TODAY, frame, lang_for
from services.caseplan.pages.labels import STAFF, label
from services.caseplan.reading import live_consent, offered, recordable
from services.caseplan.sharing import categories_of, covers_referral
from services.caseplan.store import Kept, Tx
from shared.contracts.codes import Coded
from shared.contracts.plan import Owner
from shared.security import audit
from shared.security.identity import Actor
from shared.web.edge import running, transaction
from shared.web.forms import Form, back_to
from shared.web.templates import render
from shared.web.words import Lang
from shared.workflow import MoveNotOffered, Party

Draw = Literal["choices", "several", "check", "date", "moment", "number", "lines", "select", "hidden"]
OTHER_DOORS = 12
STAFF_ONLY = ("checked",)  # what a worker says of how the word came


@dataclass(frozen=True, slots=True)
class Drawn:
    """One field of the form."""

    name: str
    draw: Draw
    label: str
    hint: str = ""
    needed: bool = False
    options: tuple[tuple[str, str], ...] = ()


async def page(
    request: Request, actor: Actor, concept: Concept, id: UUID, verb: str, form: Form[Any] | None = None
) -> Response:  # fmt: skip
    """The form, new or with what has to be mended. `record_answer`: what the asked agency said by phone."""
    recorded = verb == "record_answer"
    action = "referral.record_answer" if recorded else ACTIONS[concept.kind][verb]
    lang, own = lang_for(request, actor), actor.person is not None
    async with transaction(running(request)) as tx:
        kept = await store.get(tx, concept, id)
        actor.require(action, relations(actor, concept, kept), id)
        if is_asked(actor, concept, kept):
            await live_consent(tx, kept, id)
        now = recordable(actor, kept) if recorded else offered(actor, concept, kept)
        if form is None and not (now if recorded else verb in now):
            raise MoveNotOffered(verb.replace("_", " "), now)  # an old link: said before anything is typed
        fields = _recorded(kept, lang) if recorded else await _fields(tx, actor, concept, kept, verb, lang)
        agency = getattr(kept.state, "agency", None)
        name = (await copies.names(tx, [agency])).get(agency) if agency else None
        sealed = await written.fetch(tx, {(concept.kind, id): kept.state.person}) if _names_a_step(fields) else []
        await audit.record(tx, actor, action, kept.state.person, f"form/{id}", concept.kind)
    form = form or _from_address(request)
    words = (await written.open_all(running(request).keys, sealed)).get((concept.kind, id), {})
    theirs = own or speaks_for_them(actor, concept, kept, verb)
    fields = [_of_steps(one, kept, words, theirs=theirs) if one.name == "step" else one for one in fields]
    return render(
        request,
        "saying.html",
        status=422 if form.wrong else 200,
        form=form,
        fields=fields,
        action=path_of(concept, id, verb),
        title="Record their answer" if recorded else label(concept.kind, verb, own=own, lang=lang),
        lead=field_words.lead(concept.kind, verb, lang, name or field_words.SHARED[lang]["agency"], own=own),
        press=field_words.press(concept.kind, verb, lang, own=own),
        back=back_to(str(form.typed.get("back") or ""), MINE if own else TODAY),
        shared=field_words.SHARED[lang],
        ask_consent=_missing_consent(kept, verb, fields),
        whose=kept.state.person,
        seen=fingerprint(kept) if verb == "sign" else "",
        **frame(actor, TODAY),
        lang=lang,
    )


def _from_address(request: Request) -> Form[Any]:
    """What the link that led here knows already."""
    asked = request.query_params
    typed = {name: asked.getlist(name) if len(asked.getlist(name)) > 1 else asked[name] for name in asked}
    return Form(typed=dict(typed))


def _names_a_step(fields: list[Drawn]) -> bool:
    return any(field.name == "step" for field in fields)


def _of_steps(field: Drawn, kept: Kept, words: written.Words, *, theirs: bool) -> Drawn:
    """The open steps that can be meant, in their words: the person's own, or what they say of them."""
    steps = kept.state.agreed.steps if kept.state.agreed else ()
    owner = Owner.PERSON if theirs else Owner.WORKER
    found = tuple(
        (str(step.id), words.get(f"step/{step.id}", "…")) for step in steps if step.owner is owner and not step.done
    )  # fmt: skip
    return replace(field, draw="choices", options=found)


async def _fields(tx: Tx, actor: Actor, concept: Concept, kept: Kept, verb: str, lang: Lang) -> list[Drawn]:
    found = []
    for name, annotation, needed in _asked(body_of(concept.kind, verb)):
        options = await _known(tx, kept, name)
        drawn = _draw(name, annotation, lang) if options is None else _of_options(name, options, lang)
        if drawn is not None and not (name in STAFF_ONLY and actor.person is not None):
            found.append(replace(drawn, needed=needed))
    if speaks_for_them(actor, concept, kept, verb):
        ways = (("in_person", "In person"), ("phone", "By phone"))
        found.append(Drawn("way", "choices", "How did they tell you?", needed=True, options=ways))
    return found


def _asked(model: type[BaseModel]) -> Iterable[tuple[str, Any, bool]]:
    for name, field in model.model_fields.items():
        if name not in Base.model_fields and name not in ("next_referral", "asks"):
            yield name, field.annotation, field.is_required()


async def _known(tx: Tx, kept: Kept, name: str) -> tuple[tuple[str, str], ...] | None:
    """The choices that only the database knows; None for a field that needs none."""
    referral = kept.state
    if name == "consent":
        found = await copies.consents_towards(tx, referral.person, referral.agency)
        covering = [c for c in found if covers_referral(c, referral.person, referral.agency, referral.need)]
        return tuple((str(one.id), "covered") for one in covering[:1])
    if name in ("next", "second"):
        doors = await copies.other_programs(tx, referral.need, referral.person, referral.program, OTHER_DOORS)
        names = await copies.names(tx, [door.agency for door in doors])
        return tuple((str(door.id), _door(door.name, names.get(door.agency))) for door in doors)
    return None


def _door(program: str, agency: str | None) -> str:
    return program if agency is None or agency in program else f"{program}, {agency}"


def _of_options(name: str, options: tuple[tuple[str, str], ...], lang: Lang) -> Drawn:
    label, hint = field_words.of(name, lang)
    if name == "consent":
        return Drawn(name, "hidden", label, hint, options=options)
    return Drawn(name, "choices", label, hint, options=options)


def _draw(name: str, annotation: Any, lang: Lang) -> Drawn | None:
    """By the field's type; its words stand in field_words."""
    label, hint = field_words.of(name, lang)
    kinds = [kind for kind in _flat(annotation) if isinstance(kind, type)]
    coded = next((kind for kind in kinds if issubclass(kind, Coded)), None)
    if coded is not None:
        several = name == "loads"
        options = tuple((str(code), field_words.code(code, lang)) for code in coded)
        return Drawn(name, "several" if several else "choices", label, hint, options=options)
    for kind, draw in ((bool, "check"), (datetime, "moment"), (date, "date"), (int, "number"), (str, "lines")):
        if kind in kinds:
            return Drawn(name, draw, label, hint)  # type: ignore[arg-type]
    return Drawn(name, "hidden", label) if UUID in kinds else None


def _flat(annotation: Any) -> Iterable[Any]:
    """An annotation and everything in it: `Annotated[str, ...] | None` has a `str`."""
    yield annotation
    for part in get_args(annotation):
        yield from _flat(part)


def _recorded(kept: Kept, lang: Lang) -> list[Drawn]:
    """What could be said by phone from where things stand, and the particulars that any of it may have."""
    verbs = [verb for verb in BY_PHONE if verb in REFERRAL.offers(kept.state, Party.AGENCY)]
    said = tuple((verb, STAFF[REFERRAL.kind, verb]) for verb in verbs)
    found = {"verb": Drawn("verb", "choices", "What did they say?", needed=True, options=said)}
    for verb in verbs:
        for name, annotation, _ in _asked(body_of(REFERRAL.kind, verb)):
            drawn = _draw(name, annotation, lang)
            if drawn is not None and name not in found:
                found[name] = replace(drawn, draw="select" if drawn.draw == "choices" else drawn.draw)
    return list(found.values())


def _missing_consent(kept: Kept, verb: str, fields: list[Drawn]) -> str:
    """Where the person is asked, when no consent covers it yet."""
    if not any(field.name == "consent" and not field.options for field in fields):
        return ""
    referral = kept.state
    here = path_of(REFERRAL, referral.id, verb)
    return consent_link(referral.person, referral.agency, referral.program, referral.need, here)


def consent_link(person: UUID, agency: UUID, program: UUID, need: str, back: str) -> str:
    """Intake's page that asks the person: for what this need takes, and for a way to reach them."""
    asked: list[tuple[str, object]] = [("person", person), ("recipient", agency), ("program", program), ("next", back)]
    asked += [("categories", category) for category in (*sorted(categories_of(need)), "contact")]
    return f"/intake/consents/new?{urlencode(asked)}"
