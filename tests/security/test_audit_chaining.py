"""The chainer leaves no committed row out and chains none twice, whatever happens; the anchorer tells how far it is."""

import asyncio
import json
import random
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from shared import auditing
from shared.auditing import anchor_of, announced, keep_chained
from shared.local import ports
from shared.local.passwords import Passwords
from shared.local.postgres import LocalPostgres
from shared.local.provision import Databases
from shared.messaging.relay import Relay
from shared.runtime.database import OUTAGES, pool
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security import anchors, audit
from shared.security.anchors import Signer
from shared.security.chaining import SQL, Chainer, head_of
from shared.security.keys import Compartment, open_keys
from shared.security.verifying import verify
from tests.hands import hands
from tests.integration.backups import _tool
from tests.network import FreshDatabase
from tests.security.chains import DANA, MORNING, World, give_up

pytestmark = pytest.mark.network


async def test_a_row_that_commits_late_under_a_low_number_is_chained_all_the_same(world: World):
    async with world.pool.acquire() as slow:
        late = slow.transaction()
        await late.start()
        await audit.record(slow, DANA, "plan.read", uuid4(), "plan/7", "care")
        await world.look(3)
        for _ in range(3):
            await world.chainer.run()
        assert await world.links() == [2, 3, 4]
        async with world.pool.acquire() as tx:
            assert (await head_of(tx)).settled == 0, "number 1 may still come"
        await late.commit()
    await world.chainer.run()
    assert await world.links() == [2, 3, 4, 1]
    await world.anchor()
    assert (await world.verify()).ok


async def test_a_number_that_was_handed_out_in_vain_holds_nobody_up(world: World):
    await give_up(world)
    await world.look()
    await world.chainer.run()
    async with world.pool.acquire() as tx:
        assert (await head_of(tx)).settled == 2
    assert await world.links() == [2]


async def test_numbers_are_settled_though_somebody_always_writes(world: World):
    """No moment is ever without a writer: each round's writers have ended by the next."""
    async with world.pool.acquire() as one, world.pool.acquire() as other:
        turn = one.transaction()
        await turn.start()
        await audit.record(one, DANA, "plan.read", uuid4(), "plan/7", "care")
        for connection, before in [(other, one), (one, other)] * 3:
            following = connection.transaction()
            await following.start()
            await audit.record(connection, DANA, "plan.read", uuid4(), "plan/7", "care")
            await world.chainer.run()
            await turn.commit()
            turn = following
            assert before.is_in_transaction() is False
        settled = (await head_of(other if connection is one else one)).settled
        await turn.commit()
    assert settled >= 4


async def test_of_many_writers_two_chainers_and_many_kills_no_row_is_left_out_or_chained_twice(world: World):
    chance, ended = random.Random(18), asyncio.Event()

    async def writer() -> None:
        for _ in range(40):
            with suppress(ZeroDivisionError):
                async with world.pool.acquire() as tx, tx.transaction():
                    await audit.record(tx, DANA, "plan.read", uuid4(), "plan/7", "care")
                    await tx.execute("SELECT pg_sleep($1)", chance.random() / 50)
                    await audit.record_many(tx, DANA, "person.list", [uuid4(), uuid4()], "list", "care")
                    if chance.random() < 0.2:
                        raise ZeroDivisionError

    async def chain(name: str) -> None:
        async with pool(world.settings, name, reach=SERVICE) as mine:
            chainer = Chainer(mine, "caseplan", batch=7)
            while not ended.is_set():
                with suppress(*OUTAGES):
                    await chainer.run()
                await asyncio.sleep(0)

    async def killer() -> None:
        while not ended.is_set():
            await asyncio.sleep(chance.random() / 10)
            await world.owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
                chance.choice(["chainer one", "chainer two"]),
            )

    others = [asyncio.create_task(each) for each in (chain("chainer one"), chain("chainer two"), killer())]
    await asyncio.gather(*(writer() for _ in range(6)))
    ended.set()
    await asyncio.gather(*others)
    await world.anchor()
    written = [row["number"] for row in await world.owner.fetch("SELECT number FROM audit ORDER BY number")]
    links = await world.links()
    assert sorted(links) == written
    assert len(written) < written[-1], "some numbers were given up"
    report = await world.verify()
    assert (report.ok, report.chained, report.waiting) == (True, len(written), 0), report.findings


