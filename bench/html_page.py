"""Render the HTML pages of reports: escaped, and failing on a name that a template uses and nobody gave."""

from typing import Any

import jinja2


def html_page(package: str, template: str, **values: Any) -> str:
    """Return a template of the package's `templates` folder with its names filled in.

    It may include those of `bench/templates`, such as the style of all pages.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(name, "templates") for name in (package, "bench")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)
