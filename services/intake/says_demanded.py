"""What the person's page says of a legal demand, once they may be told. As in says.py."""

from collections.abc import Mapping

from shared.web.words import Lang, Words

PAPERS: Mapping[str, Words] = {  # after "It is"
    "subpoena": Words("a paper from a court case", "un papel de un caso en la corte"),
    "court_order": Words("an order from a judge", "la orden de un juez"),
    "warrant": Words("a search warrant", "una orden para buscar"),
    "part2_order": Words("an order from a judge", "la orden de un juez"),
    "request": Words("a letter or a call", "una carta o una llamada"),
}
DEMANDED: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "title": "Someone asks by law for what we keep of you",
        "lead": "Nothing went out from here. A lawyer decides what has to be given.",
        "read": "Read who asks and for what",
        "came": "It came to {agency} {when}. It is {paper}. They want an answer by {day}.",
        "who": "Who asks: {who}",
        "what": "What they ask for: “{what}”",
        "held": "Nothing of it can be erased until {day}.",
        "late": "A judge did not let us tell you before {day}.",
        "waits": "The lawyer of {agency} has not decided yet.",
        "object": "The lawyer of {agency} said no.",
        "narrow": "The lawyer of {agency} said yes to a part: {what}. To the rest the lawyer said no.",
        "comply": "The lawyer of {agency} said yes to this: {what}.",
        "shut": "Your care for drugs or alcohol stays shut. Only a judge who looks at that alone could open it.",
        "help": "You may have a lawyer of your own. The person who helps you can find one with you.",
    },
    "es": {
        "title": "Alguien pide por ley lo que guardamos de usted",
        "lead": "De aquí no salió nada. Un abogado decide qué hay que dar.",
        "read": "Leer quién lo pide y qué pide",
        "came": "Llegó a {agency} {when}. Es {paper}. Quieren una respuesta para {day}.",
        "who": "Quién lo pide: {who}",
        "what": "Qué pide: “{what}”",
        "held": "Nada de eso se puede borrar hasta {day}.",
        "late": "Un juez no nos dejó decírselo antes del {day}.",
        "waits": "El abogado de {agency} todavía no decide.",
        "object": "El abogado de {agency} dijo que no.",
        "narrow": "El abogado de {agency} dijo que sí a una parte: {what}. A lo demás dijo que no.",
        "comply": "El abogado de {agency} dijo que sí a esto: {what}.",
        "shut": "Su tratamiento por drogas o alcohol sigue cerrado. Solo un juez que mire eso aparte podría abrirlo.",
        "help": "Usted puede tener su propio abogado. La persona que le ayuda puede buscarlo con usted.",
    },
}
