"""What somebody did with a person's record, in that person's words: grade six, English and Spanish beside each other.

A key is the action of the permission table, with the kind of what it was done to where one action is several deeds.
"""

from collections.abc import Mapping

from shared.web.words import Lang, Words

# Who told the named worker of a worry did so privately; the person hears of it once that worker asks them.
PRIVATE = frozenset({"concern.raise", "concern.read", "concern.settle"})
COMPARED = frozenset({"duplicate.read", "duplicate.settle"})  # told to the person as their name in a list

DEEDS: Mapping[str, Words] = {
    "person.add": Words("wrote down your name", "anotó su nombre"),
    "invitation.read": Words("saw your name before you came", "vio su nombre antes de que usted llegara"),
    "invitation.answer": Words("wrote down your yes, or made you a link", "anotó su sí, o le hizo un enlace"),
    "release_list.send": Words("told an agency of you", "habló de usted a una agencia"),
    "person.refer_self": Words("asked for help with you", "pidió ayuda junto con usted"),
    "person.read": Words("opened your page", "abrió su página"),
    "person.name": Words("saw your name", "vio su nombre"),
    "person.list": Words("saw your name in a list", "vio su nombre en una lista"),
    "person.reach": Words("saw how to reach you", "vio cómo comunicarse con usted"),
    "person.edit": Words("changed how to reach you", "cambió cómo comunicarse con usted"),
    "person.assign": Words("named who walks with you", "nombró a quien le acompaña"),
    "first_days.read": Words("looked at your first days", "miró sus primeros días"),
    "first_days.write": Words("wrote on your first days", "escribió en sus primeros días"),
    "portrait.read": Words("read what you told us about you", "leyó lo que usted contó de sí"),
    "portrait.edit": Words("wrote down what you told them", "anotó lo que usted contó"),
    "portrait.edit pace": Words("asked if you want to go on", "le preguntó si quiere seguir"),
    "ways.read": Words("saw all the ways to reach you", "vio todas las formas de comunicarse con usted"),
    "ways.edit": Words("changed the ways to reach you", "cambió las formas de comunicarse con usted"),
    "way_in.read": Words("looked at how you sign in", "miró cómo entra usted"),
    "way_in.make": Words("made you a new link", "le hizo un enlace nuevo"),
    "way_in.end": Words("signed out your lost phone", "cerró su teléfono perdido"),
    "way_in.end number": Words("stopped messages to your number", "paró los mensajes a su número"),
    "looks.read": Words("checked who looked", "revisó quién miró"),
    "disclosures.read": Words("checked who was told what", "revisó a quién se le contó qué"),
    "consent.ask": Words("asked you if something may be shared", "le preguntó si se puede compartir algo"),
    "consent.record": Words("wrote down that you said yes", "anotó que usted dijo que sí"),
    "consent.answer": Words("wrote down your answer", "anotó su respuesta"),
    "consent.read": Words("saw what you share", "vio lo que usted comparte"),
    "consent.revoke": Words("wrote down that you said stop", "anotó que usted pidió parar"),
    "consent.use": Words("told what you let them tell once", "contó lo que usted dejó contar una vez"),
    "duplicate.read": Words("checked if you are here twice", "revisó si usted está aquí dos veces"),
    "duplicate.settle": Words(
        "wrote down that you and somebody else are two people", "anotó que usted y otra persona son dos"
    ),
    "link.read": Words("saw where else you said you get help", "vio dónde más dijo usted que le ayudan"),
    "link.make": Words("wrote down that two records are yours", "anotó que dos fichas son suyas"),
    "link.ask": Words("asked at a place that you named", "preguntó en un lugar que usted nombró"),
    "link.answer": Words("wrote down if you get help elsewhere", "anotó si le ayudan en otro lugar"),
    "link.end": Words("took two records apart", "separó dos fichas"),
    "incident.close": Words("said how two records got mixed up", "dijo cómo se mezclaron dos fichas"),
    "erasure.read": Words("saw if you asked to have it all erased", "vio si usted pidió borrar todo"),
    "erasure.ask": Words("wrote down that you want it all erased", "anotó que usted quiere borrar todo"),
    "erasure.confirm": Words("said that it was you who asked", "dijo que fue usted quien lo pidió"),
    "erasure.take_back": Words("wrote down that you took that back", "anotó que usted cambió de idea"),
    "emergency.open": Words("opened your record to get you help fast", "abrió su información para ayudarle"),
    "emergency.read": Words("read what they opened", "leyó lo que abrió"),
    "desk.read": Words("checked who opened or asked for your record", "revisó quién abrió o pidió su información"),
    "demand.record": Words("wrote down that someone asks by law for it", "anotó que alguien lo pide por ley"),
    "demand.decide": Words("wrote down what the lawyer decided", "anotó lo que decidió el abogado"),
    "desk.review": Words("said if it was right to open it", "dijo si estuvo bien abrirla"),
    "hold.set": Words("wrote down what a law makes them keep", "anotó lo que una ley les hace guardar"),
    "today.read": Words("saw you on their list for the day", "le vio en su lista del día"),
    "plan.read": Words("opened your plan", "abrió su plan"),
    "plan.draft": Words("wrote on your plan", "escribió en su plan"),
    "plan.sign": Words("said yes or no to your plan", "dijo sí o no a su plan"),
    "plan.too_much": Words("asked if your plan is too much", "preguntó si su plan pide demasiado"),
    "step.mark": Words("moved a step or marked it done", "movió un paso o lo dio por hecho"),
    "promise.read": Words("looked at a promise to you", "miró algo que le prometieron"),
    "promise.make": Words("made you a promise", "le prometió algo"),
    "promise.make contact": Words("wrote down that you two were in touch", "anotó que estuvieron en contacto"),
    "promise.keep": Words("said that a promise is kept", "dijo que cumplió algo prometido"),
    "promise.break": Words("said that a promise was not kept", "dijo que no cumplió algo prometido"),
    "promise.renegotiate": Words("asked for more time for a promise", "pidió más tiempo para algo prometido"),
    "referral.list": Words("saw in a list what you asked for", "vio en una lista lo que usted pidió"),
    "referral.read": Words("opened what you asked for", "abrió lo que usted pidió"),
    "referral.detail": Words("read what you let them know", "leyó lo que usted les dejó saber"),
    "referral.send": Words("asked a program for you", "pidió ayuda a un programa para usted"),
    "referral.choose": Words("wrote down what you chose", "anotó lo que usted escogió"),
    "referral.answer": Words("answered what you asked for", "respondió a lo que usted pidió"),
    "referral.record_answer": Words("wrote down a program’s answer", "anotó la respuesta de un programa"),
    "referral.progress": Words("wrote down how it goes on", "anotó cómo sigue"),
    "referral.report": Words("said how it ended", "dijo cómo terminó"),
    "referral.record_word": Words("wrote down how you said it ended", "anotó cómo dijo usted que terminó"),
    "referral.withdraw": Words("took back what was asked for", "retiró lo que se pidió"),
    "referral.reopen": Words("asked a program again for you", "volvió a pedir ayuda para usted"),
    "referral.mend": Words("took out what was written by mistake", "quitó lo que se anotó por error"),
    "setback.read": Words("read what got hard for you", "leyó lo que se le puso difícil"),
    "setback.answer": Words("got in touch about what got hard", "le buscó por lo que se puso difícil"),
    "setback.reflect": Words("wrote down what could help", "anotó lo que podría ayudar"),
    "setback.settle": Words("wrote down what you said of the help", "anotó lo que usted dijo de la ayuda"),
    "setback.cover": Words("stepped in for your worker", "tomó el lugar de su trabajador"),
    "leaving.hand_over": Words(
        "gave a colleague what was to be done for you", "pasó a otra persona lo que le toca a usted"
    ),
    "concern.raise": Words("told your worker of a worry", "le contó una preocupación a su trabajador"),
    "concern.read": Words("read of a worry", "leyó una preocupación"),
    "concern.settle": Words("decided about a worry", "decidió sobre una preocupación"),
    "message.read": Words("read your messages", "leyó sus mensajes"),
}
FORM = Words("opened a form about you", "abrió un formulario sobre usted")  # what is sent with it is told as that
SOMETHING = Words("looked at your record", "miró su información")
REFUSED = Words("tried to look and was not let in", "intentó mirar y no pudo")

