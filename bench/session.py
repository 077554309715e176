"""`session`: requests whose token is read, believed and looked up among the fences, beside the bare signature check."""

import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.found import Plan
from bench.network import Servers
from bench.rounds import Result, interleave
from bench.watch import Lap
from shared.runtime.database import pool, transaction
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.fences import Fences, raise_fence
from shared.security.tokens import Tokens

CHECKS = 10_000  # a round
FENCES = 1_000  # sessions that ended within the last minutes: a busy morning
BARE = "Ed25519 alone, on as many bytes"


async def bench(at: Servers, plan: Plan) -> Result:
    settings, checks = at.settings("caseplan"), plan.many(CHECKS)
    tokens, actor = Tokens(settings), demo.person_actor(demo.DANA)
    some = [tokens.issue_for(actor, uuid7()) for _ in range(100)]
    key = Ed25519PrivateKey.generate()
    public, signed = key.public_key(), some[0].rpartition(".")[0].encode()
    signature = key.sign(signed)
    async with pool(settings, "bench session") as opened:
        async with transaction(opened) as tx:
            for _ in range(FENCES):
                await raise_fence(tx, uuid7())
        fences = Fences(lambda: opened)

        async def ours() -> Lap:
            watch = at.watch()
            for number in range(checks):
                await fences.check(tokens.read(some[number % len(some)]))
            return watch.stop(time.perf_counter())

        async def theirs() -> Lap:
            watch = at.watch()
            for _ in range(checks):
                public.verify(signature, signed)
            return watch.stop(time.perf_counter())

        return await interleave(
            "session", "sessions checked, one after the other", plan, checks, goal=0.5, ours=ours, limits={BARE: theirs}
        )
