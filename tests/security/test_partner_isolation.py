"""Attack 7: a partner's credentials open its own streams, its own groups and its own answers, and nothing else.

The client is confluent-kafka with what `partner show` says; no line of it is ours.
"""

import asyncio
import time
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from shared.contracts.topics import TOPICS
from shared.messaging.cluster import Access, SignInRefused
from shared.messaging.cluster import Cluster as Administrator
from tests.integration.notifications.clients import consumer_of, read, said, settings_of
from tests.integration.notifications.world import open_world

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]

TOPIC_REFUSED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.UNKNOWN_TOPIC_OR_PART}
GROUP_REFUSED = {KafkaError.GROUP_AUTHORIZATION_FAILED}


def refusal_of(consumer: Consumer, seconds: float = 15) -> int:
    """The code of the first error that a consumer is told; fails if it is handed a record."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        message = consumer.poll(0.2)
        if message is not None:
            assert message.error() is not None, "it was handed a record"
            return int(message.error().code())
    raise AssertionError("it was neither refused nor handed a record")


def reads_topic(shown: dict[str, Any], topic: str) -> int:
    consumer = consumer_of(shown)
    try:
        consumer.subscribe([topic])
        return refusal_of(consumer)
    finally:
        consumer.close()


def joins_group(shown: dict[str, Any], group: str) -> int:
    consumer = consumer_of(shown, group)
    try:
        consumer.subscribe([shown["topics"]["referral"]])
        return refusal_of(consumer)
    finally:
        consumer.close()


def writes(shown: dict[str, Any], topic: str) -> int | None:
    """The code of the refusal; None if the record was taken."""
    producer = Producer(settings_of(shown, **{"message.timeout.ms": 10_000}))
    told: list[Any] = []
    producer.produce(topic, b"forged", on_delivery=lambda error, _: told.append(error))
    producer.flush(12)
    return int(told[0].code()) if told[0] else None


async def test_two_partners_read_their_own_streams_and_are_refused_everything_else(database, cluster):
    async with open_world(database, cluster) as world:
        mine, other = await world.partner(), await world.partner()
        await world.referred(mine)
        await world.referred(other)
        world.start_relay()
        await world.all_sent()
        shown, theirs = await world.desk.show(mine.slug), await world.desk.show(other.slug)
        for partner in (shown, theirs):
            for stream in ("referral", "setback"):
                assert len(said(await read(partner, stream))) == (1 if stream == "referral" else 0)
        forbidden = [*theirs["topics"].values(), *(topic.name for topic in TOPICS[:3]), "__consumer_offsets"]
        for topic in forbidden:
            assert await asyncio.to_thread(reads_topic, shown, topic) in TOPIC_REFUSED, topic
        assert await asyncio.to_thread(reads_topic, shown, shown["topics"]["answer"]) in TOPIC_REFUSED


async def test_a_partner_joins_no_group_but_its_own(database, cluster):
    async with open_world(database, cluster) as world:
        mine, other = await world.partner(slug="hope"), await world.partner(slug="hope-north")
        shown = await world.desk.show(mine.slug)
        for group in (
            f"partner.{other.slug}.desk",
            "partner.hope-north.desk",
            "throughcare.caseplan",
            "throughcare.notifications.answers",
            "anything",
        ):
            assert await asyncio.to_thread(joins_group, shown, group) in GROUP_REFUSED, group


async def test_a_partner_writes_its_answers_and_nothing_else(database, cluster):
    async with open_world(database, cluster) as world:
        mine, other = await world.partner(), await world.partner()
        shown, theirs = await world.desk.show(mine.slug), await world.desk.show(other.slug)
        assert await asyncio.to_thread(writes, shown, shown["topics"]["answer"]) is None
        own_streams = [shown["topics"][name] for name in ("referral", "setback", "receipt")]
        for topic in (*own_streams, *theirs["topics"].values(), TOPICS[0].name, "throughcare.notifications.halted.v1"):
            code = await asyncio.to_thread(writes, shown, topic)
            assert code in TOPIC_REFUSED | {KafkaError._MSG_TIMED_OUT, KafkaError._UNKNOWN_TOPIC}, topic


async def test_a_partner_sees_no_topic_but_its_own_and_administers_nothing(database, cluster):
    async with open_world(database, cluster) as world:
        mine = await world.partner()
        await world.partner()
        shown = await world.desk.show(mine.slug)
        admin = AdminClient(settings_of(shown))
        assert set((await asyncio.to_thread(admin.list_topics, timeout=10)).topics) == set(shown["topics"].values())
        made = admin.create_topics([NewTopic("partner.mine.v1", 1, 1)])["partner.mine.v1"]
        with pytest.raises(KafkaException):
            await asyncio.to_thread(made.result, 15)
        rule = AclBinding(
            ResourceType.TOPIC, "throughcare.", ResourcePatternType.PREFIXED, f"User:{mine.slug}", "*",
            AclOperation.READ, AclPermissionType.ALLOW,
        )  # fmt: skip
        with pytest.raises(KafkaException):
            await asyncio.to_thread(admin.create_acls([rule])[rule].result, 15)


async def test_a_quota_holds_each_partner(database, cluster):
    async with open_world(database, cluster) as world:
        usual, own = await world.partner(), await world.partner(quota=1_000_000)
        assert await cluster.quota(usual.slug) == world.voice.partner_quota
        assert await cluster.quota(own.slug) == 1_000_000


async def test_a_rotated_password_opens_nothing_and_a_removed_partner_is_gone(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        old = await world.desk.show(partner.slug)
        fresh = await world.desk.rotate(partner.slug)
        assert fresh != old["password"] == (old | {})["password"]
        assert (await world.desk.show(partner.slug))["password"] == fresh
        access = Access(old["bootstrap_servers"], partner.slug, old["password"])
        with pytest.raises(SignInRefused):
            await Administrator(access).is_ready()
        assert set(await Administrator(Access(access.bootstrap, partner.slug, fresh)).topics())
        await world.desk.remove(partner.slug)
        with pytest.raises(SignInRefused):
            await Administrator(Access(access.bootstrap, partner.slug, fresh)).is_ready()
        assert await cluster.acls(partner.slug) == []
        assert not [name for name in await cluster.topics() if name.startswith(f"partner.{partner.slug}.")]


async def test_no_password_stands_in_clear_in_the_database(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        password = (await world.desk.show(partner.slug))["password"]
        sealed = await world.pool.fetchval("SELECT password FROM partner WHERE slug = $1", partner.slug)
        assert password.encode() not in sealed
