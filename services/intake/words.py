"""Codes in the words that people read, English and Spanish beside each other so that neither is forgotten.

What the person reads is written for grade six; Spanish is written, not translated word by word.
"""

from collections.abc import Mapping

from shared.web.needs import need
from shared.web.words import Lang, Words

# What a consent lets somebody be told, from the person's side: "Cedar House may know ...".
CATEGORIES: Mapping[str, Words] = {
    "referral": Words("what you ask them for", "lo que usted les pide"),
    "contact": Words("how to reach you", "cómo comunicarse con usted"),
    "portrait": Words("who you are, in your words", "quién es usted, con sus palabras"),
    "needs": Words("what would help you", "lo que le ayudaría"),
    "plan": Words("your plan", "su plan"),
    "promise": Words("what was promised to you", "lo que le prometieron"),
    "setback": Words("this one thing that got hard", "esta única cosa que se puso difícil"),
    "health": Words("your health", "su salud"),
    "mental_health": Words("your mental health", "su salud mental"),
    "substance_use": Words("your care for drug or alcohol use", "su tratamiento por drogas o alcohol"),
    "supervision": Words("your probation or parole", "su libertad condicional o a prueba"),
}
CARE: Mapping[str, str] = {  # what an agency can be asked about by whoever treats them
    "health": "health",
    "mental_health": "mental health",
    "substance_use": "drug or alcohol use",
}
WAYS: Mapping[str, Words] = {
    "sms": Words("Text message", "Mensaje de texto"),
    "voice": Words("Phone call", "Llamada"),
    "mail": Words("E-mail", "Correo electrónico"),
    "post": Words("Letter", "Carta"),
    "in_person": Words("I will come by", "Yo paso en persona"),
}
_THEY_COME = "They will come by"
UNCLEAR: Mapping[str, Words] = {  # what to do about a contact that can't be used
    "incomplete": Words(
        "Write the number or address too, or leave both empty.",
        "Escriba también su número o su correo, o deje las dos cosas vacías.",
    ),
    "phone": Words(
        "That is not a whole phone number. Check it, or leave it empty for now.",
        "Ese número de teléfono no está completo. Mire si falta algo, o déjelo vacío.",
    ),
    "mail": Words(
        "That is not a whole e-mail address. Check it, or leave it empty for now.",
        "Ese correo no está completo. Mire si falta algo, o déjelo vacío.",
    ),
}
LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Español"}  # each in its own words
# Who can punish, and how we say it. Unknown counts as yes, and the page says that nobody has told us.
OFFICES: Mapping[str, Words] = {
    "supervision": Words("probation or parole", "la oficina de libertad condicional o a prueba"),
    "courts": Words("courts", "los tribunales"),
    "immigration": Words("immigration", "inmigración"),
    "child_protection": Words("child protection", "protección de menores"),
}
# Why a law keeps somebody's record, after "because of".
LAWS: Mapping[str, Words] = {
    "health_records": Words("a law on health records", "una ley sobre expedientes de salud"),
    "public_money": Words("a law on public money", "una ley sobre dinero público"),
    "legal_demand": Words("a legal demand", "una demanda legal"),
    "court_order": Words("a court order", "la orden de un juez"),
}


# What the front door offers: nobody is asked there whether they drink or whom they lost.
FIRST = (
    "housing",
    "food",
    "phone",
    "transport",
    "documents",
    "work",
    "money",
    "health",
    "legal",
    "family",
    "community",
)


def language_name(code: str) -> str:
    return LANGUAGES.get(code, code)


def ways(lang: Lang) -> list[tuple[str, str]]:
    return [(code, words.in_lang(lang)) for code, words in WAYS.items()]


def ways_for_staff() -> list[tuple[str, str]]:
    """The same, where a worker fills it in beside them."""
    return [(code, _THEY_COME if code == "in_person" else words.en) for code, words in WAYS.items()]


def first_needs(lang: Lang) -> list[tuple[str, str]]:
    return [(code, need(code, lang)) for code in FIRST]
