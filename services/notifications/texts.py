"""What messages say. Whoever holds the phone learns nothing: no agency, no program, no category, no outcome.

Short, at a sixth-grade reading level, in English and Spanish (usted), each written for itself.
"""

from collections.abc import Mapping

LANGUAGES = ("en", "es")
TEXTS: Mapping[str, Mapping[str, str]] = {
    "referral_accepted": {
        "en": "Hi. There is good news for you on your page. Read it when you have a moment. "
        "Or ask the person who helps you.",
        "es": "Hola. Hay una buena noticia para usted en su página. Léala cuando tenga un momento. "
        "O pregunte a la persona que le ayuda.",
    },
    "acknowledged": {
        "en": "Hi. We have what you sent. Someone reads it and gets in touch. You need to do nothing more.",
        "es": "Hola. Tenemos lo que nos envió. Alguien lo lee y se comunica con usted. No tiene que hacer nada más.",
    },
    "referral_declined": {
        "en": "Hi. There is an answer for you on your page. There are other doors, and you choose. "
        "We can look at them together.",
        "es": "Hola. Hay una respuesta para usted en su página. Hay otras puertas, y usted escoge. "
        "Podemos verlas juntos.",
    },
    "link": {
        "en": "Hi. Here is the page you asked for: {link}",
        "es": "Hola. Aquí está la página que pidió: {link}",
    },
    "referral_reported": {
        "en": "Hi. We have a short question for you on your page: how did it go? Your word counts.",
        "es": "Hola. Tenemos una pregunta corta para usted en su página: ¿cómo le fue? Su palabra cuenta.",
    },
    "record_asked_for": {
        "en": "Hi. There is something on your page that you should know. Read it soon. "
        "Or ask the person who helps you.",
        "es": "Hola. Hay algo en su página que usted debe saber. Léalo pronto. O pregunte a la persona que le ayuda.",
    },
    "record_opened": {
        "en": "Hi. There is something on your page that you should know. Read it when you have a moment. "
        "Or ask the person who helps you.",
        "es": "Hola. Hay algo en su página que usted debe saber. Léalo cuando tenga un momento. "
        "O pregunte a la persona que le ayuda.",
    },
    "consent_ends_soon": {
        "en": "Hi. There is a short question for you on your page. You have two weeks, and a no costs nothing. "
        "Or ask the person who helps you.",
        "es": "Hola. Hay una pregunta corta para usted en su página. Tiene dos semanas. Decir que no no le quita nada. "
        "O pregunte a la persona que le ayuda.",
    },
    "erasure_set": {
        "en": "Hi. In seven days we do what you asked us for. Was it not you, or did you change your mind? "
        "Look at your page, or ask the person who helps you.",
        "es": "Hola. En siete días hacemos lo que usted pidió. ¿No fue usted, o cambió de idea? "
        "Mire su página, o pregunte a la persona que le ayuda.",
    },
}


def language_of(wanted: str | None) -> str:
    """The one of ours that is nearest to what the person likes."""
    first = (wanted or "").split("-")[0].lower()
    return first if first in LANGUAGES else LANGUAGES[0]


def words_of(occasion: str, wanted: str | None) -> str:
    """With a place for the link, where one stands in it: only a carrier fills that."""
    return TEXTS[occasion][language_of(wanted)]


def text_of(occasion: str, wanted: str | None) -> str:
    """As a page shows it."""
    return words_of(occasion, wanted).format(link="…")
