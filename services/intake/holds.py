"""Holds: what a law makes an agency keep of somebody, until a day. An erasure waits for them, and the person is told.

Each has an end: who needs longer sets another, and says again why.
"""

from datetime import date, timedelta

from shared.contracts.codes import Coded
from shared.runtime.errors import Invalid

LONGEST = timedelta(days=10 * 366)


class Because(Coded):
    HEALTH_RECORDS = "health_records", "A law on health records", "Such records are kept for years."
    PUBLIC_MONEY = "public_money", "A law on public money", "Who spends it shows for years what for."
    LEGAL_DEMAND = "legal_demand", "A legal demand", "Somebody demands the record; counsel decides."
    COURT_ORDER = "court_order", "A court order", "A court has ordered to keep it."


def check(until: date, today: date, told_from: date | None = None) -> None:
    """Raises Invalid for a day that holds nothing, and for a silence that outlasts what it is about."""
    if not today < until <= today + LONGEST:
        raise Invalid("until", "Choose a day after today, within ten years.")
    if told_from is not None and not today < told_from <= until:
        raise Invalid("told_from", "The person is told at the latest when the hold ends.")
