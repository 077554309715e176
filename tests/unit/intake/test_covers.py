"""Cover for a colleague: within one agency, from day to day, never without an end."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.intake.accounts import Account, Stage
from services.intake.covers import LONGEST, Cover, agree, end
from shared.runtime.errors import Conflict, Invalid
from shared.security.permissions import Role

HOUSE, ZONE, ID = UUID(int=1), ZoneInfo("America/New_York"), UUID(int=9)
DANA = Account(UUID(int=2), HOUSE, Role.CASE_MANAGER, "dana", Stage.ACTIVE)
ROBIN = Account(UUID(int=3), HOUSE, Role.CASE_MANAGER, "robin", Stage.ACTIVE)
TODAY = date(2026, 11, 23)


def agreed(worker=DANA, covering=ROBIN, first=TODAY, last=TODAY, by=DANA.id):
    return agree(ID, worker, covering, by, first, last, TODAY, ZONE)


def test_both_days_count_whole_in_the_days_of_their_agency():
    cover, told = agreed(last=date(2026, 11, 25))
    assert cover.starts == datetime(2026, 11, 23, 5, tzinfo=UTC)
    assert cover.ends == datetime(2026, 11, 26, 5, tzinfo=UTC)
    assert (told.account, told.by, told.starts, told.ends) == (DANA.id, ROBIN.id, cover.starts, cover.ends)


@pytest.mark.parametrize(
    "covering",
    [
        DANA,
        replace(ROBIN, agency=UUID(int=7)),
        replace(ROBIN, stage=Stage.LEFT),
        replace(ROBIN, role=Role.MENTOR),
        replace(ROBIN, role=Role.PARTNER_ENGINEER),
    ],
    ids=["themselves", "elsewhere", "left", "a mentor", "no people"],
)
def test_only_a_colleague_of_the_same_agency_who_walks_with_people_covers(covering):
    with pytest.raises(Invalid) as refused:
        agreed(covering=covering)
    assert refused.value.field == "covering"


def test_nobody_covers_by_their_own_word():
    with pytest.raises(Invalid) as refused:
        agreed(by=ROBIN.id)
    assert refused.value.field == "covering"


@pytest.mark.parametrize(
    "worker", [replace(DANA, stage=Stage.LEFT), replace(DANA, agency=None)], ids=["left", "office"]
)
def test_who_has_left_is_not_covered_for_but_handed_over(worker):
    with pytest.raises(Invalid):
        agreed(worker=worker)


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [(-1, 2, "first"), (2, 1, "last"), (0, LONGEST, "last")],
    ids=["begun yesterday", "ends before it begins", "too long"],
)
def test_it_begins_today_or_later_and_has_an_end(first, last, field):
    with pytest.raises(Invalid) as refused:
        agreed(first=TODAY + timedelta(days=first), last=TODAY + timedelta(days=last))
    assert refused.value.field == field


def test_it_ends_once():
    cover, _ = agreed()
    ended, told = end(cover, cover.starts)
    assert (ended.ended, told.cover, told.account) == (True, ID, DANA.id)
    for over, now in ((ended, cover.starts), (cover, cover.ends)):
        with pytest.raises(Conflict):
            end(over, now)
    assert isinstance(cover, Cover)
