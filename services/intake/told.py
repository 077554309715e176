"""Consents and erasures as programs are told of them."""

from datetime import date, datetime
from typing import Any

from services.intake.consents import last_day
from services.intake.store.consents import Row
from services.intake.store.erasures import Row as Erasing


def consent_json(row: Row) -> dict[str, Any]:
    """A consent with its phases. `given`: how the last word came. `readable_until`: until when a partner can read what
    had been written before."""
    consent, terms = row.consent, row.consent.terms
    return {
        "id": str(consent.id),
        "person": str(consent.person),
        "stage": consent.stage.value,
        "given": consent.given,
        "discloser": str(terms.discloser),
        "recipient": str(terms.recipient),
        "categories": sorted(terms.categories),
        "purpose": terms.purpose,
        "setback": str(terms.setback) if terms.setback else None,
        "confirmed": consent.confirmed,
        "confirm_by": _iso(consent.confirm_by),
        "expires_on": _iso(terms.expires_on),
        "last_day": _iso(last_day(consent)),
        "revoked_at": _iso(row.revoked_at),
        "in_effect_at": _iso(row.in_effect_at),
        "readable_until": _iso(row.readable_until),
    }


def erasure_json(row: Erasing) -> dict[str, Any]:
    """How far it is, without a word about how a human knew them."""
    erasure = row.erasure
    return {
        "person": str(erasure.person),
        "stage": erasure.stage.value,
        "asked_at": _iso(row.asked_at),
        "due": _iso(erasure.due),
        "kept_until": _iso(erasure.kept_until),
        "forgotten": sorted(erasure.forgotten),
        "erased_at": _iso(row.erased_at),
        "done_at": _iso(row.done_at),
    }


def _iso(moment: date | datetime | None) -> str | None:
    return moment.isoformat() if moment else None
