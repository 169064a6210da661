"""The commands of the perceptual study: people judge what detectors judge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from looking3d.cli.console import messages, print_table, say_where
from looking3d.errors import MissingExtraError
from looking3d.study.config import StudyConfig, subset_beside


def serve(config: Annotated[StudyConfig, tyro.conf.arg(name="")]) -> int:
    """Serve a page on which people judge photos of a subset, anonymously."""
    try:
        from looking3d.study.server import serve as run
    except ModuleNotFoundError as error:
        raise MissingExtraError("looking3d study", "web") from error
    from looking3d.study.subset import Subset

    def tell(subset: Subset) -> None:
        anomalous = int(subset.labels.sum())
        messages.print(
            f"{len(subset.pairs)} photos, {anomalous} of them anomalous: {config.subset_path}",
            highlight=False,
            soft_wrap=True,
        )

    run(config, tell, lambda port: say_where(config.host, port))
    return 0


def report(
    database: Annotated[Path, tyro.conf.arg(help="SQLite file of the answers, its subset beside it.")],
    predictions: Annotated[
        tuple[Path, ...],
        tyro.conf.arg(
            help="Files predictions.parquet of `looking3d evaluate` on the same dataset, to set beside."
        ),
    ] = (),
    out: Annotated[
        Path | None, tyro.conf.arg(help="Folder for study.json and study.html, a page that is one file.")
    ] = None,
    include_incomplete: Annotated[
        bool, tyro.conf.arg(help="Count the answers of those who did not finish, too.")
    ] = False,
    seed: Annotated[int, tyro.conf.arg(help="Decides the draws of the intervals.")] = 0,
) -> int:
    """Tell how right people are, how fast, and how much they agree, beside detectors on the same photos.

    Intervals are 95 % bootstraps. docs/study.md defines every figure.
    """
    try:
        from looking3d.study.answers import load_judgements
    except ModuleNotFoundError as error:
        raise MissingExtraError("looking3d study", "web") from error
    from looking3d.study.figures import study_figures
    from looking3d.study.models import load_answers
    from looking3d.study.report import write_report
    from looking3d.study.subset import Subset
    from looking3d.study.tables import tables

    subset = Subset.load(subset_beside(database))
    judgements = load_judgements(database, subset.digest)
    models = [load_answers(path, subset) for path in predictions]
    figures = study_figures(subset, judgements, models, include_incomplete, seed)
    console = Console()
    for content in tables(figures):
        print_table(content, console)
    for line in figures["notes"]:
        console.print(line, highlight=False, soft_wrap=True)
    if out is not None:
        page = write_report(figures, out)
        console.print(f"page: {page}", highlight=False, soft_wrap=True)
    return 0


_Command = (
    Annotated[int, tyro.conf.subcommand("serve", constructor=serve)]
    | Annotated[int, tyro.conf.subcommand("report", constructor=report)]
)


def study(command: Annotated[_Command, tyro.conf.arg(name="")]) -> int:
    """Have people judge the photos that detectors judge: serve the study, or report what came of it."""
    return command
