"""Pages that are one file each, from the templates inside the package."""

from __future__ import annotations

from importlib import resources

import jinja2


def page_template(package: str, name: str) -> jinja2.Template:
    """A template of a subpackage; what it shows is escaped, and what it is not given is an error.

    Args:
        package: As `looking3d.inspection`.
        name: Of the file in it.
    """
    source = resources.files(package).joinpath(name).read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)
