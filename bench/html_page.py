"""Render the HTML pages of reports: escaped, and failing on a name that a template uses and nobody gave."""

from typing import Any

import jinja2


def html_page(package: str, template: str, **values: Any) -> str:
    """Return a template of the package's `templates` folder with its names filled in."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)
