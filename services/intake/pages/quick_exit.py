"""The way out at once: the session ends and something harmless is on the screen, with a script or without one.

A form and not a link, so that whoever picks up the phone next and goes back finds nobody signed in.
"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.intake.signing_in.door import at_the_door, let_out
from shared.runtime.settings import Settings
from shared.security.edge import allow
from shared.security.identity import Actor
from shared.web import forms
from shared.web.forms import is_own_path
from shared.web.templates import LEAVE, PLAIN_PAGE, render
from shared.web.words import Lang, lang_of

router = APIRouter(include_in_schema=False)

RECIPE: Mapping[Lang, Mapping[str, str | tuple[str, ...]]] = {
    "en": {
        "title": "Rice and beans",
        "lead": "For four. It takes half an hour.",
        "needs": "You need",
        "list": ("Two cups of rice", "A can of black beans", "An onion", "A green pepper", "Oil, salt, cumin"),
        "steps": "How to",
        "how": (
            "Cut the onion and the pepper small.",
            "Cook them in a little oil until they are soft.",
            "Add the rice, salt and cumin. Stir for a minute.",
            "Add four cups of water. Cook it for 18 minutes with the lid on.",
            "Warm the beans and put them on top.",
        ),
    },
    "es": {
        "title": "Arroz con frijoles",
        "lead": "Para cuatro. Se hace en media hora.",
        "needs": "Necesita",
        "list": ("Dos tazas de arroz", "Una lata de frijoles negros", "Una cebolla", "Un pimiento verde",
                 "Aceite, sal, comino"),
        "steps": "Cómo se hace",
        "how": (
            "Corte la cebolla y el pimiento en trozos pequeños.",
            "Sofríalos en un poco de aceite hasta que estén blandos.",
            "Agregue el arroz, la sal y el comino. Revuelva un minuto.",
            "Agregue cuatro tazas de agua. Cocine 18 minutos con la tapa puesta.",
            "Caliente los frijoles y póngalos encima.",
        ),
    },
}  # fmt: skip


@router.post(LEAVE, dependencies=[Depends(at_the_door)])
async def leave(request: Request, actor: Annotated[Actor, Depends(allow("public"))]) -> Response:
    """The session is over whatever comes next. `Refresh` leads outside: a policy that keeps forms on our own paths
    stops a redirect there."""
    settings: Settings = request.app.state.settings
    to = settings.leave_to or PLAIN_PAGE
    if is_own_path(to):
        response = forms.see_other(to, request)
    else:
        response = render(request, "leave.html", to=to, headers={"Refresh": f"0; url={to}"})
    return await let_out(request, actor, response)


@router.get(PLAIN_PAGE)
async def recipe(request: Request, actor: Annotated[Actor, Depends(allow("public"))]) -> Response:
    """Nothing of ours: what is on the screen when somebody looks over a shoulder."""
    lang = lang_of(request)
    return render(request, "recipe.html", says=RECIPE[lang], lang=lang)
