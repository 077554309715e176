"""Actors and what ties them to a row."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.security.identity import ANYONE, NOBODY, Actor
from shared.security.permissions import Relation, Role

RAY, DANA, ALDER, CEDAR = (UUID(int=n) for n in range(1, 5))
ids = st.none() | st.sampled_from([RAY, DANA, ALDER, CEDAR, NOBODY])


def test_the_person_is_tied_to_what_is_about_them():
    ray = Actor(RAY, Role.PERSON, None, RAY)
    assert ray.relations(person=RAY, workers=[DANA], agency=ALDER) == {Relation.SELF}
    assert ray.relations(person=DANA) == frozenset()


def test_a_worker_may_be_tied_in_several_ways():
    dana = Actor(DANA, Role.CASE_MANAGER, ALDER)
    ties = dana.relations(person=RAY, workers=[DANA], agency=ALDER, receiving=ALDER)
    assert ties == {Relation.NAMED_WORKER, Relation.SAME_AGENCY, Relation.RECEIVING_AGENCY}


def test_a_colleague_elsewhere_is_tied_by_nothing():
    yusuf = Actor(UUID(int=9), Role.AGENCY_ADMIN, CEDAR)
    assert yusuf.relations(person=RAY, workers=[DANA], agency=ALDER, receiving=None) == frozenset()


def test_a_person_named_as_a_worker_by_mistake_gains_nothing():
    assert Actor(RAY, Role.PERSON, None, RAY).relations(workers=[RAY]) == frozenset()


@given(person=ids, worker=ids, agency=ids, receiving=ids)
def test_empty_columns_and_nobody_tie_nobody(person, worker, agency, receiving):
    assert ANYONE.relations(person=person, workers=[worker], agency=agency, receiving=receiving) == frozenset()
    office = Actor(UUID(int=9), Role.NETWORK_ADMIN)
    assert office.relations(person=person, workers=[worker], agency=agency, receiving=receiving) == frozenset()


def test_an_events_cause_names_role_and_id_and_no_name():
    assert Actor(DANA, Role.CASE_MANAGER, ALDER, None, "Dana").cause == f"case_manager:{DANA}"


def test_two_actors_are_the_same_whatever_pages_call_them():
    assert Actor(DANA, Role.OPS, None, None, "Dana") == Actor(DANA, Role.OPS, None, None, "D. Whitfield")
