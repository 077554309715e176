"""Contracts: the only thing that services know of each other.

Importing the package defines every event there is, so that `EVENTS` is complete for whoever reads a topic.
"""

from shared.contracts import (
    account,
    agency,
    answer,
    consent,
    control,
    deadletter,
    delivery,
    halted,
    message,
    need,
    partner,
    partner_view,
    person,
    plan,
    portrait,
    program,
    promise,
    referral,
    setback,
)

FAMILIES = (
    account,
    agency,
    answer,
    consent,
    control,
    deadletter,
    delivery,
    halted,
    message,
    need,
    partner,
    partner_view,
    person,
    plan,
    portrait,
    program,
    promise,
    referral,
    setback,
)
