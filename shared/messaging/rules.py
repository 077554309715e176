"""Who may read and write what: access rules as data, for services and for partners.

A rule set is computed, compared with what stands, and made so, so that it can't drift.
"""

import re
from dataclasses import dataclass
from typing import Any

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from shared.contracts.topics import SERVICES, TOPICS
from shared.runtime.errors import Permanent

SLUG = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
RESERVED = {"admin", *SERVICES}  # users of the network itself
STREAMS = ("referral", "setback")


@dataclass(frozen=True, slots=True)
class Partner:
    """What a partner's own Kafka client needs to know, besides its password."""

    slug: str

    @property
    def streams(self) -> tuple[str, ...]:
        return tuple(f"partner.{self.slug}.{family}.v1" for family in STREAMS)

    @property
    def answers(self) -> str:
        return f"partner.{self.slug}.answer.v1"

    @property
    def receipts(self) -> str:
        return f"partner.{self.slug}.receipt.v1"

    @property
    def topics(self) -> tuple[str, ...]:
        return (*self.streams, self.answers, self.receipts)

    @property
    def group_prefix(self) -> str:
        """With its final dot: without it `hope` would cover `hope-north`."""
        return f"partner.{self.slug}."


def partner_named(slug: str) -> Partner:
    """Raises Permanent for a slug that can't name a partner."""
    if not SLUG.fullmatch(slug) or slug in RESERVED or len(slug) > 60:
        raise Permanent(f"{slug!r} can't name a partner: small letters, digits and dashes, and no service's name")
    return Partner(slug)


def of_service(service: str) -> list[AclBinding]:
    """A service writes its own topics, reads the network's, and commits in groups of its own name."""
    topic, literal, prefix = ResourceType.TOPIC, ResourcePatternType.LITERAL, ResourcePatternType.PREFIXED
    rules = [
        _allow(service, topic, t.name, literal, operation)
        for t in TOPICS
        if t.owner == service
        for operation in (AclOperation.WRITE, AclOperation.DESCRIBE)
    ]
    rules += [
        _allow(service, topic, "throughcare.", prefix, AclOperation.READ),
        _allow(service, topic, "throughcare.", prefix, AclOperation.DESCRIBE),
        _allow(service, ResourceType.GROUP, f"throughcare.{service}", prefix, AclOperation.READ),
        _allow(service, ResourceType.BROKER, "kafka-cluster", literal, AclOperation.IDEMPOTENT_WRITE),
    ]
    if service == "notifications":  # the only one that speaks to partners, fenced by a transactional id
        rules += [
            _allow(service, ResourceType.TRANSACTIONAL_ID, "throughcare.notifications", prefix, operation)
            for operation in (AclOperation.WRITE, AclOperation.DESCRIBE)
        ]
        rules += [
            _allow(service, topic, "partner.", prefix, operation)
            for operation in (AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE)
        ]
        # how far behind a partner is, for its page; not to read in its name
        rules.append(_allow(service, ResourceType.GROUP, "partner.", prefix, AclOperation.DESCRIBE))
    return rules


def of_partner(partner: Partner) -> list[AclBinding]:
    """Its own streams and receipts to read, its own answers to write, its own groups; nothing else."""
    topic, literal = ResourceType.TOPIC, ResourcePatternType.LITERAL
    rules = [
        _allow(partner.slug, topic, name, literal, operation)
        for name in (*partner.streams, partner.receipts)
        for operation in (AclOperation.READ, AclOperation.DESCRIBE)
    ]
    rules += [
        _allow(partner.slug, topic, partner.answers, literal, operation)
        for operation in (AclOperation.WRITE, AclOperation.DESCRIBE)
    ]
    prefix = ResourcePatternType.PREFIXED
    return [*rules, _allow(partner.slug, ResourceType.GROUP, partner.group_prefix, prefix, AclOperation.READ)]


def _allow(
    user: str, kind: ResourceType, name: str, pattern: ResourcePatternType, operation: AclOperation
) -> AclBinding:
    return AclBinding(kind, name, pattern, f"User:{user}", "*", operation, AclPermissionType.ALLOW)


def exactly(rule: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        rule.restype,
        rule.name,
        rule.resource_pattern_type,
        rule.principal,
        rule.host,
        rule.operation,
        rule.permission_type,
    )


def of_user(user: str | None) -> AclBindingFilter:
    """Every rule that names `user`; with None, every rule."""
    anything: Any = None  # the library's types don't know that a filter may leave things open
    return AclBindingFilter(
        ResourceType.ANY,
        anything,
        ResourcePatternType.ANY,
        f"User:{user}" if user else anything,
        anything,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
