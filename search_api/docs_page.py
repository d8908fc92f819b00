"""The API's documentation as one plain page, written from its OpenAPI document.

FastAPI's own page loads its script from a public network and runs it inline: this one works
offline and under the strictest content policy.
"""

from html import escape
from typing import Any


def docs_page(openapi: dict[str, Any]) -> str:
    """Return the page for an OpenAPI document."""
    title = escape(openapi["info"]["title"])
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}: the API</title>'
        f"</head><body><h1>{title}: the API</h1>"
        f"<p>{escape(openapi['info'].get('summary', ''))} "
        f'As a document for programs: <a href="/v1/openapi.json">/v1/openapi.json</a>.</p>'
        f"{operations}</body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope='row'><code>{escape(one['name'])}</code></th>"
        f"<td>{escape(one.get('description', ''))}</td></tr>"
        for one in operation.get("parameters", ())
    )
    table = f"<table>{rows}</table>" if rows else ""
    return (
        f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
        f"<p>{escape(operation.get('description', ''))}</p>{table}"
    )
