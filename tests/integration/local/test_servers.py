"""The servers of this machine: what survives a kill, and who may do what."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import TopicAuthorizationFailedError
from confluent_kafka.admin import AdminClient, ConfigResource

from shared.contracts.topics import BY_NAME, SERVICES, TOPICS
from shared.messaging.cluster import Access, Cluster, SignInRefused
from shared.messaging.rules import Partner
from shared.runtime.errors import Permanent
from tests.network import FreshDatabase, Kafka, Network, Postgres

pytestmark = pytest.mark.network


def sign_in(access: Access) -> dict[str, object]:
    return {
        "bootstrap_servers": access.bootstrap,
        "security_protocol": access.security,
        "sasl_mechanism": access.mechanism,
        "sasl_plain_username": access.user,
        "sasl_plain_password": access.password,
    }


async def test_what_was_committed_survives_a_kill_of_the_database(postgres: Postgres, database: FreshDatabase):
    address = await database()
    connection = await asyncpg.connect(address)
    await connection.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
    await postgres.kill()
    assert postgres.pid is None
    await postgres.start()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.execute("SELECT 1")
    connection = await asyncpg.connect(address)
    assert await connection.fetchval("SELECT id FROM kept") == 7
    await connection.close()


async def test_what_was_acknowledged_survives_a_kill_of_the_broker(kafka: Kafka, network: Network, cluster: Cluster):
    before = await cluster.cluster_id()
    topic = next(t.name for t in TOPICS if t.owner == "caseplan")
    async with AIOKafkaProducer(**sign_in(network.access("caseplan")), acks="all") as producer:
        kept = await producer.send_and_wait(topic, b"kept")
    await kafka.kill()
    assert kafka.pid is None
    await kafka.start()
    consumer = AIOKafkaConsumer(topic, **sign_in(network.access("reporting")), auto_offset_reset="earliest")
    async with consumer:
        while (record := await asyncio.wait_for(consumer.getone(), 30)).value != b"kept":
            pass
    assert (record.partition, record.offset) == (kept.partition, kept.offset)
    assert await cluster.cluster_id() == before


async def test_locking_somebody_out_locks_out_nobody_else_after_a_kill(kafka: Kafka, cluster: Cluster):
    """A name whose hash in Java is 0 comes first in the map in which the broker forgets the others."""
    await cluster.ensure_user("f5a5a608", "first-password")
    await cluster.lock_out("f5a5a608")
    await kafka.kill()
    await kafka.start()
    assert set(SERVICES) <= await cluster.users()
    with pytest.raises(SignInRefused):
        await Cluster(Access(kafka.bootstrap, "f5a5a608", "first-password")).is_ready()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_and_writes_rows_of_its_own_schema_and_sees_no_other(
    database: FreshDatabase, service: str
):
    connection = await asyncpg.connect(await database(service))
    try:
        assert await connection.fetchval("SELECT current_schema()") == service
        assert await connection.fetchval("SELECT clock()") is not None
        for other in set(SERVICES) - {service}:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"TABLE {other}.outbox")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE mine (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE public.mine (id int)")
    finally:
        await connection.close()


async def test_only_the_owner_writes_a_topic(network: Network, kafka: Kafka):
    topic = next(t.name for t in TOPICS if t.owner == "intake")
    async with AIOKafkaProducer(**sign_in(network.access("intake")), enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, b"ours")
    async with AIOKafkaProducer(**sign_in(network.access("reporting"))) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(topic, b"not ours")


async def test_a_partner_sees_its_own_topics_and_no_others(cluster: Cluster, kafka: Kafka):
    await cluster.ensure_partner("hope", "first-password", bytes_per_second=1_000_000)
    await cluster.ensure_partner("hope-north", "another-password")
    try:
        theirs = Cluster(Access(kafka.bootstrap, "hope", "first-password"))
        assert await theirs.topics() == set(Partner("hope").topics)
        assert await cluster.quota("hope") == 1_000_000
        assert await cluster.quota("hope-north") is None
    finally:
        await cluster.remove_partner("hope")
        await cluster.remove_partner("hope-north")
    with pytest.raises(SignInRefused):
        await Cluster(theirs.access).is_ready()
    assert not [name for name in await cluster.topics() if name.startswith("partner.")]
    assert await cluster.acls("hope") == []
    assert await cluster.quota("hope") is None


@pytest.mark.parametrize("slug", ["", "Hope", "a.b", "-a", "a_b", "admin", "caseplan", "a" * 61, "ü"])
async def test_a_slug_that_could_mean_somebody_else_is_refused(cluster: Cluster, slug: str):
    with pytest.raises(Permanent):
        await cluster.ensure_partner(slug, "password")


async def configs(kafka: Kafka, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """What the broker says of these topics, its own defaults included."""
    asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    admin = AdminClient(kafka.access.confluent())  # referenced: a temporary one drops its own answers
    answers = admin.describe_configs(asked)
    told = {resource.name: await asyncio.wrap_future(future) for resource, future in answers.items()}
    return {name: {key: entry.value for key, entry in entries.items()} for name, entries in told.items()}


async def test_the_network_keeps_all_of_its_records_for_ever(kafka: Kafka, cluster: Cluster):
    told = await configs(kafka, (topic.name for topic in TOPICS))
    kept = {name: [told[name][key] for key in ("cleanup.policy", "retention.ms", "retention.bytes")] for name in told}
    assert kept == {topic.name: ["delete", "-1", "-1"] for topic in TOPICS}


async def test_what_a_partner_has_not_read_is_gone_after_three_days_and_its_answers_and_their_receipts_after_a_week(
    kafka: Kafka, cluster: Cluster
):
    try:
        partner = await cluster.ensure_partner("hope", "first-password")
        told = await configs(kafka, partner.topics)
    finally:
        await cluster.remove_partner("hope")
    hours = {name: int(told[name]["retention.ms"]) / 3_600_000 for name in told}
    assert hours == {name: 72 if ".referral." in name or ".setback." in name else 7 * 24 for name in partner.topics}
    assert {told[name]["cleanup.policy"] for name in told} == {"delete"}


async def test_a_limit_that_somebody_set_on_what_is_kept_is_taken_back(kafka: Kafka, cluster: Cluster):
    topic = TOPICS[0]
    narrow = {"retention.ms": "60000", "retention.bytes": "1000000", "cleanup.policy": "compact"}
    await cluster.ensure_topics([replace(topic, config=narrow)])
    assert (await configs(kafka, [topic.name]))[topic.name].items() >= narrow.items()
    await cluster.ensure_topics()
    assert (await configs(kafka, [topic.name]))[topic.name].items() >= topic.config.items()


async def test_setting_everything_up_again_changes_nothing(
    cluster: Cluster, network: Network, kafka: Kafka, database: FreshDatabase
):
    passwords = {service: network.passwords.of(f"kafka.{service}") for service in SERVICES}
    address = await database()

    async def state() -> list[object]:
        connection = await asyncpg.connect(address)
        roles = await connection.fetch("SELECT * FROM pg_roles ORDER BY rolname")
        schemas = await connection.fetch("SELECT nspname, nspowner, nspacl::text FROM pg_namespace ORDER BY nspname")
        await connection.close()
        rules = {service: set(await cluster.acls(service)) for service in SERVICES}
        return [await cluster.users(), rules, await configs(kafka, BY_NAME), roles, schemas]

    before = await state()
    assert await cluster.ensure_topics() == []
    await cluster.ensure_services(passwords)
    databases = await network.with_postgres()
    await databases.ensure_roles()
    await databases.ensure(database.name)
    await databases.migrate(database.name)
    assert await state() == before
