"""HTTP commands and queries of intake, one module a concept: parse, authorise, call, answer."""

from fastapi import APIRouter

from services.intake.api import accounts, agencies, consents, erasures, people

router = APIRouter()
for part in (accounts.router, agencies.router, people.router, consents.router, erasures.router):
    router.include_router(part)
