"""Topics and types: neutral names, one writer each, nothing without a home."""

import re

import pytest

from shared.contracts.documents.asyncapi import events_on
from shared.contracts.events import EVENTS, topic_of
from shared.contracts.topics import BY_NAME, LISTENS, PARTNER_TOPICS, SERVICES, TOPICS, partner_topics

TELLING = {
    "health",
    "mental",
    "substance",
    "drug",
    "alcohol",
    "sobriety",
    "recovery",
    "treatment",
    "medical",
    "clinic",
    "psychiatric",
    "hiv",
    "relapse",
    "overdose",
    "prison",
    "jail",
    "custody",
    "parole",
    "probation",
    "offence",
    "offense",
    "crime",
    "conviction",
    "violation",
    "victim",
    "court",
}
ALL = {topic.name for topic in (*TOPICS, *PARTNER_TOPICS)}


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.type)
def test_every_event_stands_on_a_topic_that_exists(kind):
    names = [topic_of(kind).format(service=service, slug="{slug}") for service in SERVICES]
    assert set(names) <= ALL


@pytest.mark.parametrize("name", [*EVENTS, *sorted(ALL)])
def test_names_of_types_and_topics_tell_nothing(name):
    assert not TELLING & set(re.split(r"[._-]", name))


@pytest.mark.parametrize("name", EVENTS)
def test_a_type_is_a_family_a_fact_in_the_past_and_a_version(name):
    assert re.fullmatch(r"(throughcare|partner)\.[a-z]+\.[a-z_]+\.v[1-9]\d*", name)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_has_one_writer_a_subject_a_key_and_events(topic):
    assert topic.owner in SERVICES
    assert topic.says and topic.subject and topic.key
    assert topic.partitions == 12
    assert topic.config["retention.ms"] == "-1"
    assert events_on(topic)


def test_only_agencies_and_programs_are_public():
    assert {topic.family for topic in TOPICS if topic.public} == {"agency", "program"}


def test_everybody_hears_only_what_exists_and_not_itself_except_for_repairs():
    for service, names in LISTENS.items():
        assert set(names) <= ALL
        own = {name for name in names if name in BY_NAME and BY_NAME[name].owner == service}
        assert all(name.endswith((".control.v1", ".halted.v1", ".dlq.v1")) for name in own), service


def test_a_partners_streams_are_its_own_and_short_lived():
    referral, setback, receipt, answer = partner_topics("k7m2q9")
    assert [topic.owner for topic in (referral, setback, receipt, answer)] == ["notifications"] * 3 + ["k7m2q9"]
    assert receipt.config == answer.config, "as long as an answer may be read again, what was said to it is known"
    for topic in (referral, setback):
        assert topic.config["retention.ms"] == str(72 * 3600 * 1000)
        assert topic.config["segment.ms"] == str(3600 * 1000)
        assert topic.partitions == 1
