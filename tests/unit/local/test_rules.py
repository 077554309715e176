"""Who may read and write what, before any broker is asked."""

import pytest
from confluent_kafka.admin import AclBinding, AclOperation, ResourcePatternType, ResourceType
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.topics import SERVICES, TOPICS
from shared.messaging import rules
from shared.messaging.rules import Partner, partner_named
from shared.runtime.errors import Permanent

slugs = st.from_regex(rules.SLUG, fullmatch=True).filter(lambda s: s not in rules.RESERVED and len(s) <= 60)


def covers(rule: AclBinding, kind: ResourceType, name: str, operation: AclOperation) -> bool:
    matches = (
        name == rule.name if rule.resource_pattern_type == ResourcePatternType.LITERAL else name.startswith(rule.name)
    )
    return rule.restype == kind and rule.operation == operation and matches


def may(found: list[AclBinding], kind: ResourceType, name: str, operation: AclOperation) -> bool:
    return any(covers(rule, kind, name, operation) for rule in found)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_has_one_writer_and_every_service_reads_it(topic):
    writers = {s for s in SERVICES if may(rules.of_service(s), ResourceType.TOPIC, topic.name, AclOperation.WRITE)}
    readers = {s for s in SERVICES if may(rules.of_service(s), ResourceType.TOPIC, topic.name, AclOperation.READ)}
    assert writers == {topic.owner}
    assert readers == set(SERVICES)


def test_a_service_commits_in_its_own_groups_only():
    for service in SERVICES:
        groups = {
            s
            for s in SERVICES
            if may(rules.of_service(service), ResourceType.GROUP, f"throughcare.{s}", AclOperation.READ)
        }
        assert groups == {service}


def test_only_notifications_speaks_to_partners():
    stream = Partner("hope").streams[0]
    speakers = {s for s in SERVICES if may(rules.of_service(s), ResourceType.TOPIC, stream, AclOperation.WRITE)}
    listeners = {s for s in SERVICES if may(rules.of_service(s), ResourceType.TOPIC, stream, AclOperation.READ)}
    assert speakers == listeners == {"notifications"}


@given(slugs, slugs)
def test_no_partner_may_anything_of_another(mine: str, theirs: str):
    if mine == theirs:
        return
    found = rules.of_partner(Partner(mine))
    other = Partner(theirs)
    for name in (*other.topics, *(topic.name for topic in TOPICS)):
        assert not any(may(found, ResourceType.TOPIC, name, operation) for operation in AclOperation)
    for group in (f"{other.group_prefix}any", f"partner.{theirs}", "throughcare.notifications"):
        assert not may(found, ResourceType.GROUP, group, AclOperation.READ)


def test_a_partner_reads_its_streams_and_receipts_and_writes_its_answers_and_nothing_else():
    partner = partner_named("hope-north")
    found = {(rule.restype.name, rule.name, rule.operation.name) for rule in rules.of_partner(partner)}
    read = {*partner.streams, partner.receipts}
    assert found == {
        *(("TOPIC", name, "READ") for name in read),
        *(("TOPIC", name, "DESCRIBE") for name in read),
        ("TOPIC", partner.answers, "WRITE"),
        ("TOPIC", partner.answers, "DESCRIBE"),
        ("GROUP", "partner.hope-north.", "READ"),
    }


@pytest.mark.parametrize(
    "slug", ["", "Hope", "a.b", "-a", "a-", "a_b", "a b", "admin", *SERVICES, "a" * 61, "ü", "a\n"]
)
def test_a_slug_that_could_mean_somebody_else_is_refused(slug: str):
    with pytest.raises(Permanent):
        partner_named(slug)
