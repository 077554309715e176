"""Too much, packed, or unreadable: refused early and in words, with the service alive and nothing half-written."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.intake.app import service
from services.intake.hsds.tables import NotAPackage, open_package
from services.intake.signing_in.issuer import LARGEST, Issuer, NotAnswering
from services.intake.signing_in.openid import set_out
from shared.contracts.topics import SERVICES
from shared.messaging.cluster import Cluster
from shared.process import build
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.security import demo, permissions
from shared.security.permissions import Role
from tests.integration.intake.test_bad_input import door  # noqa: F401
from tests.network import FreshDatabase, Network
from tests.security.asked import routes_of, texts_of
from tests.security.canaries import leaves, nameless
from tests.security.heard import LEADING
from tests.security.rows import ALDER, OPEN, ROW, fill
from tests.security.served import address, served
from tests.security.site import Site, fronted, running

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]

UPLOAD = 200_000_000
PIECE = b"x" * 65_536
ENOUGH = 20_000_000  # bytes that may have left us before we hear the answer: what sockets hold, several times
FLAT = 24_000  # KiB that a process may grow by, which is an eighth of what was sent
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": "form=x"}
ASKED = {  # a command of each service that reads its body
    "intake": ("/intake/start", {"Content-Type": "application/json"}),
    "caseplan": ("/caseplan/promises", {"Content-Type": "application/json"}),
    "notifications": ("/notifications/styleguide", FORM),
    "reporting": ("/reporting/styleguide", FORM),
}
CONTACT = "/intake/people/{person_id}/contact"
ASK_FIRST = {  # whose it is, before what was sent; with somebody who may, of something that is there
    CONTACT: demo.RAY,
    "/intake/people/{person_id}/first-days": demo.DANA,
    "/intake/people/{person_id}/first-days/{thing}": demo.DANA,
    "/intake/agencies/{agency_id}/edit": demo.YUSUF,
    "/intake/agencies/{agency_id}/programs": demo.YUSUF,
    "/intake/programs/{program_id}/edit": demo.YUSUF,
}
TOWER = "Ann" + "\u0301" * 60  # short enough for every field
BOMB = gzip.compress(b"[" + b"1," * 20_000_000)  # 40 KB that are 40 MB


# Uploads


@dataclass(frozen=True)
class House:
    """The services and the port before them, as processes whose memory can be looked at."""

    site: Site
    front: str

    def door(self, which: str) -> tuple[str, int]:
        """Address and process of a service, or of the front."""
        processes = dict(zip((*SERVICES, "front"), self.site.processes, strict=True))
        address = self.front if which == "front" else str(self.site.clients[which].base_url)
        return address.rstrip("/"), processes[which].pid

    def headers(self, more: dict[str, str]) -> dict[str, str]:
        return {**more, "Authorization": f"Bearer {demo.token(self.site.settings, demo.DANA)}"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(
    network: Network, cluster: Cluster, shared_database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    home = tmp_path_factory.mktemp("home")
    async with running(network, shared_database, cluster, home, THROUGHCARE_ROLES="api") as site, fronted(site) as at:
        yield House(site, at)


def peak(pid: int) -> int:
    """The most memory that a process ever held, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


async def pour(url: str, path: str, headers: dict[str, str], *, stated: bool) -> tuple[bytes, int]:
    """Send 200 MB whatever is answered; the answer, and how much had left when it came."""
    at = httpx.URL(url)
    reader, writer = await asyncio.open_connection(at.host, at.port)
    length = {"Content-Length": str(UPLOAD)} if stated else {"Transfer-Encoding": "chunked"}
    lines = {"Host": f"{at.host}:{at.port}", "Accept": "application/json", **headers, **length}
    told = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "", ""]
    writer.write("\r\n".join(told).encode())
    answer, sent, heard_at = asyncio.ensure_future(_answer(reader)), 0, None
    try:
        while sent < UPLOAD:
            writer.write(PIECE if stated else b"10000\r\n" + PIECE + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0)
            sent += len(PIECE)
            heard_at = sent if heard_at is None and answer.done() else heard_at
    except ConnectionError:
        pass  # it does not want the rest
    try:
        return await asyncio.wait_for(answer, 20), heard_at or sent
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    size = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
    return head + await reader.readexactly(int(size or 0))


async def rows(site: Site) -> list[int]:
    return [await site.admin(f"SELECT count(*) FROM {table}") for table in ("intake.person", "caseplan.aggregate")]  # noqa: S608


