"""Running a study until a signal ends it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fastapi import FastAPI

from looking3d.dataset.load import Dataset
from looking3d.errors import ConfigError
from looking3d.study.answers import Answers
from looking3d.study.app import create_app
from looking3d.study.config import SPLIT, StudyConfig
from looking3d.study.draws import Draws
from looking3d.study.pages import Study
from looking3d.study.pictures import Pictures
from looking3d.study.subset import Subset, choose_subset
from looking3d.web.listening import Server


def find_subset(config: StudyConfig, dataset: Dataset) -> Subset:
    """The subset of a study that began, or else one that is chosen and written down.

    Raises:
        DatasetError: The dataset cannot give one, or what is written down is damaged.
        ConfigError: The study began with other settings, or has answers and no subset.
    """
    path = config.subset_path
    if not path.exists():
        if config.database.exists():
            raise ConfigError(
                f"{config.database}: its subset, {path.name}, is missing; put it back, or name another "
                "--database"
            )
        subset = choose_subset(dataset, SPLIT, config.subset, config.seed)
        subset.save(path)
        return subset
    subset = Subset.load(path)
    if (len(subset.pairs), subset.seed) != (config.subset, config.seed):
        raise ConfigError(
            f"{path}: has {len(subset.pairs)} photos by seed {subset.seed}, expected {config.subset} by seed "
            f"{config.seed}; pass --subset {len(subset.pairs)} --seed {subset.seed}, or name another "
            "--database"
        )
    return subset


def opened(config: StudyConfig) -> tuple[Study, FastAPI]:
    """A study, whose answers are to be closed by the caller, and the app that serves it.

    Raises:
        DatasetError: The dataset cannot give the subset, or is another one.
        ConfigError: The database is of another study.
    """
    dataset = Dataset.open(config.data)
    subset = find_subset(config, dataset)
    pictures = Pictures(dataset, subset)
    draws = Draws(subset, config.pairs, config.seed)
    answers = Answers(config.database, subset.digest, config.pairs, config.seed)
    study = Study(pictures, draws, answers, config.consent, config.shared_device)
    return study, create_app(study)


def serve(
    config: StudyConfig,
    on_subset: Callable[[Subset], None] = lambda subset: None,
    on_start: Callable[[int], None] = lambda port: None,
) -> None:
    """Serve until a signal ends it; every answer is on disk before the next pair is shown.

    Args:
        config: The settings.
        on_subset: Called with the subset once it is known.
        on_start: Called with the port once it listens.

    Raises:
        DatasetError: The dataset cannot give the subset, or is another one.
        ConfigError: The database is of another study, or the port is taken.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    study, app = opened(config)
    try:
        on_subset(study.draws.subset)
        Server(app, config.host, config.port, on_start).listen()
    finally:
        study.answers.close()
