"""What the person's page says of two records that are theirs. As in says.py: grade six, the doer first."""

from collections.abc import Mapping

from shared.web.words import Lang, Words

RECORDS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "title": "More than one record of you",
        "lead": "If two places here help you, each keeps its own record. Nothing joins them unless you say so.",
        "link": "See if there is more than one record of you",
        "list": "You said that these are yours too",
        "linked": "{agency} helps you too. You told both places so, face to face, {when}.",
        "linked_here": "{agency} has two records of you. You told your worker so, face to face, {when}.",
        "opens": "Each place reads only its own. What you share stays as you chose it.",
        "not_right": "That is not right",
        "follows": "They are two records again at once. Each place checks who saw what, and you read it here.",
        "end": "They are not both mine",
        "none": "You have one record.",
        "none_why": "Does another place help you? Tell the person who helps you. They ask there only if you say yes.",
        "asks": "Asked for you",
        "asked": "Your worker asked at {agency} {when}, since you said yes. If you say yes there too, it stands here.",
        "wrongs": "What was mixed up",
        "wrong": "Two records were taken apart {when}. They had been marked as one.",
        "nothing_shown": "Nobody else saw anything of you because of it.",
        "waits": "The place that helps you will check how that came. You can read here what they find.",
        "found": "What they found: “{words}”",
        "back": "Back to what is shared",
    },
    "es": {
        "title": "Más de una ficha suya",
        "lead": "Si dos lugares de aquí le ayudan, cada uno tiene su propia ficha. Nada las une si usted no lo dice.",
        "link": "Ver si hay más de una ficha suya",
        "list": "Usted dijo que estas también son suyas",
        "linked": "{agency} también le ayuda. Usted lo dijo en los dos lugares, cara a cara, {when}.",
        "linked_here": "{agency} tiene dos fichas suyas. Usted lo dijo a su trabajador, cara a cara, {when}.",
        "opens": "Cada lugar lee solo la suya. Lo que usted comparte sigue como usted quiso.",
        "not_right": "Eso no es así",
        "follows": "Son dos fichas otra vez, al momento. Cada lugar revisa quién vio qué por eso, y usted lo lee aquí.",
        "end": "No son mías las dos",
        "none": "Usted tiene una sola ficha.",
        "none_why": "¿Le ayuda otro lugar? Dígaselo a quien le ayuda. Pregunta allá solo si usted dice que sí.",
        "asks": "Se preguntó por usted",
        "asked": "Su trabajador preguntó en {agency} {when}, porque usted quiso. Si usted dice sí allá, se ve aquí.",
        "wrongs": "Lo que se mezcló",
        "wrong": "Dos fichas se separaron {when}. Estaban marcadas como una sola.",
        "nothing_shown": "Nadie más vio nada de usted por eso.",
        "waits": "El lugar que le ayuda va a revisar cómo pasó. Aquí puede leer lo que encuentre.",
        "found": "Lo que encontró: “{words}”",
        "back": "Volver a lo que se comparte",
    },
}
SAID: Mapping[str, Words] = {
    "told-apart": Words("Saved: they are two people. Nobody is asked again.", "Guardado: son dos personas."),
    "linked": Words("Written down. Each record stays as it is.", "Anotado. Cada ficha sigue igual."),
    "not-them": Words("Written down. Nobody else hears of it.", "Anotado. Nadie más se entera."),
    "asked-there": Words(
        "Asked. You read here if they say yes there. Nothing else is said, whoever they know.",
        "Se preguntó. Si dice que sí allá, se ve aquí.",
    ),
    "born-saved": Words("Saved.", "Guardado."),
    "unlinked": Words("Done. They are two records again.", "Listo. Son dos fichas otra vez."),
}