@pytest.mark.parametrize("stated", [True, False], ids=["stated", "chunked"])
@pytest.mark.parametrize("which", ["front", *SERVICES])
async def test_200_megabytes_are_refused_before_they_are_read(house: House, which: str, stated: bool):
    url, pid = house.door(which)
    path, media = ASKED["intake" if which == "front" else which]
    before, memory = await rows(house.site), peak(pid)
    answer, sent = await pour(url, path, house.headers(media), stated=stated)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 "), head
    assert "Make it shorter" in json.loads(body)["detail"]
    assert sent < ENOUGH
    assert peak(pid) - memory < FLAT
    assert await rows(house.site) == before
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("which", ["front", *SERVICES])
async def test_what_comes_packed_is_not_unpacked(house: House, which: str):
    url, pid = house.door(which)
    path, media = ASKED["intake" if which == "front" else which]
    memory = peak(pid)
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        for coding in ("gzip", "deflate, gzip", "br", "zstd", "x"):
            headers = {**house.headers(media), "Content-Encoding": coding, "Accept": "application/json"}
            answer = await client.post(path, content=BOMB, headers=headers)
            assert (answer.status_code, "without Content-Encoding" in answer.json()["detail"]) == (415, True)
    assert peak(pid) - memory < FLAT


async def test_a_browser_reads_what_to_do_in_its_own_language(house: House):
    headers = {"Accept": "text/html", "Accept-Language": "es", "Content-Type": "text/plain"}
    async with httpx.AsyncClient(base_url=house.front, trust_env=False) as client:
        page = await client.post("/intake/start", content=b"x" * 2_000_000, headers=headers)
    assert page.status_code == 413
    assert page.headers["content-type"].startswith("text/html")
    assert "Hágalo más corto" in page.text and "<title>Es demasiado de una vez" in page.text


# Letters


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(network: Network) -> AsyncIterator[FreshDatabase]:
    fresh = FreshDatabase(network)
    await fill(await fresh(), {*OPEN, "event_archive_other"})
    yield fresh
    await fresh.drop()


@pytest.mark.parametrize("service", ["intake", "caseplan"])
async def test_no_field_takes_more_marks_on_a_letter_than_anybody_could_read(filled, service):
    """Every field of text of every route, as the route describes it; so a new one is looked at too."""
    seen, wrong = 0, []
    async with served(filled, service) as here:
        for route in routes_of(service, here.app):
            for method in route.spec:
                body, texts = texts_of(route, method, TOWER)
                texts -= {*LEADING, "q"}
                if not texts or route.path in ASK_FIRST:
                    continue
                answer = await here.client.request(
                    method, address(route.path, demo.RAY, ROW), json=body, headers=_who(here, route)
                )
                named = {nameless(error["field"]) for error in answer.json().get("errors", ())}
                wrong += [(route.path, name, answer.status_code) for name in texts - named]
                seen += len(texts)
    assert wrong == []
    assert seen > 10


async def test_nor_do_the_routes_that_ask_first_whose_it_is(door):  # noqa: F811
    program, first_days = uuid7(), f"/intake/people/{demo.RAY}/first-days"
    entry = {"agency": str(demo.CEDAR_HOUSE), "name": "Rooms", "needs": ["housing"]}
    assert (await door.send("PUT", f"/intake/programs/{program}", entry, demo.RUTH)).status_code == 201
    assert (await door.send("PUT", first_days, {"day": str(date.today())}, demo.DANA)).status_code < 300
    ids = {"person_id": demo.RAY, "agency_id": demo.CEDAR_HOUSE, "program_id": program, "thing": "ride"}
    seen = 0
    for route in routes_of("intake", build(service(door.settings), door.settings)):
        for method in route.spec if route.path in ASK_FIRST else ():
            body, texts = texts_of(route, method, TOWER)
            if not texts:
                continue
            answer = await door.send(method, route.path.format(**ids), body, ASK_FIRST[route.path])
            named = {nameless(error["field"]) for error in answer.json().get("errors", ())}
            assert texts - {*LEADING, "q"} <= named, (route.path, answer.text)
            seen += 1
    assert seen == len(ASK_FIRST)


def _who(here: Any, route: Any) -> dict[str, str]:
    if "{person_id}" in route.path:
        return here.as_(Role.PERSON, id=demo.RAY)
    action = route.entry.action or "public"
    role = next(role for role in (Role.CASE_MANAGER, *Role) if permissions.may_at_all(role, action))
    return here.as_(role, ALDER, id=demo.RAY if role is Role.PERSON else None)


