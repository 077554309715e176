"""What layouts, macros and error pages say by themselves, in each language of the person's page.

Spanish is written, not translated word by word; it says *usted* until the person chooses otherwise.
"""

from typing import NamedTuple

from starlette.requests import Request

from shared.web.say import Lang, count, sentence

EN = {
    "my_page": "My page",
    "skip": "Skip to the page",
    "leave": "Leave this page",
    "listen": "Listen",
    "listen_stop": "Stop",
    "as_of": "As of {}. Ask if something changed since.",
    "other_language": "Español",
    "main_menu": "Main",
    "on_this_page": "On this page",
    "find": "Find a person",
    "sign_out": "Sign out",
    "start": "Go to the start",
    "one_to_mend": "One thing to mend",
    "some_to_mend": "{} things to mend",
    "part_silent": "This part is not answering.",
    "part_rest": "The rest of the page works.",
    "ask_again": "Ask again",
    "what_is_this": "What is this?",
    "table": "Table: {}",
    "you_can": "What you can do now",
    "reference": "If you ask us about this, give us this number:",
    "typed_kept": "Your browser’s Back button brings you to the form, with what you typed.",
    "changed": "Something here has changed.",
    "show_it": "Show it",
    "look_again": "Look again",
    "signed_out": "You were away for a while, so your page is closed.",
    "sign_in_again": "Open it again",
    "choose": "Choose one",
    "all_of_them": "All",
    "in_order": "In which order",
    "show": "Show",
    "pages": "Pages of this list",
    "from_to": "{} to {} of {}",
    "first_page": "From the start",
    "back_page": "Back",
    "next_page": "Go on",
    "nothing_fits": "Nothing here fits what you chose.",
    "show_all": "Show all",
    "404_title": "We can’t find that page",
    "404": "The address may have changed. Nothing was lost.",
    "hidden_title": "There is nothing here that you can see",
    "hidden": "The address may be wrong, or the person may have stopped sharing. You did nothing wrong.",
    "405_title": "This address does not take that",
    "405": "Go back and use the button on the page.",
    "413_title": "That is too much at once",
    "413": "Nothing was saved. Make it shorter, and send it again.",
    "415_title": "Packed bodies are not opened here",
    "415": "Nothing was saved. Send it as it is, without Content-Encoding.",
    "500_title": "Something broke on our side",
    "500": "You did nothing wrong. We were told about it. Try once more in a few minutes.",
    "503_title": "One moment, please",
    "503": "A part of this service is not answering. What you saved is safe. Try again in a few seconds.",
}

ES = {
    "my_page": "Mi página",
    "skip": "Ir a la página",
    "leave": "Salir de esta página",
    "listen": "Escuchar",
    "listen_stop": "Parar",
    "as_of": "Al {}. Pregunte si algo cambió desde entonces.",
    "other_language": "English",
    "main_menu": "Menú",
    "on_this_page": "En esta página",
    "find": "Buscar a una persona",
    "sign_out": "Cerrar la sesión",
    "start": "Ir al inicio",
    "one_to_mend": "Hay algo que corregir",
    "some_to_mend": "Hay {} cosas que corregir",
    "part_silent": "Esta parte no responde.",
    "part_rest": "El resto de la página sí funciona.",
    "ask_again": "Probar otra vez",
    "what_is_this": "¿Qué es esto?",
    "table": "Tabla: {}",
    "you_can": "Lo que puede hacer ahora",
    "reference": "Si nos pregunta por esto, díganos este número:",
    "typed_kept": "El botón Atrás de su navegador lo lleva al formulario, con lo que escribió.",
    "changed": "Algo cambió aquí.",
    "show_it": "Verlo",
    "look_again": "Mirar otra vez",
    "signed_out": "Pasó un rato sin usarse y su página se cerró.",
    "sign_in_again": "Abrirla otra vez",
    "choose": "Escoja una",
    "all_of_them": "Todo",
    "in_order": "En qué orden",
    "show": "Mostrar",
    "pages": "Páginas de esta lista",
    "from_to": "{} a {} de {}",
    "first_page": "Desde el principio",
    "back_page": "Atrás",
    "next_page": "Seguir",
    "nothing_fits": "Nada de aquí coincide con lo que escogió.",
    "show_all": "Mostrar todo",
    "404_title": "No encontramos esa página",
    "404": "Puede ser que la dirección cambió. No se perdió nada.",
    "hidden_title": "Aquí no hay nada que usted pueda ver",
    "hidden": "Puede ser que la dirección esté mal, o que la persona ya no comparta. Usted no hizo nada mal.",
    "405_title": "Esta dirección no acepta eso",
    "405": "Regrese y use el botón de la página.",
    "413_title": "Es demasiado de una vez",
    "413": "No se guardó nada. Hágalo más corto y envíelo otra vez.",
    "415_title": "Aquí no se abren envíos comprimidos",
    "415": "No se guardó nada. Envíelo sin comprimir, sin Content-Encoding.",
    "500_title": "Algo falló de nuestro lado",
    "500": "Usted no hizo nada mal. Ya nos avisaron. Pruebe otra vez en unos minutos.",
    "503_title": "Un momento, por favor",
    "503": "Una parte del servicio no responde. Lo que guardó está a salvo. Pruebe otra vez en unos segundos.",
}

WORDS: dict[Lang, dict[str, str]] = {"en": EN, "es": ES}


class Words(NamedTuple):
    """One thing in both languages, beside each other so that neither is forgotten."""

    en: str
    es: str

    def in_lang(self, lang: Lang) -> str:
        return self.es if lang == "es" else self.en


def to_mend(number: int, lang: Lang = "en") -> str:
    """ "One thing to mend", "Two things to mend"."""
    if number == 1:
        return WORDS[lang]["one_to_mend"]
    return sentence(WORDS[lang]["some_to_mend"].format(count(number, lang)))


LANG_COOKIE = "lang"


def lang_of(request: Request) -> Lang:
    """The language asked for in the address, else the one chosen before, else the browser's first."""
    asked = (
        request.query_params.get("lang")
        or request.cookies.get(LANG_COOKIE)
        or request.headers.get("accept-language", "")
    )
    return "es" if asked.strip().lower().startswith("es") else "en"
