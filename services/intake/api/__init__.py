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
    first_days,
    incidents,
    invited,
    links,
    nevers,
    people,
    portraits,
    programs,
    reaching,
    release_lists,
    ways_in,
)

PARTS = (
    accounts, agencies, programs, entries, covers, people, portraits, reaching, ways_in, consents, consent_answers,
    erasures, emergencies, nevers, demands, duplicates, links, incidents, release_lists, invited, first_days,
)  # fmt: skip

router = APIRouter()
for part in PARTS:
    router.include_router(part.router)
