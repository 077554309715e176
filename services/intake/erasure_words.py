"""What the page of having it all erased says, to the person and to the worker who reads it aloud: before and after."""

from collections.abc import Mapping

from shared.web.words import Lang

ERASURE: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "title": "Have it all erased",
        "lead": "You can have what we keep of you erased. Nobody asks you why.",
        "follows": "What happens",
        "known": "You ask. Then talk with the people who help you. One of them has to know that it is you. "
        "They write no number down.",
        "week": "Then you have seven days. One tap here takes it back.",
        "gone": "Then nobody can read it any more: not here, not in our copies.",
        "backups": "Old backups go dark too, as soon as the backups of our keys have run out.",
        "ends": "What ends",
        "ends_list": "Your page, your plan and what you share end that day. So do our texts to you.",
        "ends_places": "If you wait for a room or for work, call them. They hear nothing more from us.",
        "stays": "What stays",
        "stays_counts": "How many people we helped stays as a number. No name is in it.",
        "stays_theirs": "What others wrote down for themselves, we can’t take back. "
        "What lies in an agency’s own system they can read for three more days.",
        "stays_law": "If a law makes someone keep a part, it stays locked. Nobody reads it until it is gone.",
        "kept": "{agency} must keep it until {day}, because of {law}. It stays locked until then. Then it is erased.",
        "ask": "Erase what you keep of me",
        "ask_staff": "They asked me to erase it",
        "ask_follows": "Read what happens to them first. Nothing is erased before you say that you know them.",
        "asked": "You asked for it {when}.",
        "asked_next": "Next: talk with the people who help you. One of them has to know that it is you.",
        "set": "What we keep of you is erased {when}",
        "set_lead": "Until then you can take it back with one tap.",
        "again": "You took it back. Nothing was erased.",
        "take_back": "Take it back",
        "take_back_staff": "They took it back",
        "link": "Have it all erased",
        "look": "See what happens",
        "back": "Back to what is shared",
    },
    "es": {
        "title": "Borrar todo",
        "lead": "Usted puede pedir que se borre lo que guardamos de usted. Nadie le pregunta por qué.",
        "follows": "Qué pasa",
        "known": "Usted lo pide. Luego hable con quienes le ayudan. Alguien de ahí tiene que saber que es usted. "
        "No anotan ningún número.",
        "week": "Después tiene siete días. Con un toque aquí puede cambiar de idea.",
        "gone": "Después ya nadie puede leerlo: ni aquí, ni en nuestras copias.",
        "backups": "Las copias viejas también se apagan, cuando se vencen las copias de nuestras llaves.",
        "ends": "Qué termina",
        "ends_list": "Ese día terminan su página, su plan y lo que usted comparte. También nuestros mensajes.",
        "ends_places": "Si espera un cuarto o un trabajo, llámeles. De nosotros ya no se enteran de nada.",
        "stays": "Qué queda",
        "stays_counts": "Queda el número de personas que ayudamos. No lleva ningún nombre.",
        "stays_theirs": "Lo que otros anotaron por su cuenta no lo podemos borrar. "
        "Lo que está en el sistema de una agencia lo pueden leer tres días más.",
        "stays_law": "Si una ley obliga a guardar una parte, queda bajo llave. Nadie la lee hasta que se borre.",
        "kept": "{agency} tiene que guardarlo hasta el {day}, por {law}. Mientras, queda bajo llave. Luego se borra.",
        "ask": "Borren lo que guardan de mí",
        "ask_staff": "Me pidió borrarlo",
        "ask_follows": "Primero lea a la persona lo que pasa. Nada se borra antes de que usted diga que la conoce.",
        "asked": "Usted lo pidió {when}.",
        "asked_next": "Ahora: hable con quienes le ayudan. Alguien de ahí tiene que saber que es usted.",
        "set": "Lo que guardamos de usted se borra {when}",
        "set_lead": "Hasta entonces puede cambiar de idea con un toque.",
        "again": "Usted cambió de idea. No se borró nada.",
        "take_back": "Cambié de idea",
        "take_back_staff": "Cambió de idea",
        "link": "Borrar todo",
        "look": "Ver qué pasa",
        "back": "Volver a lo que se comparte",
    },
}
