"""Sessions: what is signed is believed, for as long as it should be, and nothing else is."""

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer

from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.identity import Actor, NotSignedIn
from shared.security.permissions import Role
from shared.security.sessions import AHEAD, LONGEST, QUIET, RENEW_AFTER, SALT, Sessions

SETTINGS = Settings(demo=True, signing_secret="a secret of this test, long enough")
STRANGER = Settings(demo=True, signing_secret="another network's secret, as long")
REAL = Settings(signing_secret="a secret of this test, long enough", sealing_key="x" * 32)
RAY = demo.person_actor(demo.RAY)
DANA = demo.person_actor(demo.DANA)


@dataclass
class Clock:
    at: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


def sessions(settings=SETTINGS) -> tuple[Sessions, Clock]:
    clock = Clock()
    return Sessions(settings, clock), clock


@pytest.mark.parametrize("account", demo.accounts(), ids=lambda a: a.name)
def test_every_demo_account_comes_back_as_itself(account):
    made, _ = sessions()
    actor = made.read(made.issue(account.actor)).actor
    assert actor == account.actor
    assert actor.name_for_pages == account.name


def test_a_token_tells_no_name():
    token = sessions()[0].issue(RAY)
    payload = token.lstrip(".").split(".")[0]
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    text = (zlib.decompress(raw) if token.startswith(".") else raw).decode()
    assert "Ray" not in text
    assert "Castellanos" not in text
    assert json.loads(text)["role"] == "person"


def test_a_changed_character_anywhere_is_refused():
    made, _ = sessions()
    token = made.issue(DANA)
    for place in range(len(token) - 1):  # of the very last character, two bits mean nothing
        for other in "ABCxyz019-_.":
            if other != token[place]:
                with pytest.raises(NotSignedIn):
                    made.read(token[:place] + other + token[place + 1 :])


@given(st.text(max_size=300))
def test_noise_is_refused_quietly(text):
    with pytest.raises(NotSignedIn):
        sessions()[0].read(text)


def test_a_token_longer_than_ours_is_not_even_hashed():
    with pytest.raises(NotSignedIn):
        sessions()[0].read("A" * 100_000)


def test_another_networks_token_is_refused():
    with pytest.raises(NotSignedIn):
        sessions()[0].read(sessions(STRANGER)[0].issue(DANA))


def test_the_parts_of_two_tokens_do_not_make_a_third():
    made, _ = sessions()
    ray, dana = made.issue(RAY), made.issue(DANA)
    swapped = dana.rsplit(".", 1)[0] + "." + ray.rsplit(".", 1)[1]
    with pytest.raises(NotSignedIn):
        made.read(swapped)


def _signed(claims: object, salt: str = SALT, kind=URLSafeSerializer) -> str:
    kwargs = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return kind("a secret of this test, long enough", salt=salt, signer_kwargs=kwargs).dumps(claims)


GOOD = {
    "id": demo.DANA.hex, "role": "case_manager", "agency": demo.WELCOME_ALDER.hex, "person": None,
    "since": 1_800_000_000, "at": 1_800_000_000, "demo": True,
}  # fmt: skip


def test_the_signed_form_is_as_described():
    assert sessions()[0].read(_signed(GOOD)).actor == DANA


@pytest.mark.parametrize(
    "change",
    [
        {"role": "god"}, {"role": "anyone"}, {"role": None}, {"id": None}, {"id": "x"}, {"id": 7}, {"agency": 3},
        {"person": demo.RAY.hex}, {"role": "person"}, {"since": "yesterday"}, {"at": None}, {"at": []},
    ],
    ids=str,
)  # fmt: skip
def test_claims_that_make_no_sense_are_refused_although_signed(change):
    with pytest.raises(NotSignedIn):
        sessions()[0].read(_signed({**GOOD, **change}))


@pytest.mark.parametrize("claims", [None, [], "dana", 7, {}])
def test_claims_of_another_shape_are_refused(claims):
    with pytest.raises(NotSignedIn):
        sessions()[0].read(_signed(claims))


def test_a_token_signed_for_another_purpose_is_refused():
    with pytest.raises(NotSignedIn):
        sessions()[0].read(_signed(GOOD, salt="throughcare.other"))
    with pytest.raises(NotSignedIn):
        sessions()[0].read(_signed(GOOD, kind=URLSafeTimedSerializer))


def test_a_demo_token_is_worth_nothing_outside_the_demo():
    token = sessions()[0].issue(DANA)
    with pytest.raises(NotSignedIn):
        sessions(REAL)[0].read(token)


def test_a_real_token_works_outside_the_demo():
    made, _ = sessions(REAL)
    assert made.read(made.issue(DANA)).actor == DANA


def test_a_persons_session_ends_after_fifteen_quiet_minutes():
    made, clock = sessions()
    token = made.issue(RAY)
    clock.at += QUIET - 1
    assert made.read(token).actor == RAY
    clock.at += 1
    with pytest.raises(NotSignedIn):
        made.read(token)


def test_a_persons_session_slides_with_what_they_do_but_not_past_twelve_hours():
    made, clock = sessions()
    token, began = made.issue(RAY), clock.at
    while clock.at < began + LONGEST - QUIET:
        clock.at += QUIET - 1
        token = made.renewed(made.read(token)) or pytest.fail("not renewed")
    clock.at = began + LONGEST
    with pytest.raises(NotSignedIn):
        made.read(token)


def test_renewing_waits_a_minute():
    made, clock = sessions()
    session = made.read(made.issue(RAY))
    assert made.renewed(session) is None
    clock.at += RENEW_AFTER
    assert made.renewed(session)


def test_a_shift_ends_after_twelve_hours_however_busy():
    made, clock = sessions()
    token = made.issue(DANA)
    clock.at += LONGEST - 1
    assert made.renewed(made.read(token)) is None
    clock.at += 1
    with pytest.raises(NotSignedIn):
        made.read(token)


def test_a_token_from_the_future_is_refused():
    made, clock = sessions()
    token = made.issue(DANA)
    clock.at -= AHEAD
    made.read(token)
    clock.at -= 1
    with pytest.raises(NotSignedIn):
        made.read(token)


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites():
    made, _ = sessions()
    cookie = SimpleCookie(made.set_cookie("token"))[made.cookie_name]
    assert (cookie.value, cookie["path"], cookie["samesite"]) == ("token", "/", "Strict")
    assert cookie["httponly"]
    assert not cookie["max-age"], "closing the browser ends it"
    assert SimpleCookie(made.end_cookie())[made.cookie_name]["max-age"] == "0"


def test_two_networks_on_one_machine_do_not_sign_each_other_out():
    other = Settings(demo=True, public_url="http://127.0.0.1:8100")
    assert Sessions(SETTINGS).cookie_name == "throughcare_8000"
    assert Sessions(other).cookie_name == "throughcare_8100"


def test_behind_https_the_cookie_is_bound_to_the_host_and_secure():
    made = Sessions(Settings(**{**REAL.model_dump(), "public_url": "https://alder.example"}))
    assert made.cookie_name == "__Host-throughcare"
    assert "Secure" in made.set_cookie("token")


def test_somebody_who_is_no_account_is_called_by_their_role():
    made, _ = sessions()
    stranger = Actor(UUID(int=77), Role.PERSON, None, UUID(int=77))
    assert made.read(made.issue(stranger)).actor.name_for_pages == "You"
    worker = replace(DANA, id=UUID(int=78))
    assert made.read(made.issue(worker)).actor.name_for_pages == "Case manager"
