"""What somebody reads of their first days at home; grade six, Spanish written for itself. Nobody's fault is in it."""

from collections.abc import Mapping

from services.intake.first_days import Condition, Kind, Stage
from shared.web.words import Words

FIRST_DAYS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Your first days",
        "lead": "What you need when you come home, and who sees to it. Tell your worker what is wrong or new.",
        "day": "You come home {day}.",
        "no_day": "No day is known yet.",
        "no_day_why": "Tell your worker when you know it. It can change any time.",
        "things": "What is ready",
        "supervision": "What you told us of your supervision",
        "back": "Back to my page",
    },
    "staff": {  # the same page for whoever walks with them
        "title": "Their first days",
        "lead": "Arrange each of the five a day before they come home. Nothing here has to be there first for help to "
        "begin.",
        "day": "They come home {day}.",
        "no_day": "No day is known yet.",
        "no_day_why": "Write it down when they know it. It can change any time.",
        "things": "What is ready",
        "supervision": "What they told us of their supervision",
        "back": "Back to their page",
    },
    "es": {
        "title": "Sus primeros días",
        "lead": "Lo que necesita al volver a casa, y quién se ocupa. Diga a quien le ayuda qué falta o qué cambió.",
        "day": "Usted vuelve a casa {day}.",
        "no_day": "Todavía no se sabe el día.",
        "no_day_why": "Dígalo a quien le ayuda cuando lo sepa. Puede cambiar.",
        "things": "Qué está listo",
        "supervision": "Lo que nos contó de su supervisión",
        "back": "Volver a mi página",
    },
}
THINGS: Mapping[Kind, Words] = {
    Kind.RIDE: Words("A ride home", "Quien le lleve a casa"),
    Kind.PHONE: Words("A phone", "Un teléfono"),
    Kind.BED: Words("A bed for the first nights", "Una cama para las primeras noches"),
    Kind.MEDICINE: Words("Your medicine", "Sus medicinas"),
    Kind.DOCUMENTS: Words("Your ID and papers", "Su identificación y sus papeles"),
}
STAGES: Mapping[Stage, Words] = {
    Stage.OPEN: Words("Not ready yet. We see to it.", "Todavía no está. Nos ocupamos."),
    Stage.PRESSING: Words("Not ready yet. We do it first of all.", "Todavía no está. Es lo primero que hacemos."),
    Stage.ARRANGED: Words("It is set up for you.", "Ya está preparado para usted."),
    Stage.THERE: Words("You have it.", "Ya lo tiene."),
    Stage.NOT_WANTED: Words("You said you do not need it.", "Usted dijo que no lo necesita."),
    Stage.MISSED: Words("It was not there in time. We are sorry.", "No llegó a tiempo. Lo sentimos."),
}
CONDITIONS: Mapping[Condition, Words] = {
    Condition.CHECK_INS: Words("I have to check in", "Tengo que presentarme"),
    Condition.CURFEW: Words("I have to be home at some hours", "Tengo que estar en casa a ciertas horas"),
    Condition.TRAVEL: Words("I need a permit for some places", "Necesito permiso para ir a algunos lugares"),
    Condition.NO_CONTACT: Words("There is someone I may not meet", "Hay alguien a quien no puedo ver"),
    Condition.DEVICE: Words("I wear or carry a device", "Llevo un aparato"),
    Condition.CLASSES: Words("I have to go to classes or care", "Tengo que ir a clases o a un tratamiento"),
    Condition.FEES: Words("I have to pay fees", "Tengo que pagar cuotas"),
}
