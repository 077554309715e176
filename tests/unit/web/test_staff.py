"""Who a worker is, as a page says it to its reader."""

from uuid import UUID

from shared.security import demo
from shared.security.permissions import Role
from shared.web.staff import ROLES, Staff, Worker

DANA = Worker("Dana Whitfield", Role.CASE_MANAGER, "Welcome Alder")
HIDDEN = Worker("Dana Whitfield", Role.CASE_MANAGER, "Welcome Alder", shows_role=True)


def test_every_role_of_staff_has_words():
    assert set(ROLES) == set(Role) - {Role.PERSON, Role.ANYONE}


def test_a_person_reads_the_name_unless_the_agency_keeps_it_from_them():
    assert DANA.said("en", to_person=True) == "Dana Whitfield"
    assert HIDDEN.said("en", to_person=True) == "A case manager"
    assert HIDDEN.introduced("en", to_person=True) == "A case manager at Welcome Alder"
    assert HIDDEN.introduced("es", to_person=True) == "Una persona de apoyo de Welcome Alder"


def test_colleagues_read_the_name_all_the_same():
    assert HIDDEN.said("en", to_person=False) == "Dana Whitfield"
    assert Staff({demo.DANA: HIDDEN}, to_person=False).first(demo.DANA, "Staff") == "Dana"


def test_who_is_not_known_or_not_to_be_named_is_called_as_the_page_says():
    hidden = Staff({demo.DANA: HIDDEN}, to_person=True)
    assert hidden.name(demo.DANA, "Your worker") == hidden.first(UUID(int=7), "Your worker") == "Your worker"
    assert hidden.first(None, "") == ""
