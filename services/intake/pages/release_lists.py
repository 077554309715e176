"""Where an agency or a release desk names somebody to the agency that would welcome them: one, or a list as CSV."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from services.intake import words
from services.intake.pages.frame import frame
from services.intake.places import RELEASE_LISTS
from services.intake.release_lists import COLUMNS, MOST_ROWS, NEEDED
from services.intake.says import SAID
from services.intake.store import directory
from shared.security.identity import Actor
from shared.web.edge import running, transaction
from shared.web.forms import Form
from shared.web.menu import DIRECTORY
from shared.web.templates import render

MEND = {
    "name": "Say what they are called: 120 letters at most.",
    "agency": "Choose who should welcome them.",
    "release_date": "Write the day as year, month and day, or leave it empty.",
}


async def page(request: Request, actor: Actor, form: Form[Any]) -> Response:
    async with transaction(running(request)) as tx:
        welcoming = await directory.list_welcoming(tx)
    others = [one for one in welcoming if one.id != actor.agency and not one.entry.holds_no_records]
    return render(
        request,
        "release_lists.html",
        status=422 if form.wrong else 200,
        form=form,
        said=SAID["en"],
        here=RELEASE_LISTS,
        agencies=[(str(one.id), one.entry.name) for one in others],
        languages=list(words.LANGUAGES.items()),
        needed=NEEDED,
        columns=COLUMNS,
        most=f"{MOST_ROWS:,}",
        **frame(actor, DIRECTORY[1]),
        lang="en",
    )
