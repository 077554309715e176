"""HTTP commands and queries of intake, one module a concept: parse, authorise, call, answer."""

from fastapi import APIRouter

from services.intake.api import (
    accounts,
    agencies,
    consent_answers,
    consents,
    covers,
    demands,
    duplicates,
    emergencies,
    erasures,
    incidents,
    links,
    nevers,
    people,
    ways_in,
)

PARTS = (
    accounts, agencies, covers, people, ways_in, consents, consent_answers, erasures, emergencies, nevers, demands,
    duplicates, links, incidents,
)  # fmt: skip

router = APIRouter()
for part in PARTS:
    router.include_router(part.router)
