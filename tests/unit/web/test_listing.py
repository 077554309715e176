"""A list is what its address says: every row on one page and only one, and nothing said that is not on offer."""

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from shared.web.listing import Filter, Offer, asked, keyed, paged

OFFER = Offer(
    "/caseplan/referrals",
    (Filter("turn", "Whose turn", (("odd", "Odd"), ("even", "Even"))),),
    (("up", "Smallest first"), ("down", "Largest first")),
    size=5,
    keeps=("back",),
    typed=("q",),
)
KEEP = {"turn": lambda row, said: (row % 2 == 1) == (said == "odd")}
SORT = {"up": lambda row: row, "down": lambda row: -row}
numbers = st.lists(st.integers(0, 500), unique=True, max_size=40)
queries = st.fixed_dictionaries(
    {}, optional={"turn": st.sampled_from(["odd", "even", "", "'; --"]), "order": st.sampled_from(["up", "down", "x"])}
)


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


@given(numbers, queries)
def test_walking_the_pages_meets_every_row_once_and_in_order(rows, query):
    seen: list[int] = []
    while True:
        view = asked(OFFER, query)
        page = paged(view, rows, keep=KEEP, sort=SORT)
        assert (page.first, page.last) == ((len(seen) + 1, len(seen) + len(page.rows)) if page.rows else (0, -1))
        seen += page.rows
        if not page.after:
            break
        query = query_of(page.after)
    wanted = [row for row in rows if not view.chosen["turn"] or KEEP["turn"](row, view.chosen["turn"])]
    assert seen == sorted(wanted, key=SORT[view.order])
    assert page.total == len(wanted)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8)), st.text(max_size=12))
def test_whatever_an_address_says_the_list_is_one_that_we_offer(query, page):
    view = asked(OFFER, {**query, "page": page})
    assert view.chosen["turn"] in ("", "odd", "even") and view.order in ("up", "down") and view.page >= 1
    assert paged(view, [3, 1, 2], keep=KEEP, sort=SORT).rows


def test_a_page_that_is_gone_is_the_last_one():
    page = paged(asked(OFFER, {"page": "99"}), range(7), sort=SORT)
    assert (list(page.rows), page.first, page.last) == ([5, 6], 6, 7)
    assert page.after == "" and page.before == "/caseplan/referrals"


def test_what_was_chosen_goes_along_and_what_is_usual_is_not_written():
    view = asked(OFFER, {"turn": "odd", "order": "up", "page": "1", "back": "/x?a=1", "q": "room", "other": "no"})
    assert view.is_narrow and not asked(OFFER, {"order": "down"}).is_narrow
    assert query_of(view.url(page=2)) == {"turn": "odd", "back": "/x?a=1", "q": "room", "page": "2"}
    assert query_of(view.everything) == {"back": "/x?a=1"}
    assert asked(OFFER, {}).url() == "/caseplan/referrals"


def test_a_list_that_goes_on_after_a_row_says_from_which():
    view = asked(OFFER, {"turn": "even"})
    page = keyed(view, range(6), str)
    assert list(page.rows) == [0, 1, 2, 3, 4] and query_of(page.after) == {"turn": "even", "after": "4"}
    assert page.total is None and page.before == ""
    last = keyed(asked(OFFER, query_of(page.after)), range(5), str)
    assert last.after == "" and query_of(last.before) == {"turn": "even"}
