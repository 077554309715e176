"""HTTP for programs, and where the forms of pages are sent: commands, lists, what partners may fetch."""

from fastapi import APIRouter

from services.caseplan.api import creating, leaving, reading, saying

router = APIRouter()
for part in (creating.router, leaving.router, reading.router, saying.router):
    router.include_router(part)
