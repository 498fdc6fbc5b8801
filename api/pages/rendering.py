"""Rendering: templates into pages, with what a browser must be told about them.

The style stands in the document and is allowed by its hash; the one script is a file of ours. So a
first view is two requests, and nothing else may load, run, frame or be sent anywhere.

Pages are never kept by anybody: they tell of money. The files beside them hold nothing of anybody,
and their address has their digest in it.
"""

import gzip
import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import jinja2
from aiohttp import web

from api.pages.colours import style_of_tags
from api.pages.words import NAMES, OTHER, Words

FOLDER: Final = Path(__file__).parent
STATIC_URL: Final = "static"
"""Relative to a page, so that it works below any path."""
GZIP_BYTES_MIN: Final = 500

HTML: Final = "text/html"


class StaticFile(NamedTuple):
    """A file beside the pages."""

    body: bytes
    media_type: str
    digest: str


_MEDIA_TYPES: Final = {".js": "text/javascript", ".html": HTML}


@cache
def static_files() -> Mapping[str, StaticFile]:
    """The files that are served, by name; the style is none of them."""
    return {
        path.name: StaticFile(
            path.read_bytes(),
            _MEDIA_TYPES[path.suffix],
            hashlib.sha256(path.read_bytes()).hexdigest()[:12],
        )
        for path in sorted((FOLDER / "static").iterdir())
        if path.suffix in _MEDIA_TYPES
    }


def static_url(name: str) -> str:
    """The address of a file, which changes when the file does."""
    return f"{STATIC_URL}/{name}?v={static_files()[name].digest}"


@cache
def style_of(name: str) -> str:
    """The style that stands in a page, from its file."""
    return (FOLDER / "static" / name).read_text(encoding="utf-8").replace("\n", "")


@cache
def _style() -> str:
    return style_of("checkout.css") + style_of_tags()


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template that is a whole page by itself."""
    return _templates().get_template(template).render(values)


def hash_source(text: str) -> str:
    """Name a text as a content security policy does, so that it alone may be used in place."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{b64encode(digest).decode()}'"


def policy(*, style: str, script: str, frame_ancestors: Sequence[str]) -> str:
    """Write a content security policy for a page that loads nothing but what is named."""
    ancestors = " ".join(frame_ancestors) or "'none'"
    return (
        f"default-src 'none'; style-src {style}; script-src {script}; connect-src 'self'; "
        f"img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    )


def policy_of_example(text: str) -> str:
    """Write one for the example, which shows a checkout of anybody's in a frame."""
    style, script = (
        " ".join(hash_source(one) for one in re.findall(f"<{name}>(.*?)</{name}>", text, re.DOTALL))
        for name in ("style", "script")
    )
    return f"default-src 'none'; style-src {style}; script-src 'self' {script}; frame-src *"


def headers_of(content_policy: str) -> dict[str, str]:
    """What a browser is told about every page."""
    return {
        "Content-Security-Policy": content_policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Vary": "Accept-Language, Accept-Encoding",
    }


def page_response(
    request: web.Request,
    template: str,
    words: Words,
    values: Mapping[str, Any],
    *,
    status: int = 200,
    frame_ancestors: Sequence[str] = (),
    switch_url: str,
) -> web.Response:
    """Write a page.

    Args:
        request: who asks: whether packed bytes may be sent.
        template: its file.
        words: its language.
        values: what the template shows beside what every page has.
        status: the answer's status.
        frame_ancestors: whose pages may show it in a frame.
        switch_url: the same page in the other language.
    """
    style, other = _style(), OTHER[words.language]
    text = (
        _templates()
        .get_template(template)
        .render(
            {
                "words": words,
                "say": words.say,
                "style": style,
                "other_language": other,
                "other_name": NAMES[other],
                "switch_url": switch_url,
                "script_url": static_url("checkout.js"),
                "merchant": None,
                "refresh_seconds": None,
                "go_url": None,
                "goes": False,
                **values,
            }
        )
    )
    headers = headers_of(
        policy(style=hash_source(style), script="'self'", frame_ancestors=frame_ancestors)
    )
    headers["Content-Language"] = words.language
    return packed(request, text.encode(), HTML, status=status, headers=headers)


def packed(
    request: web.Request,
    body: bytes,
    media_type: str,
    *,
    status: int = 200,
    headers: Mapping[str, str],
) -> web.Response:
    """Answer with text, packed where the browser takes it that way."""
    told = {**headers, "Content-Type": f"{media_type}; charset=utf-8"}
    accepts = "gzip" in request.headers.get("Accept-Encoding", "").lower()
    if accepts and len(body) >= GZIP_BYTES_MIN:
        # The same bytes for the same page: no time of packing is written.
        body, told["Content-Encoding"] = gzip.compress(body, 6, mtime=0), "gzip"
    return web.Response(body=body, status=status, headers=told)
