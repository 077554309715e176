"""What somebody reads who opens the link of an invitation; grade six, Spanish written for itself.

Before link and PIN are right it says no name, no agency and not that anybody was invited.
"""

from collections.abc import Mapping

from shared.web.words import Lang

INVITED: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "title": "Type your PIN",
        "lead": "It came with your link.",
        "pin": "PIN",
        "button": "Open",
        "wrong": "That did not work. Check the link and the PIN, or ask the one who gave them to you for new ones.",
        "wait": "Wait {seconds} seconds, then try again.",
        "asked": "{agency} would like to help you",
        "asked_lead": "You choose. Say no, and it is as if no one had asked.",
        "known": "What they know",
        "known_name": "Your name: {name}",
        "known_day": "The day you come home: {day}",
        "known_from": "{sender} told them. {sender} is never told what you choose.",
        "nothing_more": "Nothing else, and no one else.",
        "yes_title": "Yes, I want this",
        "yes_lead": "Then they know what you write here. You need no ID.",
        "yes": "Yes, I want this",
        "no_title": "No",
        "no_lead": "Then we delete what they know of you. No one asks why.",
        "no": "No, delete it",
        "over": "This page was open for too long. Type your PIN again.",
        "gone_title": "It is deleted",
        "gone": "No one is told what you chose. You can ask for help here any day.",
        "ask": "Ask for help",
    },
    "es": {
        "title": "Escriba su PIN",
        "lead": "Se lo dieron junto con su enlace.",
        "pin": "PIN",
        "button": "Abrir",
        "wrong": "No funcionó. Revise el enlace y el PIN, o pida otros a quien se los dio.",
        "wait": "Espere {seconds} segundos y pruebe otra vez.",
        "asked": "{agency} quiere ayudarle",
        "asked_lead": "Usted decide. Si dice que no, es como si nadie hubiera preguntado.",
        "known": "Lo que saben",
        "known_name": "Su nombre: {name}",
        "known_day": "El día en que vuelve a casa: {day}",
        "known_from": "Se lo dijo {sender}. A {sender} nunca le decimos qué escogió usted.",
        "nothing_more": "Nada más, y nadie más.",
        "yes_title": "Sí, lo quiero",
        "yes_lead": "Entonces saben lo que usted escribe aquí. No necesita identificación.",
        "yes": "Sí, lo quiero",
        "no_title": "No",
        "no_lead": "Entonces borramos lo que saben de usted. Nadie pregunta por qué.",
        "no": "No, bórrenlo",
        "over": "Esta página estuvo abierta mucho tiempo. Escriba su PIN otra vez.",
        "gone_title": "Ya está borrado",
        "gone": "A nadie le decimos qué escogió usted. Aquí puede pedir ayuda cualquier día.",
        "ask": "Pedir ayuda",
    },
}
