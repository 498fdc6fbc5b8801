"""The README's lists that the code knows: settings, routes, fields, commands, events, providers.

Each stands below a mark, and is replaced as a whole; everything around it is a person's. A provider
whose settings have no section gets one, so that adding it is no work on the page.
"""

import inspect
from collections.abc import Iterator
from typing import Any, Final

import typer

from adapters.providers import adapter_class, incomplete_providers, provider_names, settings_class
from api.authentication import ROLES
from api.cli import app
from api.commands.providers import markdown_lines
from api.route import TAIL, Route
from api.routes import ROUTES
from api.schemas import Payer, PaymentRequest
from api.schemas_checkout import CheckoutRequest
from api.settings import PREFIX, Settings, settings_table
from ledger.events import EVENTS

PROVIDERS: Final = ("<!-- cauri providers --markdown -->\n", "\n<!-- end -->\n")
AFTER_SETTINGS: Final = "\n## Events\n"
"""Where the section of a provider's settings is put that has none yet."""


class PageError(Exception):
    """The page lacks a mark; says which."""


def written(page: str) -> str:
    """Return the page with every list as the code has it now.

    Raises:
        PageError: a mark is missing.
    """
    before, found, rest = page.partition(PROVIDERS[0])
    _, end, after = rest.partition(PROVIDERS[1])
    if not found or not end:
        raise PageError("the README has no marks for the table of providers")
    page = before + found + "\n".join(markdown_lines()) + end + after
    for name, rows in _lists():
        page = _with_list(page, name, rows)
    return page


def _lists() -> Iterator[tuple[str, list[str]]]:
    yield "settings", settings_rows(None)
    lacking = incomplete_providers()
    for provider in provider_names():
        if provider not in lacking:
            yield f"settings {provider}", settings_rows(provider)
    yield "events", event_rows()
    yield "commands", command_rows()
    yield "routes", route_rows()
    yield "fields", field_rows()
    yield "checkout fields", checkout_field_rows()


def _with_list(page: str, name: str, rows: list[str]) -> str:
    mark, text = f"<!-- list: {name} -->\n", "\n".join(rows)
    before, found, rest = page.partition(mark)
    if found:
        return f"{before}{mark}{text}\n\n{_after_list(rest)}"
    provider = name.removeprefix("settings ")
    before, found, rest = page.partition(AFTER_SETTINGS)
    if provider == name or not found:
        raise PageError(f"the README has no list {name}")
    heading = adapter_class(provider).display_name
    return f"{before}\n### {heading}\n\n{mark}{text}\n{found}{rest}"


def _after_list(rest: str) -> str:
    """What follows a list, which ends at the first empty line; it may have no row yet."""
    return rest.lstrip("\n") if rest.startswith("\n") else rest.partition("\n\n")[2]


def first_paragraph(thing: object) -> str:
    """What a thing's docstring says first, in one line."""
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())


def settings_rows(provider: str | None) -> list[str]:
    """The list of the server's settings, or of a provider's."""
    model, prefix = Settings, PREFIX
    if provider is not None:
        model, prefix = settings_class(provider), f"{PREFIX}{provider.upper()}_"  # type: ignore[assignment]
    return [
        f"- `{name}`{_default(value)}. {description}"
        for name, value, description in settings_table(model, prefix)
    ]


def _default(value: str) -> str:
    if value == "required":
        return " (required)"
    return f" = `{value}`" if value else ""


def route_rows() -> list[str]:
    """The list of operations; one line for the methods that do the same."""
    methods: dict[tuple[str, str, str], list[str]] = {}
    for route in ROUTES:
        path = route.path.replace(TAIL, "...")
        methods.setdefault((path, route.summary, _roles(route)), []).append(route.method)
    return [
        f"- `{', '.join(found)} {path}`: {summary} {roles}"
        for (path, summary, roles), found in methods.items()
    ]


def _roles(route: Route) -> str:
    if route.roles is None:
        return "(no key)"
    if route.roles == ROLES:
        return "(any key)"
    return f"({', '.join(sorted(route.roles))})"


def field_rows() -> list[str]:
    """The list of what a payment's request may hold."""
    payer = [(f"payer.{name}", one) for name, one in Payer.model_fields.items()]
    fields = [(name, one) for name, one in PaymentRequest.model_fields.items() if name != "payer"]
    return [
        f"- `{name}`{'' if one.is_required() else ' (optional)'}: {one.description}"
        for name, one in (*fields[:2], *payer, *fields[2:])
    ]


def checkout_field_rows() -> list[str]:
    """The list of what a request for a checkout session may hold."""
    return [
        f"- `{name}`{'' if one.is_required() else ' (optional)'}: {one.description}"
        for name, one in CheckoutRequest.model_fields.items()
    ]


def command_rows() -> list[str]:
    """The list of commands."""
    return [f"- `cauri {name}`: {command.help}" for name, command in commands()]


def commands() -> Iterator[tuple[str, Any]]:
    """Every command of the command line by its words."""

    def inside(group: Any, path: str) -> Iterator[tuple[str, Any]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from inside(command, f"{path}{name} ")
            else:
                yield f"{path}{name}", command

    return inside(typer.main.get_command(app), "")


def event_rows() -> list[str]:
    """The list of events."""
    return [f"- `{name}`: {first_paragraph(kind)}" for name, kind in EVENTS.items()]
