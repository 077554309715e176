"""Who may do what: the table is whole, and the questions asked of it answer what it says."""

import ast
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.errors import NotAllowed, NotFound
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.security.permissions import (
    ANY,
    TABLE,
    Relation,
    Role,
    across_agencies,
    may,
    may_at_all,
    relation_free,
    require,
    require_role,
)
from shared.security.table import ACROSS_AGENCIES, RELATIONS, ROLES

ROOT = Path(__file__).parents[3]
STAFF = [role for role in Role if role not in (Role.PERSON, Role.ANYONE)]
ACTIONS = sorted(TABLE)
relation_sets = st.frozensets(st.sampled_from([relation for relation in Relation if relation is not Relation.ANY]))


def actor(role: Role) -> Actor:
    return Actor(UUID(int=1), role, UUID(int=2), UUID(int=1) if role is Role.PERSON else None)


def test_every_role_and_relation_is_explained():
    assert set(ROLES) == set(Role)
    assert set(RELATIONS) == set(Relation)


def test_every_role_can_do_something():
    for role in Role:
        assert any(role in entry.needs for entry in TABLE.values()), role


@pytest.mark.parametrize("action", ACTIONS)
def test_an_entry_is_whole(action):
    entry = TABLE[action]
    assert entry.action == action
    assert entry.says
    assert not entry.says.endswith(".")
    assert entry.needs, "nobody may do it: then it is not an action"
    assert all(entry.needs.values()), "a role that needs no relation is written `any`"


@pytest.mark.parametrize("action", ACTIONS)
def test_any_stands_alone(action):
    for role, needed in TABLE[action].needs.items():
        assert needed == ANY or Relation.ANY not in needed, role


@pytest.mark.parametrize("action", ACTIONS)
def test_only_the_person_is_themselves_and_a_person_is_nothing_else(action):
    for role, needed in TABLE[action].needs.items():
        assert (Relation.SELF in needed) <= (role is Role.PERSON)
        assert role is not Role.PERSON or needed <= {Relation.SELF, Relation.ANY}


@pytest.mark.parametrize("action", ACTIONS)
def test_whoever_may_act_on_a_row_may_read_it(action):
    """Else a refusal would hide from somebody what they could do a moment ago."""
    entry = TABLE[action]
    if entry.behind is None:
        return
    reading = TABLE[entry.behind]
    for role, needed in entry.needs.items():
        allowed = reading.needs.get(role, frozenset())
        assert (allowed | needed) & ANY or needed <= allowed, f"{role} may {action} but not {entry.behind}"


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", Role)
def test_whatever_is_not_in_a_cell_is_refused(action, role):
    needed = TABLE[action].needs.get(role, frozenset())
    for relation in Relation:
        expected = bool(needed & ANY) or relation in needed
        assert may(actor(role), action, relation) is expected
    assert may(actor(role), action, ()) is bool(needed & ANY)
    assert may_at_all(role, action) is bool(needed)
    assert relation_free(role, action) is bool(needed & ANY)


@given(st.sampled_from(ACTIONS), st.sampled_from(list(Role)), relation_sets, relation_sets)
def test_another_tie_never_takes_a_right_away(action, role, some, more):
    if may(actor(role), action, some):
        assert may(actor(role), action, some | more)


@given(st.sampled_from(ACTIONS), st.sampled_from(list(Role)), relation_sets)
def test_a_refusal_admits_a_row_only_to_those_who_may_read_it(action, role, ties):
    who, entry = actor(role), TABLE[action]
    try:
        require(who, action, ties, "row 1")
    except NotAllowed:
        assert entry.behind is None or may(who, entry.behind, ties)
    except NotFound as refused:
        assert entry.behind is not None
        assert not may(who, entry.behind, ties)
        assert "row 1" in str(refused)
    else:
        assert may(who, action, ties)


@given(st.sampled_from(ACTIONS), st.sampled_from(list(Role)), relation_sets)
def test_the_edge_refuses_nobody_whom_the_row_would_let_in(action, role, ties):
    if may(actor(role), action, ties):
        require_role(actor(role), action)


