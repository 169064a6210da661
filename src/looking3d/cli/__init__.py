"""The command line: one thin command a stage, a module a group. Errors are caught here, once."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import FrameType

import tyro

from looking3d.cli.checkpoints import convert_released
from looking3d.cli.console import INTERRUPTED, messages, print_error
from looking3d.cli.data import convert, generate, statistics, validate
from looking3d.cli.evaluation import compare, evaluate, figures, tables
from looking3d.cli.export import export
from looking3d.cli.inspection import calibrate, demo, enrol, inspect
from looking3d.cli.study import study
from looking3d.cli.train import runs, train
from looking3d.cli.web import serve
from looking3d.errors import Looking3DError

COMMANDS = {
    "generate": generate,
    "convert": convert,
    "statistics": statistics,
    "validate": validate,
    "train": train,
    "runs": runs,
    "evaluate": evaluate,
    "compare": compare,
    "tables": tables,
    "figures": figures,
    "enrol": enrol,
    "calibrate": calibrate,
    "inspect": inspect,
    "serve": serve,
    "study": study,
    "export": export,
    "convert-released": convert_released,
    "demo": demo,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; exit code 0, 2 for the user's mistakes, 130 after Ctrl-C or a termination."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = tyro.extras.subcommand_cli_from_dict(
            COMMANDS, prog="looking3d", args=arguments, description=_DESCRIPTION
        )
    except Looking3DError as error:
        print_error(str(error))
        code = error.exit_code
    except OSError as error:
        # A disk that is full, a folder that may not be written: the user's to mend, wherever it came up.
        if error.filename is None:
            raise
        print_error(f"{error.filename}: {error.strerror}")
        code = Looking3DError.exit_code
    except KeyboardInterrupt:
        messages.print("stopped; what is finished is kept, and the same command goes on")
        code = INTERRUPTED
    sys.exit(code)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        raise KeyboardInterrupt
    handler(signal.SIGINT, frame)


_DESCRIPTION = (
    "Tells from a photo whether an object is what its 3D model says it should be, and shows where it is not."
)
