"""What somebody may need, in the words that people read: one list for forms, plans, referrals and the directory."""

from collections.abc import Iterable, Mapping

from shared.web.words import Lang, Words

NEEDS: Mapping[str, Words] = {
    "housing": Words("A place to stay", "Un lugar donde vivir"),
    "food": Words("Food", "Comida"),
    "phone": Words("A phone", "Un teléfono"),
    "transport": Words("Rides or a bus pass", "Transporte o pase de autobús"),
    "documents": Words("Papers and ID", "Papeles e identificación"),
    "work": Words("Work", "Trabajo"),
    "education": Words("School or training", "Escuela o capacitación"),
    "money": Words("Money and benefits", "Dinero y ayudas"),
    "health": Words("A doctor or medicine", "Médico o medicinas"),
    "mental_health": Words("Someone to talk to", "Alguien con quien hablar"),
    "substance_use": Words("Staying off drugs or drink", "Dejar las drogas o el alcohol"),
    "legal": Words("Legal help", "Ayuda legal"),
    "family": Words("Family", "Familia"),
    "mentoring": Words("Someone who has been there", "Alguien que ya pasó por esto"),
    "community": Words("Something else", "Otra cosa"),
}


STAFF = {"legal": "legal help", "documents": "papers and ID", "community": "other things"}  # where the code is no word


def need(code: str, lang: Lang = "en") -> str:
    """What it is called on forms and pages; a code that is newer than this list says its name."""
    return NEEDS[code].in_lang(lang) if code in NEEDS else code.replace("_", " ").capitalize()


def for_staff(codes: Iterable[str]) -> list[str]:
    """The same in a word, inside a sentence of staff: "housing", "mental health"."""
    return [STAFF.get(code, code.replace("_", " ")) for code in codes]