WHY: Mapping[str, Words] = {
    "care": Words("to walk with you", "para acompañarle"),
    "welcome": Words("to welcome you", "para recibirle"),
    "list": Words("to find somebody in their list", "para encontrar a alguien en su lista"),
    "consent": Words("for what you share", "por lo que usted comparte"),
    "referral": Words("for what you asked for", "por lo que usted pidió"),
    "promise": Words("for a promise to you", "por algo que le prometieron"),
    "plan": Words("for your plan", "por su plan"),
    "setback": Words("because something got hard", "porque algo se puso difícil"),
    "concern": Words("because of a worry", "por una preocupación"),
    "erasure": Words("about having it all erased", "por lo de borrar todo"),
    "emergency": Words("since your life or health was at risk", "porque su vida o su salud corría peligro"),
    "records": Words("to have one record of you, if you want that", "para tener una sola ficha suya, si usted quiere"),
    "law": Words("because of a law", "por una ley"),
    "oversight": Words("to check that we look with good reason", "para revisar que haya una buena razón para mirar"),
}

COVERING = Words("covering for {name}", "en lugar de {name}")
A_COLLEAGUE = Words("a colleague", "otra persona del equipo")
TIMES = Words("{count} times", "{count} veces")

PAGE: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "title": "Who looked",
        "lead": "Each look at what we keep of you stands here. The latest is first.",
        "intake": "At your name and what you share",
        "caseplan": "At your plan and what you asked for",
        "notifications": "At your messages",
        "nobody": "Nobody has looked here yet.",
        "why": "Why:",
        "back": "Back to what is shared",
        "all": "See who looked",
    },
    "es": {
        "title": "Quién miró",
        "lead": "Aquí está cada vez que alguien miró lo que guardamos de usted. Lo último va primero.",
        "intake": "Su nombre y lo que usted comparte",
        "caseplan": "Su plan y lo que usted pidió",
        "notifications": "Sus mensajes",
        "nobody": "Aquí nadie ha mirado todavía.",
        "why": "Por qué:",
        "back": "Volver a lo que se comparte",
        "all": "Ver quién miró",
    },
}
