"""The demo network: fixed, whole, fictional; and a person's way in."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.permissions import Role
from shared.security.tokens import Tokens

SETTINGS = Settings(demo=True, signing_secret="a secret of this test, long enough")
OTHER = Settings(demo=True, signing_secret="another machine's secret, as long")


def test_ids_are_fixed_and_every_one_its_own():
    ids = [account.id for account in demo.accounts()] + [agency.id for agency in demo.AGENCIES] + [demo.NETWORK.id]
    assert len(set(ids)) == len(ids)
    assert all(id.version == 7 for id in ids)
    assert UUID("01934b00-0000-7000-8c00-000000000001") == demo.RAY, "stored rows hold this id"
    assert UUID("01934b00-0000-7000-8b00-000000000001") == demo.DANA
    assert UUID("01934b00-0000-7000-8a00-000000000002") == demo.CEDAR_HOUSE


def test_every_role_has_somebody():
    assert {account.role for account in demo.accounts()} == set(Role) - {Role.ANYONE}


def test_workers_belong_to_an_agency_of_the_network_and_people_to_none():
    known = {agency.id for agency in demo.AGENCIES}
    for account in demo.accounts():
        assert account.agency in known or account.role in (
            Role.PERSON, Role.NETWORK_ADMIN, Role.OPS, Role.AUDITOR
        )  # fmt: skip
        assert (account.person == account.id) is (account.role is Role.PERSON)


def test_every_agency_has_somebody_who_answers():
    answering = {a.agency for a in demo.STAFF if a.role in (Role.AGENCY_ADMIN, Role.CASE_MANAGER, Role.SUPERVISOR)}
    assert answering == {agency.id for agency in demo.AGENCIES}


def test_a_link_leads_to_its_person_on_this_machine_alone():
    assert demo.link(SETTINGS, demo.RAY).startswith("http://127.0.0.1:8000/intake/sign-in/")
    assert demo.person_of(SETTINGS, demo.code(SETTINGS, demo.RAY)) == demo.RAY
    assert demo.person_of(OTHER, demo.code(SETTINGS, demo.RAY)) is None


def test_somebody_who_referred_themselves_a_minute_ago_has_a_way_in_too():
    person = uuid4()
    assert demo.person_of(SETTINGS, demo.code(SETTINGS, person)) == person
    assert Tokens(SETTINGS).read(Tokens(SETTINGS).issue(demo.person_actor(person))).actor.person == person


@given(st.text(max_size=60))
def test_a_code_that_is_not_ours_leads_nowhere(code):
    assert demo.person_of(SETTINGS, code) is None


@given(st.integers(0, 34), st.sampled_from("ABCxyz019-_ !"))
def test_a_code_has_one_spelling(place, other):
    code = demo.code(SETTINGS, demo.RAY)
    changed = code[:place] + other + code[place + 1 :]
    assert demo.person_of(SETTINGS, changed) == (demo.RAY if changed == code else None)
    assert demo.person_of(SETTINGS, code[:place] + "!" + code[place:]) is None


def test_pins_are_six_digits_and_differ_from_person_to_person_and_machine_to_machine():
    pins = {demo.pin(SETTINGS, account.id) for account in demo.PEOPLE}
    assert len(pins) == len(demo.PEOPLE)
    assert all(len(pin) == 6 and pin.isdecimal() for pin in pins)
    assert demo.pin(SETTINGS, demo.RAY) != demo.pin(OTHER, demo.RAY)
    assert demo.pin(SETTINGS, demo.RAY) == demo.pin(SETTINGS, demo.RAY)


def test_up_can_show_everybodys_way_in():
    ways = {name: (url, pin) for name, _, url, pin in demo.sign_ins(SETTINGS)}
    assert ways["Dana Whitfield"] == ("http://127.0.0.1:8000/intake/sign-in", "")
    assert ways["Ray Castellanos"] == (demo.link(SETTINGS, demo.RAY), demo.pin(SETTINGS, demo.RAY))
    assert len(ways) == len(demo.accounts())


def test_a_token_for_programs_is_one_call_away():
    assert Tokens(SETTINGS).read(demo.token(SETTINGS, demo.YUSUF)).actor.agency == demo.CEDAR_HOUSE
