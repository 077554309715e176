"""The partner desk: what is decided here and what Kafka has to know of it, done together.

The database is the truth, and is changed first. Kafka is brought to it by calls that may be repeated, so an interrupted
one is mended by doing it again, and a lost cluster by `rebuild`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg import Connection, Pool

from services.notifications import partners
from services.notifications.credentials import PasswordLost, new_password, open_password, seal_password, sealed_anew
from services.notifications.database import transaction
from services.notifications.partners import Partner
from services.notifications.settings import Voice
from shared.messaging.cluster import Access, Cluster
from shared.runtime.errors import Conflict
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security import audit
from shared.security.identity import OPERATOR, Actor
from shared.security.keyed import keyed_pool

MECHANISM = "SCRAM-SHA-512"  # what partners' users are made with


class Desk:
    """`cluster` is an administrator's; `pool` is notifications' own."""

    def __init__(
        self, pool: Pool, cluster: Cluster, settings: Settings, voice: Voice | None = None, actor: Actor = OPERATOR
    ) -> None:
        self.pool = pool
        self.cluster = cluster
        self.settings = settings
        self.voice = voice or Voice()
        self.actor = actor

    async def find_agency(self, named: str) -> UUID:
        async with transaction(self.pool) as tx:
            return await partners.agency_called(tx, named)

    async def add(self, agency: UUID, *, slug: str | None = None, quota: int | None = None) -> Partner:
        """Raises NotFound for an agency that this service has not heard of, Conflict where it has a stream."""
        password, partner_id = new_password(), uuid7()
        sealed = {partner_id: seal_password(self.settings, partner_id, password)}
        limit = quota or self.voice.partner_quota
        try:
            async with transaction(self.pool) as tx:
                partner = await partners.connect(tx, self.settings, agency, slug=slug, quota=limit, sealed=sealed)
                await self._record(tx, partner.slug, "add")
        except asyncpg.UniqueViolationError:
            raise Conflict(f"{slug or 'this agency'} is in use already", ("list",)) from None
        await self.cluster.ensure_partner(partner.slug, password, bytes_per_second=limit)
        return partner

    async def rotate(self, slug: str) -> str:
        """A new password; the old one signs nobody in any more, but ends no connection that is open: a restart of Kafka
        does. Mends whatever else Kafka lacks of the partner."""
        async with transaction(self.pool) as tx:
            partner = await partners.find(tx, slug)
            password = new_password()
            await partners.rotate(tx, slug, seal_password(self.settings, partner.id, password))
            await self._record(tx, slug, "rotate")
        await self.cluster.ensure_partner(slug, password, bytes_per_second=partner.quota)
        return password

    async def remove(self, slug: str) -> None:
        async with transaction(self.pool) as tx:
            await partners.remove(tx, slug)
            await self._record(tx, slug, "remove")
        await self.cluster.remove_partner(slug)

    async def agree(self, slug: str, first: date | None, last: date) -> Partner:
        async with transaction(self.pool) as tx:
            partner = await partners.agree(tx, self.settings, slug, first, last)
            await audit.record(tx, self.actor, "partner.agree", None, f"partner/{slug}", "agreement")
            return partner

    async def _record(self, tx: Connection, slug: str, deed: str) -> None:
        await audit.record(tx, self.actor, "partner.manage", None, f"partner/{slug}", deed)

    async def test(self, slug: str) -> str:
        async with transaction(self.pool) as tx:
            await self._record(tx, slug, "test")
            return await partners.say_hello(tx, slug)

    async def all(self) -> list[dict[str, Any]]:
        async with transaction(self.pool) as tx:
            return [_line(partner) for partner in await partners.find_all(tx)]

    async def show(self, slug: str) -> dict[str, Any]:
        """All that a client needs, the password too where this machine holds it."""
        async with transaction(self.pool) as tx:
            partner = await partners.find(tx, slug)
        return connection_of(partner, self.cluster.access) | {"password": self._held(partner)}

    async def rebuild(self) -> list[str]:
        """After Kafka was lost: topics, rules, quotas and users of every partner; the slugs.

        A partner whose password is not held here has its topics and rules, and needs a new password.
        """
        async with transaction(self.pool) as tx:
            found = await partners.find_all(tx)
        for partner in found:
            password = self._held(partner) or new_password()
            await self.cluster.ensure_partner(partner.slug, password, bytes_per_second=partner.quota)
        return [partner.slug for partner in found]

    def _held(self, partner: Partner) -> str | None:
        """Its password, where this machine has it: after a restore it may be sealed with a key that has left."""
        try:
            return open_password(self.settings, partner.id, partner.password) if partner.password else None
        except PasswordLost:
            return None


async def seal_anew(network: Any) -> int:
    """Partners' passwords under the newest sealing secret; how many weren't. One changed meanwhile is left alone."""
    async with open_desk(network) as desk:
        found = await desk.pool.fetch(partners.SQL["list_passwords"])
        fresh = {row["id"]: sealed_anew(desk.settings, row["id"], row["password"]) for row in found}
        for row in found:
            if fresh[row["id"]] is not None:
                await desk.pool.execute(partners.SQL["reseal_password"], row["id"], row["password"], fresh[row["id"]])
    return sum(sealed is not None for sealed in fresh.values())


async def rebuild(cluster: Cluster, pool: Pool, settings: Settings) -> list[str]:
    """Partners' topics, users, rules and quotas in `cluster`, from the database alone; the slugs."""
    return await Desk(pool, cluster, settings).rebuild()


@asynccontextmanager
async def open_desk(network: Any) -> AsyncIterator[Desk]:
    """The desk of a network on this machine (`shared.local.network.Network`), with its administrator's rights."""
    settings = settings_of(network)
    async with keyed_pool(settings, "notifications desk", reach=SERVICE) as (pool, _):
        yield Desk(pool, network.cluster, settings)


def settings_of(network: Any) -> Settings:
    """The secrets of the network's services, as they have them."""
    return Settings(
        demo=network.settings.demo,
        public_url=network.public_url,
        home=network.home,
        signing_secret=network.passwords.of("signing"),
        sealing_key=network.sealing.read_text(encoding="utf-8"),
        sealing_key_file=network.sealing,
        kafka=network.access.bootstrap,
        database=network.databases.url("notifications", network.database),
    )


def connection_of(partner: Partner, access: Access) -> dict[str, Any]:
    """What `show` says, without the password."""
    topics = dict(zip(("referral", "setback"), partner.rules.streams, strict=True))
    topics |= {"answer": partner.rules.answers, "receipt": partner.rules.receipts}
    return {
        "slug": partner.slug,
        "agency": str(partner.agency),
        "agency_name": partner.agency_name,
        "bootstrap_servers": access.bootstrap,
        "security_protocol": access.security,
        "mechanism": MECHANISM,
        "user": partner.slug,
        "password": None,
        "topics": topics,
        "group_prefix": partner.rules.group_prefix,
        "isolation_level": "read_committed",
        "life": partner.life,
        "quota": partner.quota,
        "agreement": _agreement(partner),
    }


def _agreement(partner: Partner) -> dict[str, Any] | None:
    if partner.agreed_from is None or partner.agreed_until is None:
        return None
    return {"from": str(partner.agreed_from), "until": str(partner.agreed_until), "holds_today": partner.is_agreed}


def _line(partner: Partner) -> dict[str, Any]:
    return {
        "slug": partner.slug,
        "agency": str(partner.agency),
        "agency_name": partner.agency_name,
        "life": partner.life,
        "agreement": _agreement(partner),
        "reads": "real people" if partner.is_agreed else "synthetic people only",
    }
