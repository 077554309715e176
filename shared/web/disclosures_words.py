"""What others were told, in the words of the person it is about: grade six, English and Spanish beside each other."""

from collections.abc import Mapping

from shared.web.words import Lang, Words

# By the action that shows it; or what stood on an agency's own stream.
WHAT: Mapping[str, Words] = {
    "person.name": Words("your name", "su nombre"),
    "person.reach": Words("how to reach you", "cómo comunicarse con usted"),
    "referral.list": Words("what you ask them for", "lo que usted les pide"),
    "referral.read": Words("what you ask them for", "lo que usted les pide"),
    "referral.detail": Words("what you let them know about it", "lo que usted les dejó saber"),
    "emergency.open": Words(
        "your name, how to reach you, and who treats you", "su nombre, cómo comunicarse con usted y quién le atiende"
    ),
    "link.read": Words("that another agency walks with you too", "que otra agencia también le acompaña"),
    "referral": Words("that somebody asks them for help, with no name", "que alguien les pide ayuda, sin nombre"),
    "setback": Words("that something got hard, with no name", "que algo se puso difícil, sin nombre"),
}
WAYS: Mapping[str, Words] = {
    "shown": Words("They looked it up here.", "Lo vieron aquí."),
    "stream": Words("It went to their own system.", "Llegó a su propio sistema."),
}
UNASKED: Mapping[str, Words] = {  # what no consent of theirs names, and why it was told
    "emergency.open": Words(
        "Why: your life or health was at risk, and you could not be asked.",
        "Por qué: su vida o su salud corría peligro, y no se le podía preguntar.",
    ),
    "link.read": Words(
        "Why: you told both of them, face to face, that both records are yours.",
        "Por qué: usted les dijo a las dos, cara a cara, que las dos fichas son suyas.",
    ),
}
PAGE: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "title": "Who was told what",
        "lead": "Each time that another agency was told about you, for six years back. "
        "Each says why. You can print this page.",
        "link": "See who was told what",
        "intake": "Your name and how to reach you",
        "caseplan": "What you asked for",
        "notifications": "What went to their own systems",
        "nobody": "Nobody was told here.",
        "why": "Why: you said yes to it.",
        "back": "Back to who was told what",
        "shared": "Back to what is shared",
    },
    "es": {
        "title": "A quién se le contó qué",
        "lead": "Cada vez que se le contó algo de usted a otra agencia, en los últimos seis años. "
        "Cada una dice por qué. Puede imprimir esta página.",
        "link": "Ver a quién se le contó qué",
        "intake": "Su nombre y cómo comunicarse",
        "caseplan": "Lo que usted pidió",
        "notifications": "Lo que llegó a sus propios sistemas",
        "nobody": "Aquí no se le contó nada a nadie.",
        "why": "Por qué: usted dijo que sí.",
        "back": "Volver a quién se le contó qué",
        "shared": "Volver a lo que se comparte",
    },
}
