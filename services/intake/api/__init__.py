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
    first_days,
    invited,
    nevers,
    people,
    release_lists,
    ways_in,
)

PARTS = (
    accounts,
    agencies,
    covers,
    people,
    ways_in,
    consents,
    erasures,
    emergencies,
    nevers,
    demands,
    release_lists,
    invited,
    first_days,
)

router = APIRouter()
for part in PARTS:
    router.include_router(part.router)
