"""The questions of a portrait and of needs, in the words that the person reads and a worker reads aloud.

Grade six, English and Spanish beside each other. No question asks why, and none asks what somebody was inside for.
"""

from collections.abc import Mapping

from services.intake.portrait import Question, Section
from shared.web.needs import NEEDS
from shared.web.words import Lang, Words

SECTIONS: Mapping[str, Words] = {
    "portrait": Words("What matters to you", "Lo que le importa"),
    "strengths": Words("What you are good at", "Lo que usted sabe hacer"),
    "about": Words("About you", "Sobre usted"),
    "basics": Words("To get by", "Para el día a día"),
    "working": Words("Work, money and the law", "Trabajo, dinero y leyes"),
    "belonging": Words("The people around you", "La gente que le rodea"),
    "care": Words("Your health", "Su salud"),
}
LEADS: Mapping[str, Words] = {
    "portrait": Words(
        "We want to know you before we ask what you need.", "Queremos conocerle antes de preguntar qué necesita."
    ),
    "strengths": Words(
        "You know how to do things. Your plan starts there.", "Usted sabe hacer cosas. Su plan empieza ahí."
    ),
    "about": Words("Only what you want us to know, in your words.", "Solo lo que usted quiera, con sus palabras."),
    "basics": Words("A bed, food, a phone, a ride, your papers.", "Cama, comida, teléfono, transporte, papeles."),
    "working": Words("Say what would help. It is fine to wait.", "Diga qué le ayudaría. Puede esperar."),
    "belonging": Words("Family, friends, and new people.", "Familia, amigos y gente nueva."),
    "care": Words("Nobody else hears of this unless you say so.", "Nadie más se entera si usted no quiere."),
}
QUESTIONS: Mapping[str, Words] = {
    "matters": Words("What matters most to you now?", "¿Qué es lo que más le importa ahora?"),
    "important_people": Words("Who are the people you care about?", "¿Quiénes son las personas que usted quiere?"),
    "joys": Words("What brings you joy?", "¿Qué le da alegría?"),
    "proud_of": Words("What have you done that makes you proud?", "¿Qué ha hecho que le da orgullo?"),
    "my_day": Words("What is a good day like?", "¿Cómo es un buen día para usted?"),
    "reach_me": Words("How do you like us to talk with you?", "¿Cómo le gusta que hablemos con usted?"),
    "feels_safe": Words("What makes a place feel safe?", "¿Qué hace que un lugar sea seguro para usted?"),
    "good_at": Words("What are you good at?", "¿Qué sabe hacer bien?"),
    "have_done": Words("What work have you done, inside or out?", "¿Qué trabajos ha hecho, adentro o afuera?"),
    "helped_before": Words("What helped you in hard times?", "¿Qué le ayudó en tiempos duros?"),
    "could_teach": Words("What could you teach someone?", "¿Qué le podría enseñar a alguien?"),
    "called": Words("What should we call you?", "¿Cómo le llamamos?"),
    "pronouns": Words("How should we speak of you? He, she, they?", "¿Cómo hablamos de usted? ¿Él, ella, elle?"),
    "speaks": Words("Which languages do you speak?", "¿Qué idiomas habla?"),
    "interpreter": Words(
        "Do you want someone who speaks it with you?", "¿Quiere que le acompañe alguien que lo hable?"
    ),
    "faith": Words("Is there a faith or custom we should know of?", "¿Hay una fe o costumbre que debamos conocer?"),
    "describes_self": Words("How would you describe yourself?", "¿Cómo se describe usted?"),
    "tonight": Words("Do you have a safe place to sleep tonight?", "¿Tiene dónde dormir esta noche sin peligro?"),
    "plan_b": Words("If that falls through, where could you go?", "Si eso no resulta, ¿a dónde podría ir?"),
    "work_fits": Words("What should a job fit with?", "¿Con qué tiene que ir bien un trabajo?"),
    "dates_ahead": Words("Are there dates we should not forget?", "¿Hay fechas que no debamos olvidar?"),
    "ties_wished": Words("Who would you like to see more of?", "¿A quién le gustaría ver más?"),
    "care_wishes": Words("What should a doctor know about you?", "¿Qué debería saber un médico de usted?"),
}
HINTS: Mapping[str, Words] = {
    "feels_safe": Words("Light, quiet, a seat by the door.", "Luz, silencio, una silla junto a la puerta."),
    "reach_me": Words(
        "By text first, not before noon, with more time.", "Primero un mensaje, no antes del mediodía, con más tiempo."
    ),
    "describes_self": Words(
        "Where you come from, who you are, whom you love.", "De dónde viene, quién es, a quién ama."
    ),
    "work_fits": Words(
        "Hours, your health, a bus line, a rule you live with.",
        "Horas, su salud, una línea de bus, una regla que usted cumple.",
    ),
    "dates_ahead": Words(
        "A court day, a fee, a visit. Only you and the ones you tell read this.",
        "Un día en la corte, un pago, una visita. Solo lo leen usted y quien lo anota.",
    ),
    "care_wishes": Words("Only you and the ones you tell read this.", "Solo lo leen usted y quien lo anota."),
}
CHOICES: Mapping[str, Mapping[str, Words]] = {
    "interpreter": {"yes": Words("Yes", "Sí"), "no": Words("No", "No")},
    "tonight": {
        "safe": Words("Yes", "Sí"),
        "unsure": Words("I am not sure", "No sé"),
        "nowhere": Words("No", "No"),
    },
}
STANDS: Mapping[str, Words] = {
    "first": Words("Help me with this first", "Ayúdenme primero con esto"),
    "later": Words("Help would be good, later on", "Más adelante me serviría"),
    "fine": Words("I am fine here", "En esto estoy bien"),
    "asked": Words("You asked for help", "Usted pidió ayuda"),
    "partly": Words("You got some of it", "Ya recibió una parte"),
    "met": Words("You got the help", "Ya recibió la ayuda"),
}
SKIP = Words("I’d rather not say", "Prefiero no decirlo")
SKIPPED = Words("You chose not to say. That is your right.", "Usted prefirió no decirlo. Es su derecho.")
TAKEN_BACK = Words("You took it back", "Usted lo quitó")


def asks(question: Question, lang: Lang) -> str:
    words = NEEDS[question.code] if question.is_need else QUESTIONS[question.code]
    return words.in_lang(lang)


def hint(question: Question, lang: Lang) -> str:
    return HINTS[question.code].in_lang(lang) if question.code in HINTS else ""


def choices(question: Question, lang: Lang) -> list[tuple[str, str]]:
    """What can be pressed; a code that somebody can't say of a need is not among them."""
    table = CHOICES.get(question.code, STANDS)
    return [(code, table[code].in_lang(lang)) for code in question.choices]


def shown(question: Question, value: str, lang: Lang) -> str:
    """An answer as it is read: the words that were chosen, or their own."""
    if not question.choices:
        return value
    table = CHOICES.get(question.code, STANDS)
    return table[value].in_lang(lang) if value in table else value.replace("_", " ")


def title(section: Section, lang: Lang) -> str:
    return SECTIONS[section].in_lang(lang)
