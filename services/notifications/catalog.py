"""The event catalog: what stands on a partner's topics, from the contracts themselves."""

from typing import Any

from shared.contracts.documents.asyncapi import events_on
from shared.contracts.documents.samples import record_of, sample_of
from shared.contracts.documents.schemas import inlined, schema_of
from shared.contracts.partner_view import REDISCLOSURE
from shared.contracts.topics import PARTNER_TOPICS


def catalog() -> dict[str, Any]:
    """Topics with their event types, schemas and samples; the same on every machine."""
    return {
        "notice": REDISCLOSURE,
        "topics": [
            {
                "topic": topic.name,
                "says": topic.says,
                "events": [
                    {
                        "type": kind.type,
                        "says": " ".join((kind.__dict__.get("__doc__") or "").split()),
                        "schema": inlined(schema_of(kind)),
                        "sample": record_of(sample_of(kind)).decode(),
                    }
                    for kind in events_on(topic)
                ],
            }
            for topic in PARTNER_TOPICS
        ],
    }
