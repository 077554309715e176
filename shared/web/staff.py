"""Who a worker is, as pages say it: their name, or what they do where their agency keeps names from people.

A name is opened after the transaction that read the row; while a key is missing, or an account was never heard of, what
they do stands in its place. In the demo its cast is known before it has accounts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final
from uuid import UUID

import structlog
from asyncpg import Record

from shared.runtime import database
from shared.runtime.errors import ThroughcareError
from shared.security import cast, workers
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.web.words import Lang, Words

if TYPE_CHECKING:
    from shared.process import Running

ROLES: Final[Mapping[str, Words]] = {
    Role.CASE_MANAGER: Words("A case manager", "Una persona de apoyo"),
    Role.MENTOR: Words("A mentor", "Una persona mentora"),
    Role.SUPERVISOR: Words("A team lead", "Una persona que guía al equipo"),
    Role.AGENCY_ADMIN: Words("Someone in charge", "Una persona a cargo"),
    Role.PARTNER_ENGINEER: Words("Someone who runs their computers", "Alguien que cuida sus computadoras"),
    Role.NETWORK_ADMIN: Words("Someone at the network’s office", "Alguien de la oficina de la red"),
    Role.OPS: Words("Someone who keeps this running", "Alguien que mantiene esto en marcha"),
    Role.AUDITOR: Words("Someone who checks our work", "Alguien que revisa nuestro trabajo"),
}
SOMEBODY = Words("Someone who works here", "Alguien que trabaja aquí")
AT = Words("{who} at {where}", "{who} de {where}")
REMEMBERED = 60.0  # seconds that the staff bar shows a name without asking again

log = structlog.get_logger("shared.web")


@dataclass(frozen=True, slots=True)
class Worker:
    """`name` is empty where it is not known, or not for this reader."""

    name: str = ""
    role: str = ""
    agency: str = ""
    shows_role: bool = False

    def does(self, lang: Lang = "en") -> str:
        return ROLES.get(self.role, SOMEBODY).in_lang(lang)

    def said(self, lang: Lang = "en", *, to_person: bool) -> str:
        """Their name, or what they do; where that is said beside it."""
        return self.name if self.name and not (to_person and self.shows_role) else self.does(lang)

    def introduced(self, lang: Lang, *, to_person: bool) -> str:
        """The same where nothing beside it says at which agency."""
        who = self.said(lang, to_person=to_person)
        return who if who == self.name or not self.agency else AT.in_lang(lang).format(who=who, where=self.agency)


NOT_KNOWN = Worker()


@dataclass(frozen=True, slots=True)
class Staff:
    """The workers on a page, for its reader."""

    by_id: Mapping[UUID, Worker]
    to_person: bool
    agencies: Mapping[UUID, str] = field(default_factory=dict)  # by what name those go that the page asked about

    def of(self, id: UUID | None) -> Worker:
        return self.by_id.get(id, NOT_KNOWN) if id else NOT_KNOWN

    def name(self, id: UUID | None, otherwise: str) -> str:
        """`otherwise` is for who is not known, or not to be named to this reader."""
        worker = self.of(id)
        return worker.name if worker.name and not (self.to_person and worker.shows_role) else otherwise

    def first(self, id: UUID | None, otherwise: str) -> str:
        name = self.name(id, "")
        return name.partition(" ")[0] if name else otherwise


NOBODY = Staff({}, to_person=True)


async def opened(
    here: "Running",
    actor: Actor,
    ids: Iterable[UUID | None],
    rows: Iterable[Record],
    agencies: Mapping[UUID, str] | None = None,
) -> Staff:
    """The staff of a page, from what `workers.find` read of `ids` in its transaction."""
    rows = list(rows)
    names = await _names(here, {row["id"]: row["name"] for row in rows})
    known = {id: _of_cast(id) for id in ids if id} if here.settings.demo else {}
    for row in rows:
        before = known.get(row["id"], NOT_KNOWN)
        known[row["id"]] = Worker(
            names.get(row["id"], before.name), row["role"], row["agency_name"] or before.agency, row["shows_roles"]
        )
    return Staff(known, actor.role is Role.PERSON, agencies or {})


async def known(here: "Running", actor: Actor, ids: Iterable[UUID | None]) -> Staff:
    """The same with a transaction of its own, for a page that has none open."""
    ids = [id for id in ids if id is not None]
    if not ids:
        return Staff({}, actor.role is Role.PERSON)
    with database.outages():
        async with database.transaction(here.pool) as tx:
            rows = await workers.find(tx, ids)
    return await opened(here, actor, ids, rows)


async def _names(here: "Running", sealed: dict[UUID, bytes]) -> dict[UUID, str]:
    """No page fails for the want of a name."""
    try:
        return await workers.open_names(here.keys, sealed)
    except ThroughcareError as error:
        log.warning("names of workers do not open", error=type(error).__name__, count=len(sealed))
        return {}


def _of_cast(id: UUID) -> Worker:
    account = cast.by_id(id)
    if account is None or account.role is Role.PERSON:
        return NOT_KNOWN
    return Worker(account.name, account.role, cast.agency_name(account.agency))


class Remembered:
    """Names for the staff bar, which stands on every page: asked for once a minute for each who works."""

    def __init__(self) -> None:
        self._names: dict[UUID, tuple[float, Worker]] = {}

    async def of(self, here: "Running", actor: Actor) -> Worker:
        until, worker = self._names.get(actor.id, (0.0, NOT_KNOWN))
        if monotonic() >= until:
            try:
                worker = (await known(here, actor, [actor.id])).of(actor.id)
            except ThroughcareError:
                return NOT_KNOWN  # the page itself says what does not answer
            self._names[actor.id] = (monotonic() + REMEMBERED, worker)
        return worker
