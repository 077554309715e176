"""One handler says no: the same decision for a program, a browser and a part of a page."""

import json
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core._pydantic_core import list_all_errors
from starlette.requests import Request

from shared.runtime.errors import Invalid
from shared.web.accept import wants_html
from shared.web.app import BODY_LIMIT
from shared.web.mending import SENTENCES
from shared.web.problems import problem_of
from tests.unit.web.conftest import CANARY, PAGE

GOOD = {"person": str(uuid4()), "contact_way": "text", "needs": [{"kind": "food", "weeks": 2}]}


def problem(answer: httpx.Response) -> dict:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code and body["title"] and body["detail"] and body["type"]
    return body


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("conflict", 409, "urn:throughcare:problem:conflict"),
        ("not-found", 404, "urn:throughcare:problem:not-found"),
        ("not-allowed", 403, "urn:throughcare:problem:not-allowed"),
        ("invalid", 422, "urn:throughcare:problem:invalid"),
        ("permanent", 422, "urn:throughcare:problem:permanent"),
        ("retryable", 503, "about:blank"),
        ("unforeseen", 500, "about:blank"),
    ],
)
async def test_each_error_has_its_status_and_its_name(client, name: str, status: int, kind: str):
    body = problem(await client.get(f"/caseplan/errors/{name}"))
    assert (body["status"], body["type"]) == (status, kind)


async def test_a_conflict_says_what_is_offered(client):
    body = problem(await client.get("/caseplan/errors/conflict"))
    assert body["offered"] == ["reopen", "withdraw"] and body["detail"] == "The referral is closed."


async def test_what_is_not_there_is_told_in_the_same_plain_words_without_its_id(client):
    body = problem(await client.get("/caseplan/errors/not-found"))
    assert "may have stopped sharing. You did nothing wrong." in body["detail"] and "7" not in str(body["detail"])
    english = (await client.get("/caseplan/errors/not-found", headers=PAGE)).text
    assert body["detail"] in english and "referral" not in english
    spanish = (await client.get("/caseplan/errors/not-found", headers=PAGE | {"accept-language": "es-MX"})).text
    assert "Usted no hizo nada mal." in spanish and "You did nothing" not in spanish


async def test_an_invalid_command_points_to_its_field(client):
    body = problem(await client.get("/caseplan/errors/invalid"))
    assert body["field"] == "contact.way" and body["errors"][0]["pointer"] == "#/contact/way"


def test_a_header_to_mend_is_named_as_what_it_is():
    told = problem_of(Invalid("Idempotency-Key", "Use a new key."))
    assert told.errors and (told.errors[0].parameter, told.errors[0].pointer) == ("Idempotency-Key", None)


async def test_what_can_be_tried_again_says_when(client):
    answer = await client.get("/caseplan/errors/retryable")
    assert answer.headers["retry-after"] == "3" and CANARY not in answer.text


@pytest.mark.parametrize("headers", [{}, PAGE, {"hx-request": "true"}], ids=["program", "browser", "part"])
async def test_what_broke_is_told_by_number_alone(client, headers: dict):
    with structlog.testing.capture_logs() as logs:
        answer = await client.get("/caseplan/errors/unforeseen", headers=headers)
    assert answer.status_code == 500 and CANARY not in answer.text and "RuntimeError" not in answer.text
    [line] = logs
    assert line["request"] in answer.text and line["error"] == "RuntimeError" and line["route"].endswith("{name}")
    assert CANARY not in json.dumps(logs) and any(where.startswith("conftest.py:") for where in line["where"])


async def test_an_answer_that_breaks_off_ends_there_and_its_reason_stays_with_us(client):
    with structlog.testing.capture_logs() as logs, pytest.raises(ConnectionAbortedError) as cut:
        await client.get("/caseplan/stream")
    assert CANARY not in str(cut.value) and cut.value.__suppress_context__
    assert CANARY not in json.dumps(logs) and logs[0]["error"] == "RuntimeError"


