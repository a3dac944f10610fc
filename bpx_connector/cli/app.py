"""The commands that typer reads, one module a group. They print and pass on; they decide nothing."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from bpx_connector.cli import (
    account,
    autoload,
    call,
    demo,
    doctor,
    download,
    keys,
    passed_on,
    prices,
    report,
    tapes,
    trading,
    verify,
)
from bpx_connector.cli.words import FAILED

__all__ = ["answered", "app"]

EPILOG = """\
bpx COMMAND is python -m bpx_connector COMMAND; python -m bpx_connector run --help tells of programs.
--sandbox [URL] leads any command to the local exchange, and so does BPX_SANDBOX in the environment.
Keys come from BPX_API_KEY and BPX_SECRET, or from the file that BPX_KEYS_FILE names.
Exit codes: 0 done, 1 refused by the venue or not reached, 2 told wrongly, 130 interrupted."""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="COMMAND ...",
    options_metavar="[OPTIONS]",
    epilog=EPILOG,
)


def _version(is_wanted: bool) -> None:
    if is_wanted:
        sys.stdout.write(f"bpx-connector {version('bpx-connector')}\n")
        raise typer.Exit


@app.callback()
def _of_all(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Backpack Exchange on the command line, and a local exchange to rehearse on."""


GROUPS = (
    *(passed_on, demo, doctor, keys, prices, account, trading),
    *(call, tapes, download, report, verify, autoload),
)
for group in GROUPS:
    group.add_to(app)


def answered(words: list[str]) -> None:
    """Run the command of these words; a refusal of the venue is one sentence and exit code 1."""
    name = "bpx" if sys.argv[0].endswith("bpx") else "python -m bpx_connector"
    try:
        app(words, prog_name=name)
    except Exception as error:
        if not _is_of_the_venue(error):
            raise
        sys.stderr.write(f"bpx: {type(error).__name__}: {error}\n")
        sys.exit(FAILED)


def _is_of_the_venue(error: Exception) -> bool:
    """Whether it is one of ccxt's; if ccxt was never loaded it is not."""
    errors = sys.modules.get("ccxt.base.errors")
    return errors is not None and isinstance(error, errors.BaseError)
