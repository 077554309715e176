"""The pages of intake, one module a concept. They draw; what they post to is in `api`."""

from fastapi import APIRouter

from services.intake.pages import consents, desk, directory, erasures, nevers, programs, quick_exit, shared, start, told

router = APIRouter()
for part in (
    start.router,
    quick_exit.router,
    shared.router,
    consents.router,
    erasures.router,
    told.router,
    directory.router,
    programs.router,
    nevers.router,
    desk.router,
):
    router.include_router(part)
