"""HTTP commands and queries of intake, one module a concept: parse, authorise, call, answer."""

from fastapi import APIRouter

from services.intake.api import accounts, agencies, consents, people

router = APIRouter()
for part in (accounts.router, agencies.router, people.router, consents.router):
    router.include_router(part)
