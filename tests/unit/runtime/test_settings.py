"""Settings that would break a promise are refused where they are read."""

import pytest
from pydantic import ValidationError

from shared.runtime.settings import DEMO_SECRET, Settings, keeps_secrets


def test_a_relay_looks_for_events_at_least_twenty_times_a_second():
    assert Settings(demo=True, relay_idle=0.05).relay_idle == 0.05
    with pytest.raises(ValidationError, match="relay_idle"):
        Settings(demo=True, relay_idle=0.06)


def test_keys_lie_in_a_database_beside_the_others_unless_another_place_is_named(tmp_path):
    beside = Settings(demo=True, database="postgresql://intake@db:5432/alder", database_password="one")
    assert beside.key_store == ("postgresql://intake@db:5432/alder_keys", "one", None)
    apart = Settings(demo=True, keys="postgresql://intake@vault/k", keys_password="two", keys_ca_file=tmp_path / "ca")
    assert apart.key_store == ("postgresql://intake@vault/k", "two", tmp_path / "ca")


def test_the_erasure_ledger_lies_under_home_unless_another_place_is_named(tmp_path):
    assert Settings(demo=True, home=tmp_path).ledger == tmp_path / "erasures"
    assert Settings(demo=True, home=tmp_path, erasures=tmp_path / "apart").ledger == tmp_path / "apart"


ISSUER = "https://login.cedar.example/realms/staff"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"oidc_issuer": ISSUER}, "OIDC_CLIENT_ID"),
        ({"oidc_issuer": "http://login.cedar.example", "oidc_client_id": "us"}, "https"),
        ({"oidc_issuer": "login.cedar.example", "oidc_client_id": "us"}, "https"),
        ({"passwords": False}, "nobody could sign in"),
    ],
)
def test_an_issuer_is_safe_and_whole_and_somebody_can_always_sign_in(given, wrong):
    with pytest.raises(ValidationError, match=wrong):
        Settings(demo=True, **given)
    assert Settings(demo=True, oidc_issuer=ISSUER, oidc_client_id="us", passwords=False).oidc_claim == "email"


@pytest.mark.parametrize(
    ("address", "keeps"),
    [
        ("https://a.example", True), ("http://127.0.0.1:9", True), ("http://localhost", True),
        ("http://a.example", False), ("http://localhost.a.example", False), ("ftp://127.0.0.1", False),
        ("https://", False), ("javascript:x", False), ("https://[", False),
    ],
)  # fmt: skip
def test_secrets_travel_by_tls_or_stay_on_this_machine(address, keeps):
    assert keeps_secrets(address) is keeps


@pytest.mark.parametrize("secrets", ["", "\n", f"a secret of our own\n{DEMO_SECRET}", f"{DEMO_SECRET}\nours"])
def test_no_line_of_the_master_secrets_is_a_default_one(secrets):
    with pytest.raises(ValidationError, match="THROUGHCARE_SEALING_KEY"):
        Settings(signing_secret="x" * 32, sealing_key=secrets)
    assert Settings(signing_secret="x" * 32, sealing_key="ours\nours from before").sealing_key