async def test_a_batch_that_is_undone_leaves_nothing_and_is_done_again(world: World, monkeypatch):
    await world.look(5)
    execute = asyncpg.Connection.execute

    async def broken(self, query, *arguments, **options):
        if query == SQL["note_links"]:
            raise ConnectionError("gone, with all links written and nothing committed")
        return await execute(self, query, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(asyncpg.Connection, "execute", broken)
        with pytest.raises(ConnectionError):
            await world.chainer.run()
    assert await world.links() == []
    assert await Chainer(world.pool, "caseplan", batch=2).run() == 5
    assert await world.links() == [1, 2, 3, 4, 5]


async def test_a_dump_restored_elsewhere_verifies_and_is_chained_on(
    ten: World, database: FreshDatabase, tmp_path: Path
):
    """Another server counts its transactions anew; some rows were still waiting, some numbers were never used."""
    await ten.look(2)
    dump = await _tool("pg_dump", "-Fc", "-n", "caseplan", "-d", await database())
    passwords = Passwords(tmp_path / "elsewhere" / "secrets")
    server = LocalPostgres(tmp_path / "elsewhere", ports.anywhere(), passwords)
    await server.start()
    try:
        elsewhere = Databases(server.dsn, passwords)
        await elsewhere.ensure_roles()
        await elsewhere.ensure()
        to = elsewhere.url(None)
        await _tool("pg_restore", "--clean", "--if-exists", "--single-transaction", "-d", to, given=dump)
        moved = {"database": elsewhere.url("caseplan", password=False)}
        secret = passwords.of("postgres.caseplan")
        settings = Settings(**{**ten.settings.model_dump(), **moved, "database_password": secret})
        async with hands(settings) as opened:
            chainer, proofs = Chainer(opened, "caseplan"), anchors.read(anchors.file_of(settings, "caseplan")).anchors
            async with opened.acquire() as tx:
                await audit.record(tx, DANA, "plan.read", uuid4(), "plan/7", "care")
                assert await chainer.run() == 3
                report = await verify(tx, "caseplan", proofs, Signer(settings))
                assert (report.ok, report.chained, report.waiting) == (True, 13, 0), report.findings
                assert (await head_of(tx)).settled == 14
    finally:
        await server.stop()


async def test_erasing_a_person_breaks_no_link(database: FreshDatabase):
    """Rows hold ids and codes; what an erasure makes unreadable is elsewhere."""
    settings, person = Settings(**await database.settings("intake")), uuid4()
    async with open_keys(settings, "intake test") as keys, hands(settings) as opened:
        await keys.create(person, Compartment.IDENTITY)
        async with opened.acquire() as tx:
            await audit.record(tx, DANA, "person.read", person, "person", "care")
            await Chainer(opened, "intake").run()
            signer, head = Signer(settings), await head_of(tx)
            proof = signer.sign(anchor_of("intake", head, MORNING))
            await keys.erase(person, "asked")
            report = await verify(tx, "intake", [proof], signer)
    assert (report.ok, report.chained, report.agreed) == (True, 1, 1)


async def test_an_anchor_a_minute_and_none_of_nothing_new(world: World):
    at = MORNING
    assert await world.anchorer.run(at) is None, "there is nothing to anchor"
    await world.look()
    await world.chainer.run()
    first = await world.anchorer.run(at)
    await world.look()
    await world.chainer.run()
    assert await world.anchorer.run(at + timedelta(seconds=59)) is None
    second = await world.anchorer.run(at + timedelta(seconds=60))
    assert await world.anchorer.run(at + timedelta(hours=1)) is None
    assert (first.position, second.position) == (1, 2)
    assert anchors.read(anchors.file_of(world.settings, "caseplan")).anchors == [first, second]
    said = await world.pool.fetch("SELECT topic, subject, type, data FROM outbox ORDER BY position")
    assert {(row["topic"], row["subject"]) for row in said} == {("throughcare.caseplan.control.v1", "audit/caseplan")}
    assert [json.loads(row["data"])["position"] for row in said] == [1, 2]


async def test_a_clock_set_ahead_in_the_database_holds_no_anchor_up(ten: World):
    await ten.owner.execute("UPDATE audit_chaining SET anchored_at = '2100-01-01', announced = 900, filed = 900")
    assert (await ten.anchorer.run(MORNING + timedelta(days=1))).position == 10


async def test_a_folder_that_can_not_be_written_is_an_alarm_and_is_made_up_for(world: World):
    world.settings.anchors_folder.write_text("a file stands in the way")
    await world.look()
    await world.anchor()
    assert world.meters.registry.get_sample_value("throughcare_audit_anchor_not_filed") == 1
    assert await world.pool.fetchval("SELECT count(*) FROM outbox") == 1, "the topic has it"
    world.settings.anchors_folder.unlink()
    await world.anchor()
    assert world.meters.registry.get_sample_value("throughcare_audit_anchor_not_filed") == 0
    assert await world.pool.fetchval("SELECT count(*) FROM outbox") == 1, "and has it once"
    assert (await world.verify()).agreed == 1


async def test_a_worker_chains_and_anchors_by_itself_and_measures_it(world: World, monkeypatch):
    monkeypatch.setattr(auditing, "EVERY", 0.02)
    await world.look(3)
    task = asyncio.create_task(keep_chained(world.pool, world.settings, "caseplan", world.meters))
    try:
        async with asyncio.timeout(30):
            while world.meters.registry.get_sample_value("throughcare_audit_last_link_seconds") == 0:
                await asyncio.sleep(0.02)
        assert world.meters.registry.get_sample_value("throughcare_audit_unchained") == 0
        assert (await world.verify()).last.position == 3
        await world.owner.execute("REVOKE INSERT ON audit_chain FROM caseplan")
        await world.look(2)
        async with asyncio.timeout(30):
            while await world.pool.fetchval("SELECT count(*) FROM audit_chain") < 5:
                await world.owner.execute("GRANT INSERT ON audit_chain TO caseplan")
                await asyncio.sleep(0.02)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_finding_what_waits_takes_no_longer_in_a_long_chain(world: World):
    """At two hundred thousand links: along both indexes, no sort, and few rows touched."""
    await world.owner.execute(
        """INSERT INTO audit OVERRIDING SYSTEM VALUE
            SELECT n, clock(), gen_random_uuid(), 'mentor', NULL, 'plan.read', NULL, 'plan', 'care', true
              FROM generate_series(1, 200000) n;
            INSERT INTO audit_chain SELECT n, n, sha256(n::text::bytea) FROM generate_series(1, 199900) n;
            UPDATE audit_chaining SET settled = 199800;
            SELECT setval('audit_number_seq', 200000);
            ANALYZE audit, audit_chain"""
    )
    async with world.pool.acquire() as tx, tx.transaction():
        await tx.execute(SQL["keep_to_indexes"], True)
        for mode in ("force_custom_plan", "force_generic_plan"):
            await tx.execute(f"SET LOCAL plan_cache_mode = {mode}")
            told = await tx.fetch("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + SQL["unchained"], 199800, 5000)
            plan = "\n".join(line[0] for line in told)
            assert not [word for word in ("Sort", "Seq Scan", "Hash") if word in plan], plan
            assert "audit_pkey" in plan and "audit_chain_number_key" in plan, plan
            touched = [int(part.split(".")[0]) for part in plan.split("actual rows=")[1:] for part in [part.split()[0]]]
            assert max(touched) <= 200, plan


async def test_the_control_topic_brings_the_anchors_back_and_others_beside_them(ten: World, cluster):
    """Also what somebody wrote into the outbox who can't sign: that is told as forged."""
    forged = "UPDATE outbox SET data = replace(encode(data, 'escape'), '\"position\":4', '\"position\":5')::bytea"
    await ten.owner.execute(forged)
    relay = asyncio.create_task(Relay(ten.settings, "caseplan").run())
    try:
        async with asyncio.timeout(60):
            while await ten.pool.fetchval("SELECT count(*) FROM outbox"):
                await asyncio.sleep(0.05)
    finally:
        relay.cancel()
        with suppress(asyncio.CancelledError):
            await relay
    kept = anchors.read(anchors.file_of(ten.settings, "caseplan")).anchors
    said = (await announced(ten.settings, "caseplan"))[-2:]
    assert said[1] == kept[1]
    async with ten.pool.acquire() as connection:
        report = await verify(connection, "caseplan", said, Signer(ten.settings))
    assert [(found.kind, found.position) for found in report.findings] == [("forged", 5)]
    assert report.last == kept[1]
