"""A study's figures as tables of text, for the terminal and for the page alike."""

from __future__ import annotations

from looking3d.evaluation.tables import Table

_NONE = "-"


def tables(figures: dict) -> list[Table]:
    """All figures, the most important first.

    Args:
        figures: What `study_figures` gives.
    """
    ahead = [_ahead(figures)] if figures["models"] else []
    return [_accuracy(figures), *ahead, _classes(figures), _by_kind(figures), _agreement(figures["people"])]


def _accuracy(figures: dict) -> Table:
    heads = ("accuracy", "", "95 % over participants", "95 % over photos")
    people = figures["people"]["accuracy"]
    ends = (_shares(people["over_participants"]), _shares(people["over_pairs"]))
    rows = [(f"people ({figures['participants']})", _share(people["value"]), *ends)]
    bars = [_bar(people["value"], people["over_participants"])]
    for model in figures["models"]:
        accuracy = model["accuracy"]
        rows.append((model["name"], _share(accuracy["value"]), _NONE, _shares(accuracy["over_pairs"])))
        bars.append(_bar(accuracy["value"], accuracy["over_pairs"]))
    return Table("accuracy", heads, rows, bars)


def _classes(figures: dict) -> Table:
    heads = ("both classes", "anomalies found", "normal ones right", "AUROC", "95 % over photos")
    people = figures["people"]
    right = (_share(people["found"]["value"]), _share(people["normal_right"]["value"]))
    rows = [("people", *right, _NONE, _NONE)]
    for model in figures["models"]:
        value, ends = model["auroc"]["value"], model["auroc"]["over_pairs"]
        interval = _NONE if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"
        right = (_share(model["found"]), _share(model["normal_right"]))
        rows.append((model["name"], *right, f"{value:.3f}", interval))
    return Table("both classes", heads, rows)


def _ahead(figures: dict) -> Table:
    heads = ("people ahead of", "by points", "95 % over participants", "95 % over photos")
    rows = []
    for model in figures["models"]:
        ahead = model["people_ahead_by"]
        ends = (_points_to(ahead["over_participants"]), _points_to(ahead["over_pairs"]))
        rows.append((model["name"], _points(ahead["value"]), *ends))
    return Table("people ahead of", heads, rows)


def _by_kind(figures: dict) -> Table:
    models = figures["models"]
    heads = ("right, by kind", "people", "95 % over participants", "answers", *(m["name"] for m in models))
    rows = [
        (
            kind,
            _share(mean["value"]),
            _shares(mean["over_participants"]),
            str(mean["answers"]),
            *(_share(model["by_kind"][kind]) for model in models),
        )
        for kind, mean in figures["people"]["by_kind"].items()
    ]
    bars = [_bar(mean["value"], mean["over_participants"]) for mean in figures["people"]["by_kind"].values()]
    return Table("right, by kind", heads, rows, bars)


def _agreement(people: dict) -> Table:
    alpha, seconds = people["agreement"], people["seconds"]
    value, ends = alpha["krippendorff_alpha"], alpha["over_pairs"]
    quartiles = seconds["quartiles"]
    rows = [
        (
            "Krippendorff's alpha",
            _NONE if value is None else f"{value:.2f}",
            _NONE if ends is None else f"{ends[0]:.2f} to {ends[1]:.2f} (95 % over photos)",
        ),
        (
            "seconds an answer, median",
            _NONE if seconds["median"] is None else f"{seconds['median']:.1f}",
            _NONE if quartiles is None else f"{quartiles[0]:.1f} to {quartiles[1]:.1f} (quartiles)",
        ),
    ]
    return Table("people among themselves", ("people among themselves", "", "interval"), rows)


def _bar(value: float | None, ends: tuple[float, float] | None) -> tuple[float, float, float] | None:
    return None if value is None or ends is None else (ends[0], value, ends[1])


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1%}"


def _shares(ends: tuple[float, float] | None) -> str:
    return _NONE if ends is None else f"{ends[0]:.1%} to {ends[1]:.1%}"


def _points(value: float | None) -> str:
    return _NONE if value is None else f"{100 * value:+.1f}"


def _points_to(ends: tuple[float, float] | None) -> str:
    return _NONE if ends is None else f"{_points(ends[0])} to {_points(ends[1])}"
