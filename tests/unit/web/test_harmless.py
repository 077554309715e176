"""What stands on a screen that somebody else may look at: a name, and nothing by which it could be told apart."""

import re

from services.caseplan.pages.mine import NAMELESS
from services.caseplan.pages.mine_words import WORDS as MINE
from services.intake.says import SHARED
from services.notifications.pages import WORDS as MESSAGES
from shared.web.harmless import WORDS
from shared.web.looks_words import PAGE as LOOKS
from tests.unit.web.conftest import PAGE

ELSEWHERE = {
    "shared_lead": (SHARED, "lead"),
    "none_shared": (SHARED, "none"),
    "none_shared_why": (SHARED, "none_why"),
    "looked": (LOOKS, "all"),
    "no_messages": (MESSAGES, "none"),
    "no_messages_why": (MESSAGES, "none_why"),
}


def test_it_says_word_for_word_what_the_whole_page_says_to_somebody_new():
    for lang, words in WORDS.items():
        for name, said in words.items():
            table, key = ELSEWHERE.get(name, (MINE, name))
            nameless = NAMELESS[lang][0].lower() + NAMELESS[lang][1:]
            assert said == table[lang][key].replace("{worker}", nameless), (lang, name)


async def test_it_asks_nobody_for_anything_and_has_the_frame_of_the_other(client):
    page = (await client.get("/caseplan/styleguide?look=harmless", headers=PAGE)).text
    other = (await client.get("/caseplan/styleguide?look=mine", headers=PAGE)).text
    assert "hx-get" not in page and "hx-sse" not in page and "There is no plan yet." in page
    frame = re.compile(r"^.*?<main|</main>.*$", re.DOTALL)

    def around(text: str) -> list[str]:
        return re.findall(
            r"<(?:title|body|header|nav|a|form|button)[^>]*>", re.sub(r'value="[^"]*"', "", frame.search(text)[0])
        )

    assert around(page.replace("look=harmless", "look=mine")) == around(other)
