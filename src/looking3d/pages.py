"""Pages that are one file each, from the templates inside the package."""

from __future__ import annotations

from importlib import resources

import jinja2


def page_template(package: str, name: str) -> jinja2.Template:
    """A template of a subpackage; what it shows is escaped, and what it is not given is an error.

    Args:
        package: As `looking3d.inspection`. Templates include those beside them.
        name: Of the file in it.
    """
    folder = resources.files(package)
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(lambda file: folder.joinpath(file).read_text("utf-8")),
    )
    return environment.get_template(name)
