"""The person's page with their name and nothing else: what may be on the screen when somebody stands beside them.

It is the page of a person with whom little has begun yet, heading for heading and word for word, so that nobody can
tell that there is another. A test holds its words to those of the services that draw the other.
"""

from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from shared.web.names import named
from shared.web.templates import render
from shared.web.words import Lang

WORDS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "hi": "Hi",
        "there": "there",
        "nothing": "Nothing in your plan needs you today.",
        "plan": "My plan",
        "no_plan": "There is no plan yet.",
        "no_plan_why": "You say what you want. Then you and your worker find small steps.",
        "promises": "Promises made to me",
        "no_promises": "Nobody has promised you anything yet.",
        "no_promises_why": "What we say we will do, and by when, stands here.",
        "referrals": "Who we asked for me",
        "no_referrals": "We have asked nobody yet.",
        "no_referrals_why": "When you say yes to it, we ask a program. You see here what they say.",
        "people": "My people",
        "nobody": "Nobody is named for you yet.",
        "nobody_why": "Someone will be soon. You see who, here.",
        "shared": "What is shared",
        "shared_lead": "You choose who knows what. If you stop, no one takes your place in line.",
        "none_shared": "Nothing is shared.",
        "none_shared_why": "If someone wants to tell an agency about you, we ask you here first.",
        "looked": "See who looked",
        "messages": "Messages",
        "no_messages": "No messages yet",
        "no_messages_why": "When something about a request changes, a short message comes to the phone. "
        "It names no one.",
        "dock_plan": "Plan",
        "dock_people": "People",
        "dock_shared": "Shared",
    },
    "es": {
        "hi": "Hola",
        "there": "¿qué tal?",
        "nothing": "Nada de su plan le espera hoy.",
        "plan": "Mi plan",
        "no_plan": "Todavía no hay plan.",
        "no_plan_why": "Usted dice lo que quiere. Luego usted y su trabajador buscan pasos pequeños.",
        "promises": "Lo que me prometieron",
        "no_promises": "Todavía nadie le ha prometido nada.",
        "no_promises_why": "Aquí está lo que decimos que vamos a hacer, y para cuándo.",
        "referrals": "A quién le pedimos ayuda",
        "no_referrals": "Todavía no le hemos pedido ayuda a nadie.",
        "no_referrals_why": "Cuando usted dice que sí, le pedimos ayuda a un programa. Aquí ve qué responden.",
        "people": "Mi gente",
        "nobody": "Todavía no hay nadie con usted.",
        "nobody_why": "Pronto habrá alguien. Aquí verá quién es.",
        "shared": "Lo que se comparte",
        "shared_lead": "Usted decide quién sabe qué. Si deja de compartir, no pierde su lugar.",
        "none_shared": "No se comparte nada.",
        "none_shared_why": "Si alguien quiere contarle algo a una agencia, primero se lo preguntamos aquí.",
        "looked": "Ver quién miró",
        "messages": "Mensajes",
        "no_messages": "Todavía no hay mensajes",
        "no_messages_why": "Cuando algo cambia en una petición, llega un mensaje corto al teléfono. No nombra a nadie.",
        "dock_plan": "Plan",
        "dock_people": "Gente",
        "dock_shared": "Compartido",
    },
}


def page(request: Request, *, lang: Lang, whose: UUID | None = None, name: str = "") -> Response:
    """Of other services it asks the name alone, as the whole page does, where `whose` it is was said; and its link to
    what is shared leads to where it leads there."""
    says = WORDS[lang]
    name = named(whose, says["there"]) if whose else name
    shared = f"/intake/people/{whose}/shared#looked" if whose else "/intake/me"
    return render(request, "harmless.html", says=says, name=name, shared=shared, lang=lang)
