"""HTTP commands and queries of intake, one module a concept: parse, authorise, call, answer."""

from fastapi import APIRouter

from services.intake.api import (
    accounts,
    agencies,
    consents,
    covers,
    demands,
    emergencies,
    erasures,
    nevers,
    people,
    portraits,
    reaching,
    ways_in,
)

PARTS = (
    accounts,
    agencies,
    covers,
    people,
    portraits,
    reaching,
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
