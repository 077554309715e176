"""`./throughcare COMMAND`. A command is one module and one line in COMMANDS.

The module has a function `register(app)` that adds the command, or, for a group of them, a Typer named `app`.
Only the module of the command at hand is imported, so `status` doesn't wait for what `demo` needs.
"""

import logging
import sys
from importlib import import_module

import structlog
import typer

from cli.failing import run

# In the order that `--help` shows them.
COMMANDS = {
    "up": "cli.up",
    "down": "cli.down",
    "status": "cli.status",
    "logs": "cli.logs",
    "reset": "cli.reset",
    "doctor": "cli.doctor",
    "test": "cli.test",
    "partner": "cli.partner",
    "account": "cli.account",
    "prepare": "cli.prepare",
    "secrets": "cli.secrets",
    "keys": "cli.keys",
    "erase": "cli.erase",
    "demo": "cli.demo",
    "bench": "cli.bench",
    "dlq": "cli.dlq",
    "audit": "cli.audit",
    "replay": "cli.replay",
    "faults": "cli.faults",
    "contracts": "cli.contracts",
    "import": "cli.import_",
    "export": "cli.export",
    "workflows": "cli.workflows",
    "permissions": "cli.permissions",
}


def main(arguments: list[str]) -> int:
    app = typer.Typer(
        name="throughcare",
        help="Support that follows a person from custody, through the gate, into the community.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(lambda: None)  # keeps the names of commands, even when only one is loaded
    named = arguments[0] if arguments and arguments[0] in COMMANDS else None
    for name in [named] if named else COMMANDS:
        module = import_module(COMMANDS[name])
        if hasattr(module, "register"):
            module.register(app)
        else:
            app.add_typer(module.app, name=name)
    return run(app, arguments)


if __name__ == "__main__":
    # Commands tell what happens in their own words; a log line's traceback could show what somebody wrote.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.exit(main(sys.argv[1:]))
