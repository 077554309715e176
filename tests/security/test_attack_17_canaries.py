"""Attack 17: what people type is looked for in all that the network says by the way, and is nowhere.

Four services and the front in processes of their own, writing down all they can. A canary goes through every field of
every form; then logs, metrics, traces, addresses, titles, refusals, topics, tables, dead letters, the command line and
the processes themselves are searched. A form that nobody planted a canary in fails the first test.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel

from shared.contracts.topics import SERVICES
from shared.messaging.cluster import Cluster
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import Role, may_at_all
from shared.security.tokens import Tokens, actor_of
from shared.web.edge import takes
from shared.web.forms import Line
from tests.network import FreshDatabase, Network
from tests.security import burglary
from tests.security.asked import Map, Route, parameters, routes_of, the_map, with_canaries
from tests.security.canaries import PRIVATE, PUBLIC, SIGN_IN, STRANGERS, found_in, in_text, phone, words
from tests.security.heard import LEADING, Exchange, Heard
from tests.security.outputs import Collector, collecting, everything_in_topics, on_the_command_line
from tests.security.served import AT_NO_AGENCY
from tests.security.site import Site, begun, everything_is_said, fronted, running
from tests.security.telling import PERSON, READERS, ROOMS, SETBACK, Teller
from tests.security.test_attack_16_markup_in_words import Found

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]

PERSONS = "throughcare.person.v1"
# What only shows what is typed, and what a later version of a plan took the place of.
LET_GO = ("styleguide", "suggest", "propose")
COMMANDS = (
    "status", "dlq list", "dlq list --settled --json", "dlq show notifications 1", "dlq losses", "audit verify",
    "keys status", "partner list", f"erase {PERSON} --json",
)  # fmt: skip


@dataclass
class Told:
    """A network to which everything was told, and what it said meanwhile."""

    site: Site
    heard: Heard
    teller: Teller
    collector: Collector
    opened: str  # all that any key opens
    topics: dict[str, bytes]
    tables: bytes
    commands: str
    harmless: list[Exchange]  # with whoever came in by the second PIN

    @property
    def logs(self) -> dict[str, bytes]:
        """Of each process; what a carrier was handed lies beside them, and is the carrier's."""
        servers = [
            server.log for server in (self.site.network.postgres, self.site.network.kafka) if hasattr(server, "log")
        ]
        return {path.name: path.read_bytes() for path in (*self.site.home.glob("*.log"), *servers)}

    def secrets_in(self, content: bytes) -> set[str]:
        """Links, codes and PINs, which are as much nobody else's as words."""
        numbers = {pin for pin in self.teller.secrets if pin.isdecimal()}
        text = content.decode("utf-8", "replace")
        found = {pin for pin in numbers if re.search(rf"(?<![\w.+]){pin}(?!\w)", text)}
        return found | burglary.seen_in(content, set(self.teller.secrets) - numbers)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(
    network: Network, cluster: Cluster, shared_database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Told]:
    home = tmp_path_factory.mktemp("home")
    with collecting() as collector:
        traced = {"THROUGHCARE_OTLP": collector.address, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        async with running(network, shared_database, cluster, home, **traced) as site, fronted(site) as front:
            heard = Heard(the_map())
            async with heard.client(front) as web, Teller(site, heard, front, web) as teller:
                yield await everything_told(teller, collector)


async def everything_told(teller: Teller, collector: Collector) -> Told:
    site, heard = teller.site, teller.heard
    colleagues = await teller.everything()
    for who in (*READERS, None):
        await teller.read_all(who)
    await teller.read_all(None, colleagues[0].browser)
    before = len(heard.exchanges)
    async with heard.client(teller.front) as phone:
        await teller.read_behind_the_second(phone)
    harmless = heard.exchanges[before:]
    await sweep(teller)
    await broken(teller)
    strangers = await a_strangers_record(site)
    await everything_is_said(site)
    dsn, keys = await site.database(), site.database.keys
    async with keys.owner() as owner:
        opened = await burglary.everything_in(dsn, await burglary.keys_in(owner, site.secret))
    commands, topics, *dumps = await asyncio.gather(
        asyncio.to_thread(on_the_command_line, site, COMMANDS),
        everything_in_topics(site, (PERSONS, 0, strangers)),
        burglary.tool("pg_dump", "-d", dsn),
        burglary.tool("pg_dump", "-d", keys.url()),
    )
    return Told(site, heard, teller, collector, opened, topics, b"".join(dumps), commands, harmless)


async def sweep(teller: Teller) -> None:
    """Every route, asked by somebody whose role may, with a canary in each part of the address, query and body.

    Each time by somebody new: whoever is refused often has to wait.
    """
    for route in teller.heard.known.routes:
        if route.path.endswith(("/news", "/{path:path}")) or "sign-out" in route.path:
            continue
        for method in route.spec:
            body, query = with_canaries(route, method)
            for there in {address(route.path, real=True), address(route.path, real=False)}:
                path = str(httpx.URL(there, params=query)) if query else there
                headers = {"Accept": "application/json", **somebody(teller, route)}
                answer = await teller.web.request(method, path, json=body, headers=headers)
                assert answer.status_code != 500, (method, path, answer.text)


def somebody(teller: Teller, route: Route) -> dict[str, str]:
    action = route.entry.action or "public"
    role = next(role for role in (Role.CASE_MANAGER, Role.SUPERVISOR, *Role) if may_at_all(role, action))
    if role is Role.ANYONE:
        return {}
    agency = None if role in AT_NO_AGENCY else demo.WELCOME_ALDER
    id = PERSON if role is Role.PERSON else uuid7()
    actor = actor_of(id, role, agency, id if role is Role.PERSON else None)
    return {"Authorization": f"Bearer {Tokens(teller.site.settings).issue(actor)}"}


def address(path: str, *, real: bool) -> str:
    """With ids that are there, as far as this knows some; or with a canary in the place of each."""
    known = {"person_id": PERSON, "program_id": ROOMS, "agency_id": demo.CEDAR_HOUSE}
    if path.startswith("/caseplan/plans"):
        known["id"] = PERSON
    if path.startswith("/caseplan/setbacks"):
        known["id"] = SETBACK
    for name in parameters(path):
        path = re.sub(rf"\{{{name}(:\w+)?\}}", str(known.get(name, uuid7())) if real else words(), path)
    return path


async def broken(teller: Teller) -> None:
    """A table refuses what it is given, as none ever should: in a request, and in what a worker hears of."""
    site, soon = teller.site, "2031-01-01T00:00:00Z"
    for table in ("caseplan.words", "intake.person", "notifications.person"):
        await site.admin(f"ALTER TABLE {table} ADD CONSTRAINT broken CHECK (false) NOT VALID")
    try:
        promise = {"person": str(PERSON), "words": f"I will {words()}", "due": soon}
        assert (await teller.ask(demo.DANA, "/caseplan/promises", promise)).status_code == 500
        person = {"name": words(), "way": "sms", "contact": phone(), "words": words()}
        assert (await teller.ask(demo.DANA, "/intake/people", person)).status_code == 500
        assert (await teller.fill("/intake/people", person, demo.DANA)).status_code == 500
        await site.admin("ALTER TABLE intake.person DROP CONSTRAINT broken")
        await teller.say(demo.DANA, "/intake/people", person)
        await site.until_done("SELECT EXISTS (SELECT FROM notifications.dead_letter)")
    finally:
        for table in ("caseplan.words", "intake.person", "notifications.person"):
            await site.admin(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS broken")


async def a_strangers_record(site: Site) -> int:
    """Somebody with the administrator's rights writes what no service of ours would; where it stands in partition 0."""
    value = json.dumps({"name": words(STRANGERS)}).encode()
    headers = [("ce_type", words(STRANGERS).encode()), (words(STRANGERS), words(STRANGERS).encode()), ("ce_id", b"7")]
    access = site.administrator
    producer = AIOKafkaProducer(
        bootstrap_servers=access.kafka, security_protocol=access.kafka_security, sasl_mechanism=access.kafka_mechanism,
        sasl_plain_username=access.kafka_user, sasl_plain_password=access.kafka_password.get_secret_value(),
    )  # fmt: skip
    await producer.start()
    try:
        sent = await producer.send_and_wait(PERSONS, value, words(STRANGERS).encode(), 0, headers=headers)
    finally:
        await producer.stop()
    await site.until_done(
        "SELECT EXISTS (SELECT FROM caseplan.dead_letter WHERE kafka_offset = $1 AND partition = 0)", sent.offset
    )
    return int(sent.offset)


# What is searched


async def test_every_field_of_text_of_every_form_was_given_a_canary(told: Told):
    fields = told.heard.known.fields() | told.heard.pages.keys()
    missing = fields - told.heard.taken()
    assert not missing, f"tests/security/telling.py plants none in {sorted(missing)}"
    assert len(fields) > 100
    assert {path for path, _ in told.heard.pages} > {"/intake/start", "/caseplan/plans/{id}/edit", "/intake/me/pin"}


async def test_a_new_form_is_missed_until_somebody_plants_a_canary_in_it(told: Told):
    class New(BaseModel):
        words: Line

    app = FastAPI()

    @app.post("/intake/new", openapi_extra=takes(New))
    async def new(request: Request, actor: Annotated[Actor, Depends(allow("public"))]) -> None: ...

    assert Map(routes_of("intake", app)).fields() - told.heard.taken() == {("/intake/new", "words")}


async def test_what_was_taken_is_kept_and_whoever_has_the_keys_reads_it(told: Told):
    """Else nothing was planted where it could have leaked from."""
    for route, canaries in told.heard.canaries("/caseplan/", "/intake/start", "/intake/people").items():
        name = route.rpartition(" ")[2]
        if name not in {*LEADING, "q"} and not any(word in route for word in LET_GO):
            assert any(canary in told.opened for canary in canaries), route


async def test_no_log_of_any_process_says_what_somebody_told(told: Told):
    assert {f"{service}.log" for service in (*SERVICES, "front")} <= told.logs.keys()
    for name, log in told.logs.items():
        assert found_in(log) == [], name
        assert told.secrets_in(log) == set(), name
    assert b"request.broke" in told.logs["caseplan.log"], "what broke was written down"
    assert b"can't be applied" in told.logs["notifications.log"]


async def test_a_log_that_did_would_be_found(told: Told):
    """The control: the services' own logger, given a canary on purpose, in a log of theirs."""
    leak = "from shared.runtime.logs import start_logs as s; import structlog as l; s('intake', 'debug'); "
    leak += f"l.get_logger().info('asked by {words()}'); l.get_logger().info('so', reason='{told.teller.secrets[-1]}')"
    with (told.site.home / "leaking.log").open("wb") as log:
        assert begun([sys.executable, "-c", leak], dict(os.environ), log).wait(30) == 0
    try:
        with pytest.raises(AssertionError, match=r"leaking\.log"):
            await test_no_log_of_any_process_says_what_somebody_told(told)
        assert told.secrets_in(told.logs["leaking.log"]) == {told.teller.secrets[-1]}
    finally:
        (told.site.home / "leaking.log").unlink()


async def test_a_text_says_nothing_that_whoever_holds_the_phone_should_not_read(told: Told):
    await told.site.until_done("SELECT EXISTS (SELECT FROM notifications.message WHERE state = 'sent')")
    letters = [json.loads(path.read_bytes()) for path in told.site.home.glob("outbox/sms/*.json")]
    assert letters and all(in_text(letter.pop("to")) for letter in letters), "each goes to a number"
    assert found_in(json.dumps(letters).encode()) == []


async def test_metrics_count_and_name_nobody(told: Told):
    for service, client in told.site.clients.items():
        content = (await client.get("/metrics")).content
        assert b"throughcare" in content, service
        assert found_in(content) == [] and told.secrets_in(content) == set(), service


async def test_traces_name_routes_and_topics_alone(told: Told):
    content = b"\n".join(told.collector.taken)
    assert b"POST /caseplan/promises" in content and b"publish" in content, "there are traces"
    assert b"/caseplan/setbacks/{id}/reflect" in content
    assert found_in(content) == [] and told.secrets_in(content) == set()


async def test_no_header_title_address_or_refusal_says_it_again(told: Told):
    assert len(told.heard.exchanges) > 500
    wrong = [(one.route, one.address, one.status, one.told) for one in told.heard.exchanges if one.told]
    assert wrong == []
    passwords = {"password", "code", "pin", "now", "new", "again", "word", "second", "second_again"}
    typed = [(one, one.sent[name]) for one in told.heard.exchanges for name in passwords & one.sent.keys()]
    door = [(one.route, one.sent) for one, canary in typed if "session" not in one.route and canary in one.text]
    assert not door, f"a secret is not even given back to be mended: {door}"


async def test_and_attack_16_nothing_of_it_lives_on_any_page_that_anybody_read(told: Told):
    """Each canary has markup, htmx attributes and template code with it, in every form that there is."""
    pages = [one for one in told.heard.exchanges if one.is_page and not in_text(one.address)]
    assert [(one.route, found.alive) for one in pages if (found := Found(one.text)).alive] == []
    shown = {one.route for one in pages if "canary-tag" in one.text}
    assert {"/caseplan/today", "/intake/people", "/intake/accounts", "/intake/covers", "/intake/directory"} <= shown
    assert not [one.route for one in pages if "canary-tag" in one.text and "{{ 7 * 7 }}" not in one.text]


@pytest.mark.parametrize(
    "said",
    [
        {"headers": [("location", "/intake/people?q={}")]},
        {"text": "<title>{}</title>", "is_page": True},
        {"text": "<a href='/intake/people/{}'>Their page</a>", "is_page": True},
        {"text": "<p>{} is too long</p>", "is_page": True, "status": 422},
        {"text": '{{"detail": "“{}” is no way"}}', "status": 422},
    ],
)
def test_an_answer_that_did_would_be_found(said: dict[str, Any]):
    canary = words()
    filled = json.loads(json.dumps(said).replace("{}", canary))
    more = {"headers": [tuple(one) for one in filled.pop("headers", [])], "text": "", "status": 303, "is_page": False}
    assert Exchange("/intake/people", "/intake/people", {"name": canary}, **(more | filled)).told != []
    kept = f'<form><input name="name" value="{canary}"><textarea>{canary}</textarea></form>'
    assert Exchange("/intake/people", "/intake/people", {"name": canary}, 422, [], kept, True).told == []


async def test_behind_the_second_pin_nothing_of_it_is_shown_but_their_name(told: Told):
    pages = [one for one in told.harmless if one.is_page and one.status == 200]
    assert {one.route for one in pages} >= {"/caseplan/me", "/intake/me/questions", "/intake/people/{person_id}/shared"}
    known = {*in_text(told.teller.called)}
    shown = {(one.route, canary) for one in pages for canary in in_text(one.text) if not canary.startswith(PUBLIC)}
    typed = {canary for one in told.harmless for value in one.sent.values() for canary in in_text(str(value))}
    assert {(route, canary) for route, canary in shown if canary not in known | typed} == set()


async def test_keys_headers_and_values_of_records_are_ids_codes_and_seals(told: Told):
    for topic, content in told.topics.items():
        allowed = {PUBLIC} if topic.split(".")[1] in ("agency", "program") else set()
        assert found_in(content, allowed) == [] and told.secrets_in(content) == set(), topic
    assert len(told.topics["throughcare.person.v1"]) > 1000 and told.topics["throughcare.notifications.dlq.v1"]
    assert found_in(told.topics["throughcare.agency.v1"]) != [], "what is public is found, so the rest would be"


async def test_audit_outbox_and_every_other_table_hold_none_of_it_in_clear(told: Told):
    assert found_in(told.tables, {PUBLIC, SIGN_IN, STRANGERS}) == []
    assert told.secrets_in(told.tables) == set()
    assert b"COPY intake.audit" in told.tables and b"COPY caseplan.outbox" in told.tables
    assert found_in(told.tables, {PRIVATE, SIGN_IN, STRANGERS}) != [], "what is public is found, so the rest would be"


async def test_a_dead_letter_says_why_and_not_what(told: Told):
    letters = "SELECT json_agg(json_build_array(reason, detail, subject, source))::text FROM {}.dead_letter"
    rows = "".join([await told.site.admin(letters.format(service)) or "" for service in SERVICES])
    assert "CheckViolationError" in rows
    assert found_in(rows.encode()) == []


async def test_the_command_line_shows_an_operator_none_of_it(told: Told):
    said = told.commands
    for command in COMMANDS:
        assert f"$ {command}" in said
    assert "CheckViolationError" in said and "rows chained" in said and "nobody foresaw" not in said, said
    assert found_in(said.encode()) == [] and told.secrets_in(said.encode()) == set()


async def test_nobody_who_lists_processes_or_statements_reads_it(told: Told):
    for process in told.site.processes:
        for name in ("cmdline", "environ"):
            content = Path(f"/proc/{process.pid}/{name}").read_bytes()
            assert content and found_in(content) == [], name
    under_way = await told.site.admin("SELECT string_agg(query, E'\\n') FROM pg_stat_activity")
    assert "SELECT" in under_way and found_in(under_way.encode()) == []
