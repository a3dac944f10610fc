"""`autoload`: the exchange in every program of this Python environment, or no longer."""

from __future__ import annotations

from typing import Annotated

import typer

from bpx_connector.autoload import autoload_file, named_in, text_of
from bpx_connector.cli.shown import show_json
from bpx_connector.cli.trading import Yes, agreed
from bpx_connector.cli.words import Refusal, nearest
from bpx_connector.plugin import OUR_NAME

__all__ = ["add_to"]

WORDS = ("on", "off", "status")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(autoload)


def autoload(
    word: Annotated[str, typer.Argument(metavar="on|off|status")],
    name: Annotated[str, typer.Option(help="The name in ccxt, in place of any other class.")] = OUR_NAME,
    yes: Yes = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Have every program of this Python environment find the exchange in ccxt, and all its children.

    One file in the environment's folder of packages does it; off removes it. Programs that never import ccxt
    are not touched.
    """
    if word not in WORDS:
        raise Refusal(f"autoload takes on, off or status, not {word}{nearest(word, WORDS)}")
    if word == "on":
        _on(name, yes)
    elif word == "off":
        autoload_file().unlink(missing_ok=True)
    found, file = named_in(autoload_file()), autoload_file()
    if as_json:
        show_json({"name": found, "file": str(file)})
    elif found is None:
        typer.echo(f"off: there is no {file}")
    else:
        typer.echo(f"on: every program that this Python runs finds ccxt.{found} ({file})")


def _on(name: str, yes: bool) -> None:
    if not name.isidentifier() or name != name.lower():
        raise Refusal(f"--name is {name}; ccxt's ids are lower-case identifiers, like {OUR_NAME}")
    file = autoload_file()
    agreed(f"write {file}, which has every program of this environment find ccxt.{name}", yes)
    try:
        file.write_text(text_of(name), encoding="utf-8")
    except OSError as error:
        raise Refusal(f"{file} cannot be written: {error.strerror}; is the environment yours?") from error
