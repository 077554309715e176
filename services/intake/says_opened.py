"""What the person's page says of an emergency in which their record was opened, and of whom they never let look.

As in says.py: grade six, the doer first, Spanish written for itself.
"""

from collections.abc import Mapping

from shared.web.words import Lang, Words

OPENED: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "title": "Opened to help you fast",
        "lead": "Your life or health was at risk, and nobody could ask you. So someone opened a small part.",
        "read": "Read who and why",
        "who": "{who} at {agency} opened it {when}. It was shut again {until}.",
        "is_open": "{who} at {agency} opened it {when}. It shuts again {until}.",
        "what": "They saw your name, your language, how to reach you, who walks with you, and who treats you.",
        "treatment": "They also saw who treats you for drugs or alcohol. A law asks us to write that down.",
        "they_wrote": "They wrote: “{words}”",
        "treated": "They said that {who} treated you at {place}.",
        "waits": "{agency} will check if that was right. You can read here what they find.",
        "good_faith": "{agency} checked: it was needed.",
        "not_good_faith": "{agency} checked: it was wrong. It should have stayed shut. Talk with them about it.",
        "found": "What they found: “{words}”",
        "not_again": "You can keep an agency out for good, here too:",
    },
    "es": {
        "title": "Se abrió para ayudarle rápido",
        "lead": "Su vida o su salud corría peligro y nadie podía preguntarle. Por eso alguien abrió una parte pequeña.",
        "read": "Leer quién y por qué",
        "who": "{who} de {agency} la abrió {when}. Se cerró otra vez {until}.",
        "is_open": "{who} de {agency} la abrió {when}. Se cierra otra vez {until}.",
        "what": "Vio su nombre, su idioma, cómo comunicarse con usted, quién le acompaña y quién cuida su salud.",
        "treatment": "También vio quién le atiende por drogas o alcohol. Una ley nos pide anotarlo.",
        "they_wrote": "Escribió: “{words}”",
        "treated": "Dijo que {who} le atendió en {place}.",
        "waits": "{agency} va a revisar si estuvo bien. Aquí puede leer lo que encuentre.",
        "good_faith": "{agency} lo revisó: hacía falta.",
        "not_good_faith": "{agency} lo revisó: estuvo mal. No se debió abrir. Hable con ellos.",
        "found": "Lo que encontró: “{words}”",
        "not_again": "Usted puede dejar fuera a una agencia para siempre, también para esto:",
    },
}
NEVER: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "title": "Who may never look",
        "lead": "Choose an agency that may never look at what we keep of you. Not even if your life is at risk.",
        "first": "If a doctor there needs to know something fast, they will not find it here.",
        "ends": "What you let them know before ends too. What they read before, we can’t take back.",
        "unseen": "They can’t see that they stand on this list.",
        "which": "Which agency?",
        "mend_which": "Choose which one.",
        "button": "They may never look",
        "list": "Kept out",
        "none": "You keep nobody out.",
        "none_why": "That is fine. You can change it any day.",
        "take_back": "Take it back",
        "link": "Choose who may never look",
        "back": "Back to what is shared",
    },
    "es": {
        "title": "Quién nunca puede mirar",
        "lead": "Escoja una agencia que nunca pueda mirar lo que guardamos de usted. Ni si su vida corre peligro.",
        "first": "Si ahí un médico necesita saber algo rápido, aquí no lo va a encontrar.",
        "ends": "También termina lo que usted les dejó saber. Lo que ya leyeron no se puede borrar.",
        "unseen": "Ellos no pueden ver que están en esta lista.",
        "which": "¿Qué agencia?",
        "mend_which": "Escoja cuál.",
        "button": "Nunca pueden mirar",
        "list": "Quedan fuera",
        "none": "Usted no deja fuera a nadie.",
        "none_why": "Está bien así. Puede cambiarlo cualquier día.",
        "take_back": "Quitarla de la lista",
        "link": "Escoger quién nunca puede mirar",
        "back": "Volver a lo que se comparte",
    },
}
NEVER_SAID: Mapping[str, Words] = {
    "never-said": Words("Done. They may never look.", "Listo. Nunca pueden mirar."),
    "never-taken-back": Words("Done. What ended stays ended.", "Listo. Lo que terminó no vuelve solo."),
}
