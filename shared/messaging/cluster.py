"""Kafka's own administration: topics, users, who may read and write what, and how fast.

Every `ensure_*` may be run again at any time and leaves the same state, since a lost cluster is rebuilt with them.
They return once the broker answers with the new state, so that a client may sign in right after.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from shared.contracts.topics import TOPICS, Topic, partner_topics
from shared.messaging import quotas, rules
from shared.messaging.rules import Partner
from shared.runtime.errors import Permanent, Retryable

PATIENCE = 30.0  # seconds for one request, or for its result to show
ITERATIONS = 4096  # of SCRAM; the least that Kafka accepts, and enough for secrets of 256 bits


class SignInRefused(Permanent):
    """The broker answers, but not to these credentials."""


class NotTrusted(Permanent):
    """Whatever answers can't speak TLS, or its certificate is signed by nobody we trust."""


class BrokerAway(Retryable):
    """No broker did what was asked in time."""


@dataclass(frozen=True, slots=True)
class Access:
    """An address and who signs in there; with `security` PLAINTEXT the user is not used."""

    bootstrap: str
    user: str = ""
    password: str = field(default="", repr=False)
    security: str = "SASL_PLAINTEXT"
    mechanism: str = "SCRAM-SHA-512"
    ca_file: Path | None = None

    def confluent(self) -> dict[str, Any]:
        """The settings of librdkafka's clients."""
        settings: dict[str, Any] = {"bootstrap.servers": self.bootstrap, "security.protocol": self.security}
        if self.security.startswith("SASL"):
            settings |= {"sasl.mechanism": self.mechanism, "sasl.username": self.user, "sasl.password": self.password}
        if self.ca_file:
            settings["ssl.ca.location"] = str(self.ca_file)
        return settings

    def kafka_python(self) -> dict[str, Any]:
        """The settings of kafka-python's clients."""
        settings: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap.split(","),
            "security_protocol": self.security,
            "ssl_cafile": str(self.ca_file) if self.ca_file else None,
        }
        if self.security.startswith("SASL"):
            settings |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return settings

    def environment(self) -> dict[str, str]:
        """The same as a service process reads it."""
        found = {
            "THROUGHCARE_KAFKA": self.bootstrap,
            "THROUGHCARE_KAFKA_USER": self.user,
            "THROUGHCARE_KAFKA_PASSWORD": self.password,
            "THROUGHCARE_KAFKA_SECURITY": self.security,
            "THROUGHCARE_KAFKA_MECHANISM": self.mechanism,
        }
        return found | ({"THROUGHCARE_KAFKA_CA_FILE": str(self.ca_file)} if self.ca_file else {})


