"""Buttons from what the table offers: one press where nothing more is to be said, else the way to a small form."""

from collections.abc import Iterable
from urllib.parse import urlencode
from uuid import UUID

from services.caseplan.bodies import Base, body_of
from services.caseplan.commands import fingerprint, party_of
from services.caseplan.concepts import Concept
from services.caseplan.pages.labels import label
from services.caseplan.reading import Sheet
from services.caseplan.store import Kept
from shared.security.identity import Actor
from shared.web.parts import Act
from shared.web.words import Lang
from shared.workflow import Party

# A form although nothing has to be said: one may want to, or should read once more what follows.
ASKS_FIRST = {
    ("referral", "withdraw"), ("referral", "mark_error"), ("setback", "reflect"), ("setback", "ask_again"),
    ("setback", "withdraw"), ("plan", "stop"), ("concern", "set_aside"),
}  # fmt: skip
EDITED = {"suggest", "propose"}  # a whole page of its own


def path_of(concept: Concept, id: UUID | str, verb: str) -> str:
    return f"/caseplan/{concept.kind}s/{id}/{verb.replace('_', '-')}"


def speaks_for_them(actor: Actor, concept: Concept, kept: Kept, verb: str) -> bool:
    """Whether the actor would write down the person's word, so has to say how it was told."""
    return actor.person is None and party_of(actor, concept, kept, verb) is Party.PERSON


def needs_form(actor: Actor, concept: Concept, kept: Kept, verb: str) -> bool:
    fields = body_of(concept.kind, verb).model_fields
    asked = any(field.is_required() for name, field in fields.items() if name not in Base.model_fields)
    wants_consent = "consent" in fields
    return (
        asked
        or wants_consent
        or (concept.kind, verb) in ASKS_FIRST
        or speaks_for_them(actor, concept, kept, verb)
    )  # fmt: skip


def button(
    sheet: Sheet, concept: Concept, kept: Kept, verb: str, *,
    back: str, lang: Lang = "en", main: bool = False, about: str = "", words: str = "", **fields: str,
) -> Act:  # fmt: skip
    """One button. `words` stands instead of the usual label, `fields` are sent along."""
    actor, id = sheet.actor, kept.state.id
    says = words or label(concept.kind, verb, own=actor.person is not None, lang=lang)
    if verb in EDITED:
        return Act(says, f"/caseplan/plans/{id}/edit", about=about, main=main)
    url = path_of(concept, id, verb)
    if not fields and needs_form(actor, concept, kept, verb):
        return Act(says, f"{url}?{urlencode({'back': back})}", about=about, main=main)
    seen = {"seen": fingerprint(kept)} if verb == "sign" else {}
    return Act(says, url, post=True, fields={"back": back, **seen, **fields}, about=about, main=main)


def buttons(
    sheet: Sheet, concept: Concept, kept: Kept, verbs: Iterable[str], *, back: str, lang: Lang = "en", main: str = ""
) -> list[Act]:  # fmt: skip
    return [button(sheet, concept, kept, verb, back=back, lang=lang, main=verb == main) for verb in verbs]
