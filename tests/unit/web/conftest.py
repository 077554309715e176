"""A web app as every service has it, with routes that go wrong in each way that a route can."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Form
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shared.runtime.errors import Conflict, Invalid, NotAllowed, NotFound, Permanent, Retryable
from shared.runtime.settings import Settings
from shared.web import forms
from shared.web.app import web_app
from shared.web.templates import render

CANARY = "Ray-Canary-555-0142"
PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Need(BaseModel):
    kind: Literal["housing", "food"]
    weeks: int = Field(ge=1, le=52)


class Command(BaseModel, extra="forbid"):
    person: UUID
    contact_way: str = Field(max_length=40)
    needs: list[Need]


class Contact(BaseModel):
    who: forms.Line
    days: list[str] = []
    promise: forms.Lines | None = None


ERRORS: dict[str, Exception] = {
    "conflict": Conflict("The referral is closed.", ("reopen", "withdraw")),
    "not-found": NotFound("referral", 7),
    "not-allowed": NotAllowed("Only Jo may read it."),
    "invalid": Invalid("contact.way", "The number needs its area code."),
    "retryable": Retryable(CANARY),
    "permanent": Permanent("Its type is not known."),
    "unforeseen": RuntimeError(CANARY),
}

routes = APIRouter(prefix="/caseplan")


@routes.get("/errors/{name}")
async def fail(name: str) -> None:
    raise ERRORS[name]


@routes.get("/english")
async def in_english_alone(request: Request) -> Response:
    return render(request, "layout_mine.html", lang="en", one_language=True)


@routes.post("/referrals", status_code=201)
async def send(command: Command, limit: int = 5) -> dict[str, str]:
    return {"id": str(command.person)}


@routes.post("/declared")
async def take_declared(who: Annotated[str, Form()]) -> dict[str, str]:
    return {"who": who}


@routes.get("/stream")
async def break_off() -> StreamingResponse:
    async def pieces() -> AsyncIterator[str]:
        yield "data: first\n\n"
        raise RuntimeError(CANARY)

    return StreamingResponse(pieces(), media_type="text/event-stream")


@routes.post("/contacts")
async def write_contact(request: Request) -> dict[str, object]:
    form = await forms.read(request, Contact, words={"who": "Say who you spoke with."})
    return {"typed": form.typed, "wrong": form.wrong, "value": form.value and form.value.model_dump()}


def make_app(**settings: object) -> FastAPI:
    app = web_app("caseplan", settings=Settings(demo=True, **settings))
    app.include_router(routes)
    return app


@pytest.fixture(scope="session")
def app() -> FastAPI:
    return make_app()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client