def test_setbacks_stay_between_the_person_and_who_walks_with_them():
    """Promise P3: nothing of a setback's words reaches beyond the person and the named worker."""
    for action in ("setback.read", "concern.read", "setback.answer", "setback.settle"):
        for role, needed in TABLE[action].needs.items():
            assert needed <= {Relation.SELF, Relation.NAMED_WORKER}, (action, role)
    assert set(TABLE["setback.report"].needs) == {Role.PERSON}, "only the person makes something a setback"
    assert set(TABLE["setback.share"].needs) == {Role.PERSON}


def test_only_the_person_confirms_disputes_grants_and_sees_their_own_page():
    for action in ("referral.confirm", "referral.dispute", "consent.grant", "mine.read", "promise.answer"):
        assert TABLE[action].needs == {Role.PERSON: {Relation.SELF}}, action


def test_any_worker_can_stop_sharing_at_a_word():
    for role in (Role.CASE_MANAGER, Role.MENTOR, Role.SUPERVISOR, Role.AGENCY_ADMIN):
        assert may(actor(role), "consent.revoke", ())


def test_those_who_keep_it_running_read_nobody():
    for role in (Role.OPS, Role.NETWORK_ADMIN, Role.PARTNER_ENGINEER):
        for action in ("person.read", "plan.read", "setback.read", "message.read", "referral.read", "person.list"):
            assert not may_at_all(role, action), (role, action)


def test_the_auditor_changes_nothing_but_how_they_sign_in():
    changes = [a for a in ACTIONS if may_at_all(Role.AUDITOR, a) and not a.endswith(".read")]
    assert changes == ["account.own", "public"]


def test_nobody_signed_in_reaches_only_what_is_open():
    assert [a for a in ACTIONS if may_at_all(Role.ANYONE, a)] == ["directory.read", "person.refer_self", "public"]


# What a role may do without any relation, though it touches nobody's rows but those that it makes.
OF_NOBODY = {
    "public", "directory.read", "directory.import", "agency.manage", "program.manage", "person.refer_self",
    "person.add", "account.own", "release_list.send",
    "emergency.open",  # whose it is, the opening says; what it lends is a relation
}  # fmt: skip


def test_whoever_needs_no_relation_reaches_every_agencys_rows_or_nobodys():
    free = {a for a in ACTIONS if any(Relation.ANY in needed for needed in TABLE[a].needs.values())}
    assert free == ACROSS_AGENCIES | OF_NOBODY
    assert not ACROSS_AGENCIES & OF_NOBODY


def test_an_action_reaches_across_agencies_for_the_roles_that_need_no_relation_alone():
    assert {role for role in Role if across_agencies(role, "consent.read")} == {Role.AUDITOR}
    assert not any(across_agencies(role, "person.read") for role in Role)
    assert not any(across_agencies(Role.ANYONE, action) for action in ACTIONS)
    assert not any(across_agencies(Role.PERSON, action) for action in ACTIONS)


def test_staff_on_a_persons_page_and_a_person_on_a_staff_page_find_nothing():
    for role in STAFF:
        with pytest.raises(NotFound):
            require_role(actor(role), "mine.read")
    for action in ACTIONS:
        if not may_at_all(Role.PERSON, action):
            with pytest.raises(NotFound):
                require_role(actor(Role.PERSON), action)


def test_a_misspelt_action_fails_where_it_is_written():
    with pytest.raises(LookupError, match=r"referral\.sned"):
        allow("referral.sned")
    with pytest.raises(KeyError):
        may(actor(Role.OPS), "referral.sned", Relation.ANY)


def _actions_in_code() -> Iterator[tuple[str, str]]:
    """Every action named in a call of ours: allow("..."), actor.may("...", ...), actor.require("...", ...)."""
    for folder in ("shared", "services", "cli"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                value = node.args[0].value
                if name in ("allow", "may", "require") and isinstance(value, str):
                    yield value, f"{path.relative_to(ROOT)}:{node.lineno}"


def test_every_action_that_the_code_names_has_an_entry():
    unknown = [(action, where) for action, where in _actions_in_code() if action not in TABLE]
    assert unknown == []
