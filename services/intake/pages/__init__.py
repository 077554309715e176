"""The pages of intake, one module a concept. They draw; what they post to is in `api`."""

from fastapi import APIRouter

from services.intake.pages import (
    consent_copies,
    consents,
    desk,
    directory,
    erasures,
    nevers,
    programs,
    quick_exit,
    shared,
    start,
    stops,
    told,
    waiting,
)

router = APIRouter()
for part in (
    start.router,
    quick_exit.router,
    shared.router,
    consents.router,
    consent_copies.router,
    stops.router,
    erasures.router,
    told.router,
    directory.router,
    programs.router,
    nevers.router,
    desk.router,
    waiting.router,
):
    router.include_router(part)
