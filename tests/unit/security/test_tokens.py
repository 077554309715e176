"""Tokens: what intake signed is believed, for as long as it should be, and nothing else is."""

import base64
import json
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.settings import Settings
from shared.security import demo, signing
from shared.security.identity import Actor, NotSignedIn
from shared.security.permissions import Role
from shared.security.tokens import AHEAD, LIFE, LIFE_OF_A_VOICE, Tokens

SETTINGS = Settings(demo=True, signing_secret="a secret of this test, long enough")
STRANGER = Settings(demo=True, signing_secret="another secret of this test, long")
RAY, DANA = (demo.by_id(id).actor for id in (demo.RAY, demo.DANA))
SID = UUID(int=9)


@dataclass
class Clock:
    at: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


def made_by(settings: Settings = SETTINGS) -> tuple[Tokens, Clock]:
    clock = Clock()
    return Tokens(settings, clock), clock


@pytest.fixture
def keys(tmp_path: Path) -> Settings:
    """A network outside the demo, with key files of its own; as intake has it."""
    signing.ensure(tmp_path)
    return Settings(
        signing_secret="a secret of this test, long enough", sealing_key="x" * 32,
        signing_keys=tmp_path / signing.PRIVATE, verifying_keys=tmp_path / signing.PUBLIC,
    )  # fmt: skip


@pytest.mark.parametrize("account", demo.accounts(), ids=lambda account: account.name)
def test_everybody_is_read_as_they_were_signed(account):
    tokens, clock = made_by()
    token = tokens.read(tokens.issue_for(account.actor, SID, quiet_for=20))
    assert (token.actor, token.sid) == (account.actor, SID)
    assert account.name not in token.actor.name_for_pages, "no token carries it: pages ask by the id"
    assert (token.issued, token.expires, token.seen) == (clock.at, clock.at + LIFE, clock.at - 20)


def test_a_token_tells_no_name():
    payload = made_by()[0].issue_for(RAY, SID).split(".")[1]
    text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
    assert "Ray" not in text and "Castellanos" not in text
    assert json.loads(text)["role"] == "person"


def test_a_changed_character_anywhere_is_refused():
    tokens, _ = made_by()
    token = tokens.issue_for(DANA, SID)
    for place in range(len(token) - 1):  # of the very last character, bits mean nothing
        for other in "Az-.":
            if other != token[place]:
                with pytest.raises(NotSignedIn):
                    tokens.read(token[:place] + other + token[place + 1 :])


@given(st.text(max_size=300))
def test_noise_is_refused_quietly(text):
    with pytest.raises(NotSignedIn):
        made_by()[0].read(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists, max_leaves=4))
def test_a_header_of_any_shape_is_refused_quietly(value):
    part = base64.urlsafe_b64encode(json.dumps({"alg": "Ed25519", "kid": value}).encode()).decode().rstrip("=")
    with pytest.raises(NotSignedIn):
        made_by()[0].read(f"{part}.e30.AAAA")


def test_a_token_longer_than_ours_is_not_even_looked_at():
    with pytest.raises(NotSignedIn):
        made_by()[0].read("A." * 100_000)


def test_another_networks_token_is_refused():
    with pytest.raises(NotSignedIn):
        made_by()[0].read(made_by(STRANGER)[0].issue_for(DANA, SID))


def test_a_token_lives_five_minutes_and_a_session_that_ends_sooner_gives_a_shorter_one():
    tokens, clock = made_by()
    token, short = tokens.issue_for(RAY, SID), tokens.issue_for(RAY, SID, lasts=30)
    clock.at += 29
    assert tokens.read(short).actor == RAY
    clock.at += 1
    with pytest.raises(NotSignedIn):
        tokens.read(short)
    clock.at += LIFE - 31
    assert tokens.read(token).actor == RAY
    clock.at += 1
    with pytest.raises(NotSignedIn):
        tokens.read(token)


def test_no_session_gives_a_token_that_outlives_the_five_minutes():
    tokens, clock = made_by()
    assert tokens.read(tokens.issue_for(DANA, SID, lasts=10 * LIFE)).expires == clock.at + LIFE


def test_a_voice_of_the_demo_lives_a_day_of_work():
    tokens, clock = made_by()
    voice = tokens.issue(DANA, lasts=LIFE_OF_A_VOICE)
    clock.at += LIFE_OF_A_VOICE - 1
    assert tokens.read(voice).sid is None
    clock.at += 1
    with pytest.raises(NotSignedIn):
        tokens.read(voice)


def test_a_token_from_the_future_is_refused():
    tokens, clock = made_by()
    token = tokens.issue_for(DANA, SID)
    clock.at -= AHEAD
    tokens.read(token)
    clock.at -= 1
    with pytest.raises(NotSignedIn):
        tokens.read(token)


def test_outside_the_demo_a_token_belongs_to_a_session_and_to_real_keys(keys):
    tokens, _ = made_by(keys)
    assert tokens.read(tokens.issue_for(DANA, SID)).actor == DANA
    for refused in (tokens.issue(DANA), made_by()[0].issue_for(DANA, SID)):
        with pytest.raises(NotSignedIn):
            tokens.read(refused)
    demo_here = Tokens(keys.model_copy(update={"demo": True}), Clock())
    with pytest.raises(NotSignedIn):
        tokens.read(demo_here.issue_for(DANA, SID))


