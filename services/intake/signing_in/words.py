"""What the sign-in pages say to whoever may be a person: in English and Spanish, in plain words."""

from collections.abc import Mapping

from shared.web.words import Lang

SAYS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "title": "Open your page",
        "lead": "Type your PIN. We never ask for it by phone or text.",
        "pin": "Your PIN",
        "hint": "Six numbers.",
        "demo": "In this demo, ./throughcare up shows it.",
        "button": "Open my page",
        "wrong": "That PIN does not open this page. Type it once more.",
        "help": "Ask for help",
        "help_why": "No account yet? You need none.",
        "out": "You are signed out. On a shared phone, close this page too.",
        "over": "You were away for a while",
        "over_lead": "So this page closed, to keep you safe. What you typed is still here.",
        "over_first": "First, sign in again. It opens in a new window.",
        "over_then": "Then come back here and send it.",
        "over_sign_in": "Sign in again",
        "over_send": "Send what I typed",
    },
    "es": {
        "title": "Abra su página",
        "lead": "Escriba su PIN. Nunca se lo pedimos por teléfono ni por mensaje.",
        "pin": "Su PIN",
        "hint": "Seis números.",
        "demo": "En esta demostración lo muestra ./throughcare up.",
        "button": "Abrir mi página",
        "wrong": "Ese PIN no abre esta página. Escríbalo otra vez.",
        "help": "Pedir ayuda",
        "help_why": "¿Todavía no tiene cuenta? No le hace falta.",
        "out": "Cerró la sesión. En un teléfono compartido, cierre también esta página.",
        "over": "Pasó un tiempo sin usar la página",
        "over_lead": "Por eso se cerró, para cuidarle. Lo que escribió sigue aquí.",
        "over_first": "Primero, entre otra vez. Se abre en otra ventana.",
        "over_then": "Después vuelva aquí y envíelo.",
        "over_sign_in": "Entrar otra vez",
        "over_send": "Enviar lo que escribí",
    },
}
