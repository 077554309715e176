"""The pages of intake, one module a concept. They draw; what they post to is in `api`."""

from fastapi import APIRouter

from services.intake.pages import consents, desk, directory, erasures, nevers, quick_exit, shared, start, told, waiting

router = APIRouter()
for part in (
    start.router,
    quick_exit.router,
    shared.router,
    consents.router,
    erasures.router,
    told.router,
    directory.router,
    nevers.router,
    desk.router,
    waiting.router,
):
    router.include_router(part)