class Cluster:
    """An administrator's connection. Its client stays referenced: a temporary one drops its own answers."""

    def __init__(self, access: Access, *, replication: int = 1) -> None:
        self.access = access
        self.replication = replication
        self._refused = self._doubted = False
        settings = {
            **access.confluent(),
            "error_cb": self._hear,
            "log_level": 0,  # a broker that is not up yet is no news
            "reconnect.backoff.max.ms": 500,
            "socket.timeout.ms": 10_000,
        }
        self._admin = AdminClient(settings)

    async def is_ready(self) -> bool:
        """Whether a broker lets us in and every partition has a leader. Raises SignInRefused and NotTrusted."""
        try:
            seen = await asyncio.to_thread(self._admin.list_topics, timeout=2)
        except KafkaException:
            self._admin.poll(0)  # lets `_hear` be told why
            if self._refused:
                self._refused = False
                raise SignInRefused(f"{self.access.bootstrap} refuses the user {self.access.user}") from None
            if self._doubted:
                self._doubted = False
                raise NotTrusted(f"{self.access.bootstrap} shows no certificate that we trust") from None
            return False
        leaders = [p.leader for topic in seen.topics.values() for p in topic.partitions.values()]
        return bool(seen.brokers) and all(leader >= 0 for leader in leaders)

    async def cluster_id(self) -> str:
        described = await self._one(self._admin.describe_cluster(request_timeout=PATIENCE))
        return str(described.cluster_id)

    async def topics(self) -> set[str]:
        return set((await asyncio.to_thread(self._admin.list_topics, timeout=PATIENCE)).topics)

    async def ensure_topics(self, topics: Iterable[Topic] = TOPICS, replication: int | None = None) -> list[str]:
        """Makes what is missing and sets what differs; the names made."""
        wanted = {topic.name: topic for topic in topics}
        missing = [wanted[name] for name in wanted.keys() - await self.topics()]
        copies = replication or self.replication
        if missing:
            new = [
                NewTopic(t.name, num_partitions=t.partitions, replication_factor=copies, config=dict(t.config))
                for t in missing
            ]
            futures = self._admin.create_topics(new, request_timeout=PATIENCE)
            await self._all(futures.values(), ignoring=KafkaError.TOPIC_ALREADY_EXISTS)
            await self._until(lambda: self._are_led(wanted), f"topics {sorted(t.name for t in missing)}")
        await self._ensure_configs({name: t.config for name, t in wanted.items()})
        return sorted(topic.name for topic in missing)

    async def delete_topics(self, names: Sequence[str]) -> None:
        present = list(set(names) & await self.topics())
        if present:
            futures = self._admin.delete_topics(present, request_timeout=PATIENCE)
            await self._all(futures.values(), ignoring=KafkaError.UNKNOWN_TOPIC_OR_PART)
            await self._until(lambda: self._are_absent(present), f"topics {present} to go")

    async def ensure_user(self, name: str, password: str) -> None:
        """The user `name` signs in by SCRAM-SHA-512 with `password`, whatever it was before."""
        await self.ensure_users({name: password})

    async def ensure_users(self, passwords: Mapping[str, str]) -> None:
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
        changes: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(name, credential, word.encode()) for name, word in passwords.items()
        ]
        await self._all(self._admin.alter_user_scram_credentials(changes, request_timeout=PATIENCE).values())
        await self._until(lambda: self._have_users(passwords), f"users {sorted(passwords)}")

    async def lock_out(self, name: str) -> None:
        """Nobody signs in as `name` any more; connections that stand end with their access rules.

        Its password becomes one that nobody knows, since no user is ever deleted: `docs/decisions/0009`.
        """
        if await self._have_users([name]):
            await self.ensure_user(name, secrets.token_urlsafe(48))

    async def users(self) -> set[str]:
        future: Any = self._admin.describe_user_scram_credentials(
            request_timeout=PATIENCE
        )  # one, when no name is given
        return set(await self._one(future))

    async def ensure_services(self, passwords: Mapping[str, str]) -> None:
        """A user and its rules for each service; `passwords` by service."""
        await self.ensure_users(passwords)
        await self._ensure_acls({service: rules.of_service(service) for service in passwords})

    async def ensure_partner(self, slug: str, password: str, *, bytes_per_second: int | None = None) -> Partner:
        """Topics, user, rules and quota of one partner. Running it with another password rotates the password."""
        partner = rules.partner_named(slug)
        await self.ensure_topics(partner_topics(slug))
        await self._ensure_acls({slug: rules.of_partner(partner)})
        if bytes_per_second is not None:
            await self.set_quota(slug, bytes_per_second)
        await self.ensure_user(slug, password)
        return partner

    async def remove_partner(self, slug: str) -> None:
        """The partner sees and keeps nothing: locked out first, so that nobody reads while the rest goes."""
        partner = rules.partner_named(slug)
        await self.lock_out(slug)
        await self._ensure_acls({slug: []})
        await self.set_quota(slug, None)
        await self.delete_topics(partner.topics)

    async def set_quota(self, user: str, bytes_per_second: int | None) -> None:
        """How fast `user` may read, in bytes a second; None lifts the limit. Read back: no public call does this."""
        kept = await asyncio.to_thread(quotas.put, self.access.kafka_python(), user, bytes_per_second)
        if kept != bytes_per_second:
            raise BrokerAway(f"the quota of {user} reads {kept}, not {bytes_per_second}")

    async def quota(self, user: str) -> int | None:
        return await asyncio.to_thread(quotas.get, self.access.kafka_python(), user)

    async def acls(self, user: str | None = None) -> list[AclBinding]:
        """The rules that stand for `user`, or for everybody, as the broker tells them."""
        return list(await self._one(self._admin.describe_acls(rules.of_user(user), request_timeout=PATIENCE)))

    async def _ensure_acls(self, wanted: Mapping[str, Sequence[AclBinding]]) -> None:
        """Exactly these for each user: a rule that isn't wanted any more is taken away. One request for all."""
        meant = {rule for listed in wanted.values() for rule in listed}
        standing = await self._rules_of(wanted)
        missing, extra = meant - standing, standing - meant
        if missing:
            await self._all(self._admin.create_acls(list(missing), request_timeout=PATIENCE).values())
        if extra:
            await self._all(self._admin.delete_acls([rules.exactly(rule) for rule in extra]).values())
        if missing or extra:

            async def stand() -> bool:
                return await self._rules_of(wanted) == meant

            await self._until(stand, f"access rules of {sorted(wanted)}")

    async def _rules_of(self, users: Iterable[str]) -> set[AclBinding]:
        principals = {f"User:{user}" for user in users}
        one = next(iter(users)) if len(principals) == 1 else None
        return {rule for rule in await self.acls(one) if rule.principal in principals}

    async def _ensure_configs(self, wanted: Mapping[str, Mapping[str, str]]) -> None:
        resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in wanted]
        answers = self._admin.describe_configs(resources, request_timeout=PATIENCE)
        changes = []
        for resource, future in answers.items():
            standing = await self._one(future)
            entries = [
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                for key, value in wanted[resource.name].items()
                if key not in standing or standing[key].value != value
            ]
            if entries:
                changes.append(ConfigResource(ConfigResource.Type.TOPIC, resource.name, incremental_configs=entries))
        if changes:
            await self._all(self._admin.incremental_alter_configs(changes, request_timeout=PATIENCE).values())

    async def _are_led(self, names: Iterable[str]) -> bool:
        seen = (await asyncio.to_thread(self._admin.list_topics, timeout=PATIENCE)).topics
        return all(name in seen and seen[name].partitions for name in names) and all(
            partition.leader >= 0 for name in names for partition in seen[name].partitions.values()
        )

    async def _are_absent(self, names: Iterable[str]) -> bool:
        return not (set(names) & await self.topics())

    async def _have_users(self, names: Iterable[str]) -> bool:
        return set(names) <= await self.users()

    async def _until(self, check: Callable[[], Awaitable[bool]], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not await check():
            if time.monotonic() > deadline:
                raise BrokerAway(f"{self.access.bootstrap} did not show {what} within {PATIENCE:.0f} s")
            await asyncio.sleep(0.03)

    async def _all(self, futures: Iterable["Future[Any]"], ignoring: int | None = None) -> None:
        for future in futures:
            try:
                await self._one(future)
            except KafkaException as error:
                if error.args[0].code() != ignoring:
                    raise

    async def _one(self, future: "Future[Any]") -> Any:
        return await asyncio.wait_for(asyncio.wrap_future(future), PATIENCE + 5)

    def _hear(self, error: KafkaError) -> None:
        if error.code() == KafkaError._AUTHENTICATION:
            self._refused = True
        if error.code() == KafkaError._SSL:
            self._doubted = True
