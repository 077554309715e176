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
    entries,
    erasures,
    incidents,
    links,
    nevers,
    people,
    programs,
    ways_in,
)

PARTS = (
    accounts, agencies, programs, entries, covers, people, ways_in, consents, consent_answers, erasures, emergencies,
    nevers, demands, duplicates, links, incidents,
)  # fmt: skip

router = APIRouter()
for part in PARTS:
    router.include_router(part.router)
