"""The words of small forms: labels and hints by field, what a deed means before it is done, codes in both languages."""

from collections.abc import Mapping
from typing import NamedTuple

from services.caseplan.pages.labels import label
from shared.contracts.codes import Coded
from shared.contracts.plan import Load
from shared.contracts.referral import Outcome, WithdrawReason
from shared.contracts.setback import Pace
from shared.web.words import Lang


class Said(NamedTuple):
    label: str
    hint: str = ""


FIELDS: Mapping[str, Said] = {
    "reason": Said("Why not?", "They read it, so that the next door fits better."),
    "rule": Said("Which rule?", "Only where a rule stands in the way."),
    "document": Said("Which paper?", "Only where one is missing."),
    "words": Said("In words", "Only where the list above does not say it. It is kept sealed."),
    "position": Said("Which place in line?"),
    "contact": Said("How did you try?"),
    "waiting_for": Said("What is needed from them?"),
    "hold_reason": Said("Why does it wait?"),
    "outcome": Said("How did it end?", "They say whether it was so."),
    "told": Said("What did they tell you?", "It is kept apart: it confirms and closes nothing."),
    "due": Said("By when instead?", "The old time holds until they say yes."),
    "late": Said("It came late"),
    "withdraw_reason": Said("Why?", "Nobody has to say."),
    "checked": Said("I have asked them in another safe way, too"),
    "next": Said("Which one?", "In the order of the alphabet. It hears nothing before they choose it."),
    "second": Said("If nobody there takes it, then", "It is asked at once, under a consent for it."),
    "next_time": Said("What could help next time?", "In their words. Leave it empty if you like."),
    "pace": Said("How soon?"),
    "loads": Said("What makes you ask?"),
    "consent": Said("Consent"),
    "step": Said("Which step?"),
}
MINE: Mapping[Lang, Mapping[str, Said]] = {
    "en": {
        "withdraw_reason": Said("Do you want to say why?", "You do not have to."),
        "next": Said("Which one do you choose?", "It hears nothing before you choose it."),
        "next_time": Said("What could help next time?", "Leave it empty if you like."),
        "pace": Said("How soon should someone call?"),
        "due": Said("Which day?", "Any day in the next two weeks."),
        "consent": Said("Your yes to sharing"),
        "step": Said("Which step?"),
        "checked": Said("I have checked it"),
    },
    "es": {
        "withdraw_reason": Said("¿Quiere decir por qué?", "No tiene que hacerlo."),
        "next": Said("¿Cuál escoge?", "No se entera de nada antes de que usted lo escoja."),
        "next_time": Said("¿Qué ayudaría la próxima vez?", "Puede dejarlo vacío."),
        "pace": Said("¿Qué tan pronto quiere que le llamen?"),
        "due": Said("¿Qué día?", "Cualquier día de las próximas dos semanas."),
        "consent": Said("Permiso"),
        "step": Said("¿Cuál paso?"),
        "checked": Said("Ya lo confirmé"),
    },
}
CODES_ES: Mapping[str, str] = {
    WithdrawReason.NOT_ASKED: "No digo por qué",
    WithdrawReason.FOUND_ELSEWHERE: "Lo encontré en otro lugar",
    WithdrawReason.NOT_NEEDED: "Ya no lo necesito",
    WithdrawReason.NOT_RIGHT: "No es el lugar para mí",
    Pace.SOON: "Pronto",
    Pace.TODAY: "En un día",
    Outcome.GOT_HELP: "Recibí la ayuda",
    Outcome.PARTLY: "Recibí una parte",
    Outcome.NOT_ELIGIBLE: "Una regla no lo permitió",
    Outcome.NO_CAPACITY: "Al final no había lugar",
    Outcome.UNREACHABLE: "No lograron comunicarse",
    Outcome.PERSON_DECLINED: "Por ahora no",
    Outcome.FAILED: "No funcionó",
    Load.CROWDED: "Muchos pasos en una semana",
    Load.MOVED_OFTEN: "Los pasos se mueven mucho",
    Load.ONE_SIDED: "Casi todo de un solo lado",
}
SHARED: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "agency": "the agency",
        "back": "Go back",
        "for": "For",
        "somebody": "this person",
        "consent": "Nobody there may be told yet. The person says yes first; “not now” costs nothing.",
        "ask": "Ask the person",
        "none": "No other program for this is known here.",
    },
    "es": {
        "agency": "la agencia",
        "back": "Regresar",
        "for": "Para",
        "somebody": "esta persona",
        "consent": "Ahí todavía no podemos decir nada. Diga usted primero que sí. «Ahora no» no le quita nada.",
        "ask": "Decir que sí",
        "none": "Aquí no conocemos otro programa para esto.",
    },
}
LEADS: Mapping[tuple[str, str], str] = {
    ("referral", "withdraw"): "{agency} hears that it needs nothing more from them. The door stays open.",
    ("referral", "mark_error"): "For what was written by mistake. It stays to be seen as that.",
    ("referral", "tell"): "For what they told you about how it went. Only they can confirm it, on their page.",
    ("referral", "decline"): "Say why. The next program is looked for at once, and hears nothing until they choose it.",
    ("referral", "report"): "They say whether it was so. “Not reached” needs three attempts that were written down.",
    ("referral", "record_answer"): "What {agency} said on the phone, written down by you and marked as that.",
    ("referral", "choose_next"): "The referral goes on there. {agency} hears that it needs nothing more from them.",
    ("referral", "offer"): "It is shown to the person. The program hears nothing until they choose it.",
    ("referral", "reopen"): "{agency} has it again, under a consent that is live.",
    ("referral", "resume"): "Sharing goes on where it stopped, under a consent that is live.",
    ("setback", "withdraw"): "What was written is gone then. Nobody asks why.",
    ("setback", "reflect"): "No reasons are asked.",
    ("concern", "set_aside"): "What it said is gone then.",
    ("promise", "ask_for_time"): "Before it is due. The old time holds until they say yes.",
    (
        "plan",
        "ask_load",
    ): "They read: “Is this too much?” They say that it fits, or that it is too much. Both are fine.",
    ("plan", "stop"): "The plan rests. Either side may suggest another, any day.",
    ("plan", "move_step"): "Any day in the next two weeks is fine.",
}
LEADS_ES: Mapping[tuple[str, str], str] = {
    ("referral", "withdraw"): "Le decimos a {agency} que ya no tiene que hacer nada. La puerta sigue abierta.",
    (
        "referral",
        "choose_next",
    ): "Se lo pedimos al que usted escoja. A {agency} le decimos que ya no tiene que hacer nada.",
    ("referral", "reopen"): "{agency} lo tiene otra vez, si usted da permiso.",
    ("referral", "resume"): "Seguimos donde paramos, si usted da permiso.",
    ("setback", "withdraw"): "Lo que escribió se borra. Nadie le pregunta por qué.",
    ("setback", "reflect"): "Nadie le pide razones.",
    ("plan", "stop"): "El plan descansa. Cualquier día se puede hacer otro.",
    ("plan", "move_step"): "Cualquier día de las próximas dos semanas está bien.",
}
MINE_LEADS: Mapping[tuple[str, str], str] = {
    ("referral", "withdraw"): "{agency} hears that it needs to do nothing more. The door stays open.",
    ("referral", "choose_next"): "We ask the one you choose. {agency} hears that it needs to do nothing more.",
    ("referral", "reopen"): "{agency} has it again, if you say yes to sharing.",
    ("referral", "resume"): "We go on where we stopped, if you say yes to sharing.",
    ("setback", "withdraw"): "What you wrote is gone then. No one asks why.",
    ("setback", "reflect"): "No one asks for reasons.",
    ("plan", "stop"): "The plan rests. You can make a new one any day.",
    ("plan", "move_step"): "Any day in the next two weeks is fine.",
}


def of(name: str, lang: Lang) -> Said:
    """Label and hint of a field; what staff alone fill in is English."""
    return MINE[lang].get(name) or FIELDS.get(name) or Said(name.replace("_", " ").capitalize())


def code(value: Coded, lang: Lang) -> str:
    return CODES_ES.get(value, value.label) if lang == "es" else value.label


def lead(kind: str, verb: str, lang: Lang, agency: str, *, own: bool) -> str:
    """What follows from it, said before it is done."""
    table = LEADS if not own else LEADS_ES if lang == "es" else MINE_LEADS
    text = table.get((kind, verb), "").format(agency=agency)
    return text[:1].upper() + text[1:]


def press(kind: str, verb: str, lang: Lang, *, own: bool) -> str:
    """The button under the form: the deed, never Submit."""
    if verb == "record_answer":
        return "Write it down"
    if (kind, verb) == ("plan", "ask_load"):
        return "Send the question"
    if (kind, verb) == ("promise", "ask_for_time"):
        return "Ask them"
    return label(kind, verb, own=own, lang=lang)
