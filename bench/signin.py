"""`signin`: people of the staff who sign in, beside argon2id alone; and what a request pays to be believed.

Nearly all of a sign-in is the password's hash, which is slow on purpose; what stands around it must not be.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from bench.found import Plan
from bench.network import Servers
from bench.rounds import Result, interleave
from bench.watch import Lap
from services.intake.account_invitations import prepare
from services.intake.accounts import invite
from services.intake.app import service
from services.intake.signing_in import codes
from services.intake.signing_in.passwords import AT_ONCE, Passwords
from services.intake.store import accounts as store
from shared.messaging.meters import Meters
from shared.messaging.outbox import Cause
from shared.process import Running, build
from shared.runtime.database import transaction
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE, acting
from shared.security import demo
from shared.security.keyed import keyed_pool
from shared.security.permissions import Role
from shared.security.signin import STAFF_SIGN_IN
from shared.web import forms

SIGN_INS = 40  # a round, each by an account and with a recovery code of its own
ROUNDS_MOST = 20
PASSWORD = "a long sentence of nobody"
HASHING = f"argon2id alone, with the same settings, {AT_ONCE} at a time"


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who can sign in once for each code."""

    sign_in: str
    codes: Sequence[str]


async def bench(at: Servers, plan: Plan) -> Result:
    many = plan.many(SIGN_INS)
    async with _door(at) as (app, here):
        load = _Load(at, app, here, await _accounts(here, many), await Passwords().hash(PASSWORD))
        return await interleave(
            "signin", "sign-ins of staff over HTTP, to a session", plan, many, goal=0.8, ours=load.ours,
            limits={HASHING: load.theirs},
        )  # fmt: skip


@asynccontextmanager
async def _door(at: Servers) -> AsyncIterator[tuple[httpx.AsyncClient, Running]]:
    settings = at.settings("intake", roles="api")
    async with keyed_pool(settings, "bench signin") as (pool, keys):
        app = build(service(settings), settings)
        app.state.running = here = Running(settings, pool, keys, Meters())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield client, here


async def _accounts(here: Running, many: int) -> list[Known]:
    hashed, found = await Passwords().hash(PASSWORD), []
    for _ in range(many):
        account = invite(uuid7(), None, Role.AUDITOR, f"b{uuid7().hex}")
        made = await prepare(here.keys, account.id, "Bench")
        recovery = [code for _ in range(ROUNDS_MOST // 10 + 1) for code in codes.new_recovery_codes()]
        with acting(SERVICE):
            async with transaction(here.pool) as tx:
                await store.add_account(tx, account, made.name, made.totp, made.hash, demo.RUTH, Cause())
                hashes = [codes.hash_of_recovery(one) for one in recovery]
                await store.save_accepted(tx, account, hashed, 0, hashes, Cause())
        found.append(Known(account.sign_in, recovery))
    return found


class _Load:
    def __init__(
        self, at: Servers, client: httpx.AsyncClient, here: Running, known: Sequence[Known], hashed: str
    ) -> None:
        self._at, self._client, self._here, self._known, self._hashed = at, client, here, known, hashed
        self._passwords, self._round = Passwords(), 0

    async def ours(self) -> Lap:
        sent = [self._form(one.sign_in, one.codes[self._round]) for one in self._known]
        self._round += 1
        watch, hands = self._at.watch(), asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._sign_in(hands, data) for data in sent))
        return watch.stop()

    async def theirs(self) -> Lap:
        watch, hands = self._at.watch(), asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with hands:
                assert await self._passwords.is_right(self._hashed, PASSWORD)

        await asyncio.gather(*(one() for _ in self._known))
        return watch.stop()

    def _form(self, name: str, code: str) -> dict[str, str]:
        cookie = "A" * 22
        self._client.cookies.set(forms.cookie_name(self._here.settings), cookie)
        token = forms.sign(self._here.settings, cookie)
        return {"name": name, "password": PASSWORD, "code": code, forms.TOKEN: token}

    async def _sign_in(self, hands: asyncio.Semaphore, data: dict[str, str]) -> None:
        async with hands:
            answer = await self._client.post(STAFF_SIGN_IN, data=data)
            if answer.status_code != 303:
                raise RuntimeError(f"{answer.status_code}: somebody was not let in")
