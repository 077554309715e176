"""HTTP commands and queries of intake, one module a concept: parse, authorise, call, answer."""

from fastapi import APIRouter

from services.intake.api import accounts, agencies, consents, covers, people, ways_in

router = APIRouter()
for part in (accounts.router, agencies.router, covers.router, people.router, ways_in.router, consents.router):
    router.include_router(part)
