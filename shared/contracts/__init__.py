"""Contracts: the only thing that services know of each other.

Importing the package defines every event there is, so that `EVENTS` is complete for whoever reads a topic.
"""

from importlib import import_module
from importlib.util import find_spec

FAMILIES = (
    "agency",
    "answer",
    "consent",
    "control",
    "deadletter",
    "halted",
    "message",
    "partner",
    "partner_view",
    "person",
    "plan",
    "program",
    "promise",
    "referral",
    "setback",
)

for _family in FAMILIES:
    if find_spec(f"{__name__}.{_family}"):
        import_module(f"{__name__}.{_family}")
