"""HTTP commands and queries of intake, one module a concept: parse, authorise, call, answer."""

from fastapi import APIRouter

from services.intake.api import (
    accounts,
    agencies,
    consents,
    covers,
    demands,
    emergencies,
    entries,
    erasures,
    nevers,
    people,
    programs,
    ways_in,
)

PARTS = (
    accounts,
    agencies,
    programs,
    entries,
    covers,
    people,
    ways_in,
    consents,
    erasures,
    emergencies,
    nevers,
    demands,
)

router = APIRouter()
for part in PARTS:
    router.include_router(part.router)
