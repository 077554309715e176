"""Which ID tokens are believed, and what of one browser's way fits no other."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from services.intake.known import plain
from services.intake.signing_in.openid import (
    OLD,
    SKEW,
    Journey,
    NotBelieved,
    believe,
    known_by,
    set_out,
    subject_of,
)

ISSUER, CLIENT = "https://login.cedar.example", "throughcare"
JOURNEY = set_out(ISSUER, CLIENT)
RSA = RSAKey.generate_key(2048, {"kid": "one"})
KEYS: Mapping[str, Key] = {"one": RSA}
NOW = 1_800_000_000


def said(**lies: Any) -> dict[str, Any]:
    claims = {"iss": ISSUER, "aud": CLIENT, "sub": "s", "nonce": JOURNEY.nonce, "iat": NOW, "exp": NOW + 300, **lies}
    return {name: value for name, value in claims.items() if value is not None}


def signed(claims: Mapping[str, Any], key: Key = RSA, **header: Any) -> str:
    spoken = ["RS256", "HS256", "ES256", "Ed25519"]
    return jwt.encode({"alg": "RS256", "kid": "one", **header}, dict(claims), key, algorithms=spoken)


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def refused(token: str, keys: Mapping[str, Key] = KEYS, now: float = NOW) -> str:
    with pytest.raises(NotBelieved) as error:
        believe(token, keys, JOURNEY, now)
    return error.value.reason


def test_what_the_issuer_signed_for_us_just_now_is_believed():
    assert believe(signed(said()), KEYS, JOURNEY, NOW)["sub"] == "s"
    assert believe(signed(said(aud=[CLIENT])), KEYS, JOURNEY, NOW)
    assert believe(signed(said(aud=[CLIENT, "project"], azp=CLIENT)), KEYS, JOURNEY, NOW)
    assert believe(jwt.encode({"alg": "RS256"}, said(), RSA), KEYS, JOURNEY, NOW)


@pytest.mark.parametrize(
    "key", [ECKey.generate_key("P-256", {"kid": "one"}), OKPKey.generate_key("Ed25519", {"kid": "one"})]
)
def test_issuers_may_sign_with_elliptic_curves(key):
    algorithm = "ES256" if isinstance(key, ECKey) else "Ed25519"
    assert believe(signed(said(), key, alg=algorithm), {"one": key}, JOURNEY, NOW)


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({"iss": "https://login.elsewhere.example"}, "issuer"),
        ({"iss": f"{ISSUER}/"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "another"}, "audience"),
        ({"aud": [CLIENT, "another"]}, "audience"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "audience"),
        ({"azp": "another"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": {CLIENT: 1}}, "audience"),
        ({"nonce": set_out(ISSUER, CLIENT).nonce}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": [JOURNEY.nonce]}, "nonce"),
        ({"sub": None}, "subject"),
        ({"sub": ""}, "subject"),
        ({"exp": None}, "expired"),
        ({"exp": NOW - SKEW}, "expired"),
        ({"exp": "2100"}, "expired"),
        ({"exp": True}, "expired"),
        ({"iat": None}, "expired"),
        ({"iat": NOW - OLD - 1}, "expired"),
        ({"iat": NOW + SKEW + 1, "exp": NOW + 3600}, "expired"),
        ({"nbf": NOW + SKEW + 1}, "expired"),
    ],
)
def test_a_token_that_is_wrong_in_one_place_is_not(lie, reason):
    assert refused(signed(said(**lie))) == reason


def test_neither_is_one_that_another_key_signed_or_nobody():
    stranger = RSAKey.generate_key(2048, {"kid": "one"})
    none = _base64(b'{"alg":"none","kid":"one"}')
    payload = signed(said()).split(".")
    mixed_up = _base64(b'{"alg":"HS256","kid":"one"}') + "." + payload[1]
    by_public_key = hmac.digest(RSA.as_pem(private=False), mixed_up.encode(), "sha256")
    assert refused(signed(said(), stranger)) == "signature"
    assert refused(f"{none}.{payload[1]}.") == "signature"
    assert refused(f"{mixed_up}.{_base64(by_public_key)}") == "signature"
    assert refused(signed(said(), kid="two")) == "key"
    assert refused(signed(said(), kid="../one")) == "key"
    assert refused(".".join([*payload[:2], ""])) == "signature"
    assert refused("x" * 20_000) == "form"


def test_a_key_that_a_token_brings_along_is_not_looked_at():
    stranger = RSAKey.generate_key(2048)
    assert refused(signed(said(), stranger, jwk=stranger.as_dict(private=False))) == "signature"


def test_without_a_key_id_several_keys_are_not_tried():
    both = {"one": RSA, "two": RSAKey.generate_key(2048)}
    assert refused(jwt.encode({"alg": "RS256"}, said(), RSA), both) == "key"


def test_state_nonce_and_verifier_are_one_browsers_and_one_issuers_alone():
    mine = set_out(ISSUER, CLIENT)
    others = [
        Journey(mine.secret, "https://login.other.example", CLIENT),
        Journey(mine.secret, ISSUER, "another"),
        set_out(ISSUER, CLIENT),
    ]
    for each in (mine, *others):
        assert len({each.secret, each.state, each.nonce, each.verifier, each.challenge}) == 5
    for other in others:
        assert not {mine.state, mine.nonce, mine.verifier} & {other.state, other.nonce, other.verifier}


@pytest.mark.parametrize("verified", [None, False, "true", 1])
def test_an_e_mail_that_the_issuer_has_not_looked_at_is_nobodys(verified):
    claims = {"email": "robin@cedar.example", "email_verified": verified}
    assert known_by(claims, "email") is None
    assert known_by(claims | {"email_verified": True}, "email") == "robin@cedar.example"


def test_what_somebody_is_known_by_is_compared_as_it_is_typed():
    assert plain(" Robin@Cedar.example ") == known_by({"oid": "robin@cedar.EXAMPLE"}, "oid")
    assert known_by({"oid": ["robin"]}, "oid") is None
    assert known_by({"oid": "  "}, "oid") is None


def test_the_same_name_at_two_issuers_is_two():
    assert subject_of({"iss": "a", "sub": "s"}) != subject_of({"iss": "b", "sub": "s"})
