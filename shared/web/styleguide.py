"""Every part in every state on one page, for who builds pages and for the tests that look at them.

Served in the demo only; its people and agencies are those of samples.py.
"""

from typing import Annotated, Literal

from fastapi import FastAPI
from pydantic import AfterValidator, BaseModel
from starlette.requests import Request
from starlette.responses import Response

from shared.runtime.errors import Retryable
from shared.web import forms, samples
from shared.web.forms import Form, Line, Lines
from shared.web.listing import Filter, Offer, asked, paged
from shared.web.parts import Bar
from shared.web.templates import render

SHOWN = (
    "CHIPS", "TAGS", "ASKS", "WINDOW", "TIMELINE", "LEDGER", "GOALS", "CONSENTS", "PEOPLE", "FACTS", "FIGURES", "TALK",
    "ALLOWED",
)  # fmt: skip
LIST = (Filter("side", "Whose side", (("theirs", "The person’s"), ("ours", "Staff")), "Both"),)
BAR_LINKS = (("Today", "#asks"), ("People", "#thread"), ("Parts", "#parts"), ("Mirror", "#charts"))


def _https(text: str) -> str:
    if not text.startswith("https://"):
        raise ValueError("The address has to start with https:// so that nobody can read along.")
    return text


class Contact(BaseModel):
    """What the sample form asks for."""

    who: Line
    how: Literal["met", "called", "texted"]
    what: Lines | None = None
    hook: Annotated[str, AfterValidator(_https)] | None = None


def styleguide(request: Request, form: Form[Contact] | None = None) -> Response:
    """The gallery; `?look=mine` shows it as the person's page does, on the layout that carries no brand."""
    here = request.url.path
    mine = request.query_params.get("look") == "mine"
    view = asked(Offer(here, LIST, (("name", "By name"), ("what", "By what they do")), size=2), request.query_params)
    keep = {"side": lambda row, said: row.theirs == (said == "theirs")}
    sort = {"name": lambda row: row.name, "what": lambda row: row.what}
    return render(
        request,
        "styleguide_mine.html" if mine else "styleguide.html",
        status=422 if form and form.wrong else 200,
        said={"contact-saved": "Saved. Ray can see this on his page."},
        lang=None if mine else "en",
        bar=Bar("#parts", "Dana Whitfield", "Welcome Alder", BAR_LINKS, find=f"{here}/find", sign_out=f"{here}/find"),
        here=here,
        view=view,
        pages=paged(view, samples.PEOPLE, keep=keep, sort=sort),
        form=form or forms.blank(who="Ray Castellanos", how="called"),
        other=Form(
            typed={"hook": "http://hooks.lantern.example/in"},
            wrong={"hook": "The address has to start with https://"},
            prefix="other-",
        ),
        charts=samples.charts(),
        **{name.lower(): getattr(samples, name) for name in SHOWN},
    )


def add_styleguide(app: FastAPI, prefix: str) -> None:
    """The gallery, a form that works, a part that loads and one that never does."""

    @app.get(f"{prefix}/styleguide", include_in_schema=False)
    async def gallery(request: Request) -> Response:
        return styleguide(request)

    @app.post(f"{prefix}/styleguide", include_in_schema=False)
    async def write_contact(request: Request) -> Response:
        form = await forms.read(request, Contact, words={"who": "Say who you spoke with."})
        if form.value is None:
            return styleguide(request, form)
        return forms.see_other(f"{prefix}/styleguide", request, said="contact-saved")

    @app.get(f"{prefix}/styleguide/part", include_in_schema=False)
    async def part(request: Request) -> Response:
        return render(request, "styleguide_part.html", bar=Bar(links=BAR_LINKS), people=samples.PEOPLE)

    @app.post(f"{prefix}/styleguide/find", include_in_schema=False)
    async def find(request: Request) -> Response:
        sought = str((await forms.posted(request)).get("q", "")).casefold()
        found = [helper for helper in samples.PEOPLE if sought in helper.name.casefold()]
        return render(request, "styleguide_part.html", bar=Bar(links=BAR_LINKS), people=found)

    @app.get(f"{prefix}/styleguide/silent", include_in_schema=False)
    async def silent(request: Request) -> Response:
        raise Retryable("the part that never answers")
