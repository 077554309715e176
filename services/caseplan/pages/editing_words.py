"""What the plan editor says, to staff and to the person in their language."""

from collections.abc import Mapping

from shared.web.words import Lang

# What would meet a rule of the plan's table, in the person's Spanish; the table says it in English.
RULES: Mapping[str, str] = {
    "steps_of_two_weeks": "Hágalo más pequeño: un paso se termina en 14 días a partir de hoy.",
    "every_step_has_its_goal": "Empiece con una meta en palabras; cada paso es parte de una.",
    "done_stays_done": "Lo que está hecho queda hecho, y solo quien lo hizo lo dice.",
}
WORDS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "title": "The plan",
        "mine_title": "My plan",
        "lead": "Their goals in their words, small steps for both sides. It holds once they have signed it, too.",
        "mine_lead": "Say what you want. Small steps help. {worker} reads it and signs, too.",
        "goal": "What do they want?",
        "mine_goal": "What do you want?",
        "step": "A small step",
        "whose": "Whose step?",
        "mine": "Mine",
        "theirs": "Theirs",
        "ours": "Ours: a promise",
        "by": "By",
        "by_hint": "Within two weeks. What takes longer is a goal.",
        "more": "One more goal",
        "save": "Suggest this plan",
        "mine_save": "This is what I want",
        "back": "Go back",
        "done": "Done",
        "mend": "Give this step a day within the next two weeks.",
    },
    "es": {
        "title": "El plan",
        "mine_title": "Mi plan",
        "lead": "Sus metas en sus palabras.",
        "mine_lead": "Diga lo que quiere. Los pasos pequeños ayudan. {worker} lo lee y también firma.",
        "goal": "¿Qué quiere?",
        "mine_goal": "¿Qué quiere usted?",
        "step": "Un paso pequeño",
        "whose": "¿De quién es el paso?",
        "mine": "Mío",
        "theirs": "Suyo",
        "ours": "Nuestro: una promesa",
        "by": "Para",
        "by_hint": "Dentro de dos semanas. Lo que toma más tiempo es una meta.",
        "more": "Otra meta",
        "save": "Sugerir este plan",
        "mine_save": "Esto es lo que quiero",
        "back": "Regresar",
        "done": "Hecho",
        "mend": "Ponga un día dentro de las próximas dos semanas.",
    },
}