@pytest.mark.parametrize(
    ("speaks", "told"), [("en", "too many accents on one letter"), ("es", "demasiados acentos en una letra")]
)
async def test_whoever_asks_for_help_reads_how_to_type_their_name(door, speaks, told):  # noqa: F811
    before = await door.pool.fetchval("SELECT count(*) FROM person")
    door.client.headers["Accept-Language"] = speaks
    try:
        for field in ("name", "words", "contact"):
            page = await door.fill("/intake/start", {"name": "Ann", field: TOWER})
            assert (page.status_code, told in page.text) == (422, True), field
            assert TOWER in page.text, "what was typed is kept"
        assert (await door.fill("/intake/start", {"name": "Zoë Nguyễn"})).status_code == 303
    finally:
        del door.client.headers["Accept-Language"]
    assert await door.pool.fetchval("SELECT count(*) FROM person") == before + 1


@pytest.mark.parametrize("marks", [31, 60, 10_000])
async def test_a_name_or_number_of_marks_alone_is_refused_and_nothing_is_written(door, marks):  # noqa: F811
    name = "Ann" + "\u0301" * marks
    before = await door.pool.fetchval("SELECT count(*) FROM person")
    for method, path, field in (
        ("POST", "/intake/people", "name"),
        ("POST", "/intake/start", "name"),
        ("PUT", CONTACT.format(person_id=demo.RAY), "contact"),
    ):
        answer = await door.send(method, path, {field: name}, demo.RAY if method == "PUT" else demo.DANA)
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await door.pool.fetchval("SELECT count(*) FROM person") == before


async def test_a_file_where_words_belong_is_refused_and_kept_nowhere(door):  # noqa: F811
    door.client.cookies.clear()  # a browser without any needs no token
    for accept in ("text/html", "application/json"):
        sent = await door.client.post(
            "/intake/start", files={"name": ("name.txt", b"Ann", "text/plain")}, headers={"Accept": accept}
        )
        assert (sent.status_code, "no files" in sent.text) == (400, True)
    for body in (b"", b"--x--", b"--x\r\n" * 2000):
        door.client.cookies.clear()
        media = {"Content-Type": "multipart/form-data; boundary=x", "Accept": "application/json"}
        assert (await door.client.post("/intake/start", content=body, headers=media)).status_code in (400, 422)


# What is unpacked


async def test_an_issuer_whose_answer_is_packed_is_not_believed_and_not_unpacked():
    """Packed twice, 200 bytes are ten megabytes: whoever unpacks before looking has them in memory."""
    twice = gzip.compress(gzip.compress(b'{"issuer":"' + b"x" * 10 * LARGEST))
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: {len(twice)}\r\n\r\n"
        writer.write(head.encode() + twice)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        issuer = Issuer(Settings(demo=True, oidc_issuer=address, oidc_client_id="us"))
        with pytest.raises(NotAnswering):
            await issuer.way_to(set_out(address, "us"))
    assert b"accept-encoding: identity" in asked[0].lower()


@pytest.mark.parametrize("name", ["directory.zip", "directory.json.gz", "directory.json"])
def test_a_packed_directory_is_asked_for_unpacked(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04" + BOMB if name.endswith("zip") else BOMB)
    with pytest.raises(NotAPackage, match="Unpack it"):
        open_package(path)


def test_a_directory_of_ten_thousand_brackets_or_of_more_than_fits_is_told_by_its_file(tmp_path: Path, monkeypatch):
    deep = tmp_path / "deep.json"
    deep.write_text('{"name":"x","services":[' * 5000 + "]}" * 5000, encoding="utf-8")
    with pytest.raises(NotAPackage):
        open_package(deep)
    monkeypatch.setattr("services.intake.hsds.tables.LARGEST_JSON", 1000)
    large = tmp_path / "large.json"
    large.write_text(json.dumps([{"name": "x" * 2000, "services": []}]), encoding="utf-8")
    with pytest.raises(NotAPackage, match="CSV"):
        open_package(large)


def test_every_field_of_a_body_is_found_in_it():
    """Else the test of letters would look at nothing."""
    assert dict(leaves({"a": [{"b": 1}, {"b": 1}], "c": "d"})) == {"a.#.b": 1, "c": "d"}
