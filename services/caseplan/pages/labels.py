"""What stands on buttons: the deed, said by whoever presses it. Staff read English; the person their language."""

from collections.abc import Mapping
from typing import NamedTuple

from shared.web.words import Lang


class Label(NamedTuple):
    en: str
    es: str

    def in_lang(self, lang: Lang) -> str:
        return self.es if lang == "es" else self.en


STAFF: Mapping[tuple[str, str], str] = {
    ("referral", "send"): "Send it",
    ("referral", "see"): "We have read it",
    ("referral", "accept"): "Yes, we can help",
    ("referral", "waitlist"): "Keep a place in line",
    ("referral", "decline"): "Say no, and why",
    ("referral", "attempt"): "Write down an attempt",
    ("referral", "begin"): "Help has begun",
    ("referral", "await"): "Something is needed",
    ("referral", "hold"): "Put it on hold",
    ("referral", "continue"): "It goes on",
    ("referral", "report"): "Say how it ended",
    ("referral", "offer"): "Offer another program",
    ("referral", "tell"): "Write down what they told you",
    ("referral", "choose_next"): "They chose another program",
    ("referral", "not_now"): "They said not now",
    ("referral", "resume"): "They share again",
    ("referral", "reopen"): "They want it open again",
    ("referral", "withdraw"): "They take it back",
    ("referral", "mark_error"): "Mark it as our mistake",
    ("setback", "try"): "I tried and missed them",
    ("setback", "contact"): "We have spoken",
    ("setback", "offer_revision"): "Offer a lighter plan",
    ("setback", "reflect"): "Write down what could help",
    ("setback", "accept_revision"): "They want a lighter plan",
    ("setback", "decline_revision"): "The plan is fine for them",
    ("setback", "not_now"): "They said not now",
    ("setback", "enough"): "They have what they needed",
    ("setback", "nobody_came"): "They say nobody was in touch",
    ("setback", "ask_again"): "They ask for somebody again",
    ("setback", "withdraw"): "They take it back",
    ("concern", "read"): "I have read it",
    ("concern", "ask"): "I have asked them",
    ("concern", "set_aside"): "Set it aside",
    ("promise", "keep"): "It is done",
    ("promise", "admit"): "Own up",
    ("promise", "ask_for_time"): "Ask for another time",
    ("promise", "agree"): "They agree to the other time",
    ("promise", "refuse"): "They keep the first time",
    ("plan", "suggest"): "Suggest a change",
    ("plan", "sign"): "Sign it",
    ("plan", "disagree"): "Not like this: let us talk",
    ("plan", "not_now"): "They said not now",
    ("plan", "ask_load"): "Read and send",
    ("plan", "fits"): "They say it fits",
    ("plan", "say_too_much"): "They say it is too much",
    ("plan", "stop"): "They stop the plan",
    ("plan", "move_step"): "They move a step",
    ("plan", "drop_step"): "They let go of a step",
    ("plan", "finish_step"): "It is done",
}
MINE: Mapping[tuple[str, str], Label] = {
    ("referral", "send"): Label("Send it", "Enviarlo"),
    ("referral", "confirm"): Label("Yes, it ended so", "Sí, así terminó"),
    ("referral", "dispute"): Label("No, it did not", "No, no fue así"),
    ("referral", "choose_next"): Label("Choose this one", "Escoger este"),
    ("referral", "not_now"): Label("Not now", "Ahora no"),
    ("referral", "resume"): Label("Share again", "Compartir otra vez"),
    ("referral", "reopen"): Label("Open it again", "Abrirlo otra vez"),
    ("referral", "withdraw"): Label("Take it back", "Retirarlo"),
    ("setback", "nobody_came"): Label("Nobody was in touch", "Nadie se comunicó conmigo"),
    ("setback", "reflect"): Label("Say what could help", "Decir qué ayudaría"),
    ("setback", "accept_revision"): Label("Yes, something lighter", "Sí, algo más ligero"),
    ("setback", "decline_revision"): Label("The plan is fine", "El plan está bien así"),
    ("setback", "not_now"): Label("Not now", "Ahora no"),
    ("setback", "enough"): Label("That is what I needed", "Eso era lo que necesitaba"),
    ("setback", "ask_again"): Label("I need someone again", "Necesito a alguien otra vez"),
    ("setback", "withdraw"): Label("Take it back", "Retirarlo"),
    ("promise", "agree"): Label("Yes, that time is fine", "Sí, esa hora está bien"),
    ("promise", "refuse"): Label("No, keep the first time", "No, dejen la primera hora"),
    ("promise", "say_kept"): Label("They did it", "Sí lo hicieron"),
    ("promise", "say_broken"): Label("This did not happen", "Esto no pasó"),
    ("promise", "release"): Label("I do not need it now", "Ya no lo necesito"),
    ("plan", "propose"): Label("Change it", "Cambiarlo"),
    ("plan", "sign"): Label("Yes, I sign it", "Sí, lo firmo"),
    ("plan", "not_now"): Label("Not now", "Ahora no"),
    ("plan", "fits"): Label("It fits me", "Me queda bien"),
    ("plan", "say_too_much"): Label("This is too much", "Esto es demasiado"),
    ("plan", "stop"): Label("Stop the plan", "Parar el plan"),
    ("plan", "move_step"): Label("Move it", "Moverlo"),
    ("plan", "drop_step"): Label("Let it go", "Dejarlo"),
    ("plan", "finish_step"): Label("I did it", "Ya lo hice"),
}
NEEDS: Mapping[str, Label] = {
    "housing": Label("A place to stay", "Un lugar donde vivir"),
    "food": Label("Food", "Comida"),
    "phone": Label("A phone", "Un teléfono"),
    "transport": Label("Rides", "Transporte"),
    "documents": Label("Papers and ID", "Papeles e identificación"),
    "work": Label("Work", "Trabajo"),
    "education": Label("School or training", "Escuela o capacitación"),
    "money": Label("Money and benefits", "Dinero y ayudas"),
    "health": Label("A doctor or medicine", "Médico o medicinas"),
    "mental_health": Label("Someone to talk to", "Alguien con quien hablar"),
    "substance_use": Label("Staying off drugs or drink", "Dejar las drogas o el alcohol"),
    "legal": Label("Legal help", "Ayuda legal"),
    "family": Label("Family", "Familia"),
    "mentoring": Label("Someone who has been there", "Alguien que ya pasó por esto"),
    "community": Label("Something else", "Otra cosa"),
}


def label(kind: str, verb: str, *, own: bool, lang: Lang = "en") -> str:
    """What the button says; a verb without words of its own says its name."""
    if own and (kind, verb) in MINE:
        return MINE[kind, verb].in_lang(lang)
    return STAFF.get((kind, verb), verb.replace("_", " ").capitalize())


def need(code: str, lang: Lang = "en") -> str:
    return NEEDS[code].in_lang(lang) if code in NEEDS else code.replace("_", " ").capitalize()
