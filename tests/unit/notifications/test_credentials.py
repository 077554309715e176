"""Slugs say nothing, passwords open with this network's key alone, references belong to one agency."""

from uuid import UUID

import pytest

from services.notifications.credentials import (
    PasswordLost,
    new_password,
    new_slug,
    open_password,
    seal_password,
    sealed_anew,
)
from shared.messaging.rules import partner_named
from shared.runtime.settings import Settings
from shared.security.references import reference

ONE = Settings(demo=True, sealing_key="one", signing_secret="one")
TWO = Settings(demo=True, sealing_key="two", signing_secret="two")
PARTNER, OTHER = UUID(int=1), UUID(int=2)


def test_a_slug_can_always_name_a_partner():
    assert all(partner_named(new_slug()) for _ in range(500))


def test_a_password_opens_for_its_own_partner_under_the_same_key():
    password = new_password()
    sealed = seal_password(ONE, PARTNER, password)
    assert open_password(ONE, PARTNER, sealed) == password
    for settings, partner in ((TWO, PARTNER), (ONE, OTHER)):
        with pytest.raises(PasswordLost):
            open_password(settings, partner, sealed)


def test_a_password_opens_on_while_the_master_key_is_rotated_and_moves_to_the_newest():
    rotated = Settings(demo=True, sealing_key="new\none", signing_secret="one")
    afterwards = Settings(demo=True, sealing_key="new", signing_secret="one")
    password = new_password()
    sealed = seal_password(ONE, PARTNER, password)
    assert open_password(rotated, PARTNER, sealed) == password
    moved = sealed_anew(rotated, PARTNER, sealed)
    assert moved is not None
    assert open_password(afterwards, PARTNER, moved) == password
    assert sealed_anew(rotated, PARTNER, moved) is None  # once is enough
    assert sealed_anew(TWO, PARTNER, sealed) is None  # nobody here can open it


def test_two_agencies_call_the_same_thing_differently_and_every_service_the_same():
    thing = UUID(int=3)
    assert reference(ONE, PARTNER, thing) == reference(ONE, PARTNER, thing)
    names = {reference(ONE, PARTNER, thing), reference(ONE, OTHER, thing), reference(TWO, PARTNER, thing)}
    assert len(names) == 3
    assert reference(ONE, PARTNER, thing, "s").startswith("s-")
