"""Names in SQL are checked, and a password reaches no statement."""

import base64
import hashlib
import hmac

import pytest

from shared.local import provision


def test_a_verifier_is_what_the_scram_standard_says():
    """RFC 7677, section 3: user `user`, password `pencil`, and the proof that its client sends."""
    verifier = provision.scram_verifier("pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
    scheme, iterations_salt, keys = verifier.split("$")
    stored, server = (base64.b64decode(key) for key in keys.split(":"))
    assert (scheme, iterations_salt) == ("SCRAM-SHA-256", "4096:W22ZaJ0SNY7soEsUEjb6gQ==")
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    message = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={nonce}".encode()
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    signature = hmac.digest(stored, message, "sha256")
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    assert hashlib.sha256(client_key).digest() == stored
    assert base64.b64encode(hmac.digest(server, message, "sha256")) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


@pytest.mark.parametrize("name", ["a b", "a;b", 'a"b', "a-b", "", "ü"])
def test_a_name_that_is_not_plain_is_refused(name: str):
    with pytest.raises(ValueError, match="can't be a name in SQL"):
        provision.filled("create_role", role=name)


def test_an_address_with_a_ca_demands_a_checked_certificate(tmp_path):
    url = provision._with_ca("postgresql://admin@db:5432/throughcare?application_name=x", tmp_path / "ca.pem")
    assert "sslmode=verify-full" in url
    assert "application_name=x" in url


def test_a_kafka_image_reads_settings_as_its_documents_say():
    from tests.containers import environment_of

    assert environment_of({"log.dirs": "a", "listener.name.sasl.scram-sha-512.sasl.jaas.config": "b", "x_y": "c"}) == {
        "KAFKA_LOG_DIRS": "a",
        "KAFKA_LISTENER_NAME_SASL_SCRAM___SHA___512_SASL_JAAS_CONFIG": "b",
        "KAFKA_X__Y": "c",
    }
