"""The settings of an agency as pages: what it says of itself, what it offers, and which of it has grown old."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.intake.directory import Agency, Program
from services.intake.directory_words import PAPERS, RECORDS, SPOKEN, WHY
from services.intake.fitting import dated
from services.intake.pages.frame import frame
from services.intake.words import OFFICES
from shared.security.identity import Actor
from shared.web import say
from shared.web.forms import Form
from shared.web.menu import DIRECTORY
from shared.web.needs import NEEDS
from shared.web.parts import Act, Line, Tag
from shared.web.templates import render

SETTINGS, NEW_PROGRAM = "/intake/agency", "/intake/agency/new-program"
MEND = {"needs": "Choose what it helps with.", "name": "Say what it is called."}
ANSWERS = (("unknown", "We have not said: counts as yes"), ("yes", "Yes"), ("no", "No"))
RULES = (("unknown", "We have not said"), ("yes", "Yes"), ("asks", "We ask about it first"), ("no", "No"))
OPENNESS = tuple((code, WHY["en"][code]) for code in ("open", "waitlist", "after_assessment", "closed"))


def of_agency(id: UUID) -> str:
    return f"{DIRECTORY[1]}/agencies/{id}"


def of_program(id: UUID) -> str:
    return f"{DIRECTORY[1]}/programs/{id}"


def agency_page(
    request: Request, actor: Actor, agency: Agency, programs: Sequence[Program], form: Form[Any]
) -> Response:
    return render(
        request,
        "agency_edit.html",
        status=422 if form.wrong else 200,
        form=form,
        action=f"/intake/agencies/{agency.id}/edit",
        back=of_agency(agency.id),
        add=f"{NEW_PROGRAM}?agency={agency.id}",
        offices=_offices(),
        answers=ANSWERS,
        rows=[_line(program) for program in programs],
        **frame(actor, DIRECTORY[1]),
        lang="en",
        one_language=True,
    )


def program_page(request: Request, actor: Actor, action: str, program: Program | None, form: Form[Any]) -> Response:
    return render(
        request,
        "program_edit.html",
        status=422 if form.wrong else 200,
        form=form,
        action=action,
        program=program,
        back=of_program(program.id) if program else SETTINGS if actor.agency else DIRECTORY[1],
        still_right=f"/intake/programs/{program.id}/still-right" if program else "",
        said_on=dated(program.assured_on, "en") if program and program.assured_on else "",
        needs=[(code, name.en) for code, name in NEEDS.items()],
        papers=[(code, name.en) for code, name in PAPERS.items()],
        languages=[(code, names[0]) for code, names in SPOKEN.items()],
        openness=OPENNESS,
        records=[(code, say.sentence(name.en)) for code, name in RECORDS.items()],
        rules=RULES,
        offices=_offices(),
        answers=ANSWERS,
        **frame(actor, DIRECTORY[1]),
        lang="en",
        one_language=True,
    )


def _offices() -> list[tuple[str, str]]:
    return [(code, say.sentence(name.en)) for code, name in OFFICES.items()]


def _line(program: Program) -> Line:
    entry = program.entry
    day = f"You said so on {dated(program.assured_on, 'en')}." if program.assured_on and not program.origin else ""
    act = Act("Change", f"/intake/programs/{program.id}/edit", about=entry.name)
    return Line(entry.name, day, "", Tag("" if entry.accepting else "waits", WHY["en"][entry.openness]), act)