def test_without_key_files_nobody_is_believed_outside_the_demo():
    bare = Settings(signing_secret="a secret of this test, long enough", sealing_key="x" * 32)
    with pytest.raises(NotSignedIn):
        Tokens(bare).read(made_by()[0].issue_for(DANA, SID))
    with pytest.raises(signing.NotASigner):
        Tokens(bare).issue_for(DANA, SID)


def test_who_verifies_can_not_sign(keys):
    reader = Tokens(keys.model_copy(update={"signing_keys": None}), Clock())
    assert reader.read(made_by(keys)[0].issue_for(DANA, SID)).actor == DANA
    with pytest.raises(signing.NotASigner, match="only intake signs"):
        reader.issue_for(DANA, SID)


def test_the_cookies_are_out_of_reach_for_scripts_and_other_sites():
    tokens, _ = made_by()
    cookie = SimpleCookie(tokens.set_cookie(tokens.session_cookie, "secret"))[tokens.session_cookie]
    assert (cookie.value, cookie["path"], cookie["samesite"]) == ("secret", "/", "Strict")
    assert cookie["httponly"]
    assert not cookie["max-age"], "closing the browser ends it"
    ended = [SimpleCookie(header) for header in tokens.end_cookies()]
    assert {name for jar in ended for name in jar} >= {tokens.cookie_name, tokens.session_cookie}
    assert all(found["max-age"] == "0" for jar in ended for found in jar.values())


def test_two_networks_on_one_machine_do_not_sign_each_other_out():
    other = Tokens(Settings(demo=True, public_url="http://127.0.0.1:8100"))
    ours, _ = made_by()
    assert (ours.cookie_name, ours.session_cookie) == ("throughcare_8000", "throughcare_8000_session")
    assert not {ours.cookie_name, ours.session_cookie} & {other.cookie_name, other.session_cookie}


def test_behind_https_the_cookies_are_bound_to_the_host_and_secure(keys):
    tokens = Tokens(keys.model_copy(update={"public_url": "https://alder.example"}))
    assert tokens.cookie_name == "__Host-throughcare"
    for header in (tokens.set_cookie(tokens.session_cookie, "secret"), *tokens.end_cookies()):
        assert header.startswith("__Host-throughcare") and header.endswith("; Secure") and "Path=/;" in header


def test_somebody_who_is_no_account_is_called_by_their_role():
    tokens, _ = made_by()
    stranger = Actor(UUID(int=77), Role.PERSON, None, UUID(int=77))
    assert tokens.read(tokens.issue(stranger)).actor.name_for_pages == "You"
    worker = replace(DANA, id=UUID(int=78))
    assert tokens.read(tokens.issue(worker)).actor.name_for_pages == "Case manager"


# By which PIN somebody came in


def opened(sid: UUID, harmless: bool) -> str:
    tokens, _ = made_by()
    return tokens.issue_for(replace(RAY, harmless=harmless), sid)


@given(st.uuids(), st.booleans())
def test_a_token_says_to_us_by_which_pin_somebody_came_in(sid, harmless):
    assert made_by()[0].read(opened(sid, harmless)).actor.harmless is harmless


@given(st.uuids())
def test_and_nobody_else_can_tell_it_from_the_other(sid):
    """Same claims, same lengths, and what differs follows from a secret and changes with the session."""
    whole, second = (claims(opened(sid, harmless)) for harmless in (False, True))
    assert list(whole) == list(second)
    assert {name for name in whole if whole[name] != second[name]} == {"view"}
    assert len(whole["view"]) == len(second["view"]) == 20
    assert len(opened(sid, False)) == len(opened(sid, True))
    assert whole["view"] != claims(opened(UUID(int=sid.int ^ 1), False))["view"]
    assert claims(Tokens(STRANGER).issue_for(RAY, sid))["view"] not in (whole["view"], second["view"])


def claims(token: str) -> dict:
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


@pytest.mark.parametrize("view", [None, "", "whole", "harmless", 0, True, "0" * 20])
def test_a_token_that_does_not_say_it_in_our_words_is_not_believed(view, monkeypatch):
    tokens, _ = made_by()
    monkeypatch.setattr(Tokens, "_view", lambda self, sid, harmless: view)
    token = tokens.issue_for(RAY, SID)
    monkeypatch.undo()
    with pytest.raises(NotSignedIn):
        tokens.read(token)


def test_of_staff_it_is_not_asked():
    tokens, _ = made_by()
    assert "view" not in claims(tokens.issue_for(DANA, SID))
    assert tokens.read(tokens.issue_for(DANA, SID)).actor.harmless is False


def test_a_token_is_as_long_at_any_moment(keys):
    moments = (1.8e9, 1.8e9 + 0.5, 1.8e9 + 0.123)
    assert len({len(Tokens(keys, lambda at=at: at).issue_for(DANA, SID)) for at in moments}) == 1
