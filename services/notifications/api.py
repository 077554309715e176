"""What a partner's page and other programs can do: send a test event, make a new password."""

from typing import Annotated

from asyncpg import Connection
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.notifications import partners
from services.notifications.database import transaction
from services.notifications.pages import MENU, OWN, show_partner
from services.notifications.provisioning import Desk
from services.notifications.settings import Voice
from shared.messaging.cluster import Access, Cluster
from shared.runtime.errors import Conflict
from shared.runtime.settings import Settings
from shared.security import audit
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.accept import wants_html
from shared.web.edge import running
from shared.web.idempotency import Answer, Wanted, once, wanted

router = APIRouter()
Managing = Annotated[Actor, Depends(allow("partner.manage"))]


@router.post("/notifications/partners/{slug}/test", status_code=202)
async def send_test(
    slug: str, request: Request, actor: Managing, want: Annotated[Wanted | None, Depends(wanted)]
) -> Response:
    """A test event on both streams. It concerns nobody, and may be answered."""
    async with transaction(running(request).pool) as tx:

        async def act() -> Answer:
            await _require(tx, actor, slug)
            called = await partners.say_hello(tx, slug)
            await audit.record(tx, actor, "partner.manage", None, f"partner/{slug}", "test")
            return Answer.json(202, {"reference": called})

        answer = await once(tx, want, actor, act)
    if wants_html(request):
        return forms.see_other(_page(actor, slug), request, said="test-sent")
    return answer.response()


@router.post("/notifications/partners/{slug}/rotate")
async def make_password(slug: str, request: Request, actor: Managing) -> Response:
    """A new password, on this one answer. Nothing keeps the answer: asked again, another one is made."""
    here = running(request)
    async with transaction(here.pool) as tx:
        await _require(tx, actor, slug)
    password = await Desk(here.pool, administrator(here.settings), here.settings, actor=actor).rotate(slug)
    return await show_partner(request, actor, slug, password)


async def _require(tx: Connection, actor: Actor, slug: str) -> None:
    partner = await partners.find(tx, slug)
    actor.require("partner.manage", actor.relations(agency=partner.agency), slug)


def _page(actor: Actor, slug: str) -> str:
    return OWN if actor.agency else f"{MENU}/{slug}"


def administrator(settings: Settings) -> Cluster:
    """Raises Conflict where this process was given no administrator's rights, with what helps instead."""
    voice = Voice()
    if not voice.kafka_admin_user:
        raise Conflict("Passwords are made by the network’s office here: ask them for ./throughcare partner rotate.")
    return Cluster(
        Access(
            settings.kafka,
            voice.kafka_admin_user,
            voice.kafka_admin_password.get_secret_value(),
            settings.kafka_security,
            settings.kafka_mechanism,
            settings.kafka_ca_file,
        ),
        replication=settings.replication,
    )