async def test_a_command_names_each_field_to_mend_in_plain_words_and_points_to_it(client):
    wrong = {**GOOD, "person": "nobody", "needs": [{"kind": "car", "weeks": 2}, {"kind": "food"}], "ssn": "1"}
    body = problem(await client.post("/caseplan/referrals?limit=many", json=wrong))
    mends = {mend.get("pointer") or mend["parameter"]: mend["detail"] for mend in body["errors"]}
    assert mends == {
        "limit": "“limit” has to be a whole number.",
        "#/person": "“person” is not an id of ours.",
        "#/needs/0/kind": "“kind” has to be one of: 'housing' or 'food'.",
        "#/needs/1/weeks": "“weeks” is missing.",
        "#/ssn": "“ssn” is not known here. Leave it out.",
    }
    assert body["title"] == "Five things to mend" and body["field"] == "limit"


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.just(CANARY), lambda inner: st.lists(inner, max_size=3))
)
async def test_what_was_sent_is_never_repeated(client_for_all, value: object):
    answer = await client_for_all.post("/caseplan/referrals", json={**GOOD, "contact_way": [value], "needs": value})
    assert CANARY not in answer.text and answer.status_code == 422


@pytest.fixture(scope="session")
async def client_for_all(app) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.mark.parametrize(
    "body", ['{"person":', "", "nonsense", '{"a": NaN', "[" * 50_000, "\udcff".encode("utf-8", "surrogateescape")]
)
async def test_what_is_not_json_is_a_problem_and_nothing_worse(client, body):
    answer = await client.post("/caseplan/referrals", content=body, headers={"content-type": "application/json"})
    assert problem(answer)["status"] in (400, 422)


async def test_a_missing_page_and_a_wrong_method_are_problems_too(client):
    assert problem(await client.get("/nowhere"))["status"] == 404
    answer = await client.put("/caseplan/referrals", json=GOOD)
    assert problem(answer)["status"] == 405 and answer.headers["allow"] == "POST"


async def test_a_command_over_the_limit_is_refused_unread_by_its_stated_size_else_by_counting(client):
    large = json.dumps({**GOOD, "contact_way": "x" * BODY_LIMIT}).encode()
    read: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 50_000):
            read.append(start)
            yield large[start : start + 50_000]

    media = {"content-type": "application/json"}
    stated = {**media, "content-length": str(len(large))}
    assert problem(await client.post("/caseplan/referrals", content=pieces(), headers=stated))["status"] == 413
    assert read == []
    assert problem(await client.post("/caseplan/referrals", content=pieces(), headers=media))["status"] == 413
    assert read
    assert (await client.post("/caseplan/referrals", json=GOOD)).status_code == 201


async def test_a_packed_body_is_refused_unread(client):
    for coding, status in (("gzip", 415), ("deflate, gzip", 415), ("identity", 201), ("", 201)):
        answer = await client.post("/caseplan/referrals", json=GOOD, headers={"content-encoding": coding})
        assert answer.status_code == status
        assert status == 201 or "without Content-Encoding" in problem(answer)["detail"]


async def test_a_browser_gets_a_kind_page_without_brand_and_a_part_gets_a_notice(client):
    page = await client.get("/caseplan/errors/conflict", headers=PAGE)
    assert page.status_code == 409 and page.text.startswith("<!doctype html>") and "Throughcare" not in page.text
    assert "The referral is closed." in page.text and "reopen, withdraw" in page.text
    part = await client.get("/caseplan/errors/conflict", headers={"hx-request": "true"})
    assert part.status_code == 409 and "<html" not in part.text and 'role="alert"' in part.text


async def test_the_kind_page_speaks_the_reader_s_language(client):
    page = await client.get("/nowhere", headers={**PAGE, "accept-language": "es-MX,es;q=0.9"})
    assert '<html lang="es">' in page.text and "No encontramos esa página" in page.text


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (PAGE["accept"], True),
        ("text/html", True),
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/html;q=0.5", False),
        ("text/html;q=0, */*", False),
        ("text/*;q=0.9, application/json;q=0.8", True),
        ("text/html;q=nonsense", False),
        ("", False),
    ],
)
def test_who_asks_is_told_by_what_they_accept(accept: str, page: bool):
    scope = {"type": "http", "headers": [(b"accept", accept.encode())]}
    assert wants_html(Request(scope)) is page


def test_every_sentence_belongs_to_an_error_that_pydantic_knows_and_fits_its_facts():
    known = {error["type"]: error.get("example_context") or {} for error in list_all_errors()}
    assert set(SENTENCES) <= set(known)
    for kind, words in SENTENCES.items():
        said = words.format(field="need", **known[kind])
        assert said.endswith(".") and "{" not in said
