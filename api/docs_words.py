"""The words and the look of the page of the API: headings in French and English, and its style.

The style is part of the page, so that one request shows all of it; the policy of the page allows
this style by its digest and nothing else. Colours and sizes are the browser's own, so the page is
as dark or light, and as large, as its reader has things.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.refusal_texts import Language

STYLE: Final = """\
:root{color-scheme:light dark;--line:color-mix(in srgb,CanvasText 22%,Canvas);\
--soft:color-mix(in srgb,CanvasText 7%,Canvas)}
body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;padding:0 1rem 3rem;max-width:52rem;\
overflow-wrap:break-word}
h1{margin-bottom:0}h2{margin-top:2.5rem;border-bottom:2px solid var(--line)}
h3{margin:1.5rem 0 .25rem;font-size:1.05rem}h4{margin:1rem 0 .25rem;font-size:.95rem}
p{margin:.4rem 0}nav ul,.codes{padding-left:1.1rem;margin:.25rem 0}
article{border-top:1px solid var(--line);margin-top:1.5rem}
article:target{outline:2px solid Highlight;outline-offset:.4rem}
code,pre{font:.875rem/1.45 ui-monospace,monospace}
code{overflow-wrap:anywhere}
pre{background:var(--soft);padding:.6rem .75rem;border-radius:.3rem;margin:.4rem 0;\
white-space:pre-wrap;overflow-wrap:anywhere;tab-size:2}
dl{margin:.25rem 0}dt{margin-top:.5rem}dd{margin:0 0 0 1rem}
.q{font-size:.875rem;color:color-mix(in srgb,CanvasText 75%,Canvas)}
nav li a{display:block;padding:.2rem 0}.codes li{padding:.15rem 0}
.codes a{font:.875rem ui-monospace,monospace}
@media(min-width:40rem){.codes,nav ul{columns:2}}
@media print{nav{display:none}details::details-content{content-visibility:visible}\
article{break-inside:avoid-page}a{color:inherit}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The headings of the page in one language."""

    other: Language
    other_name: str
    contents: str
    parameters: str
    request: str
    answer: str
    headers: str
    errors: str
    errors_told: str
    shared: Mapping[str, str]
    shared_short: Mapping[str, str]
    shared_headers: Mapping[str, str]
    shapes: str
    fields: str
    example: str
    answers_awaited: str
    no_key: str
    required: str
    optional: str
    default: str
    anything: str
    places: Mapping[str, str]
    bounds: Mapping[str, str]


_ENGLISH: Final = Words(
    other="fr",
    other_name="En français",
    contents="Contents",
    parameters="Parameters",
    request="Request",
    answer="Answer",
    headers="Headers",
    errors="Errors",
    errors_told="Every error is a problem document like these, with what to do about it; "
    "<code>code</code> is stable.",
    shared={
        "every": "What every call may answer",
        "keyed": "What every call with a key may answer",
        "sending": "What every call with a body may answer",
    },
    shared_short={
        "every": "those of every call",
        "keyed": "those of every call with a key",
        "sending": "those of every call with a body",
    },
    shared_headers={
        "every": "<b>In every answer.</b> ",
        "keyed": "<b>In every answer to a call with a key.</b> ",
        "sending": "<b>In every answer to a call with a body.</b> ",
    },
    shapes="Shapes",
    fields="Fields",
    example="Example: try your endpoint with it",
    answers_awaited="What your answer does",
    no_key="No key is asked.",
    required="required",
    optional="optional",
    default="default",
    anything="anything",
    places={"path": "path", "query": "query", "header": "header"},
    bounds={
        "minLength": "length ≥ {bound}",
        "maxLength": "length ≤ {bound}",
        "minimum": "≥ {bound}",
        "maximum": "≤ {bound}",
        "maxItems": "items ≤ {bound}",
        "maxProperties": "pairs ≤ {bound}",
    },
)
_FRENCH: Final = Words(
    other="en",
    other_name="In English",
    contents="Sommaire",
    parameters="Paramètres",
    request="Requête",
    answer="Réponse",
    headers="En-têtes",
    errors="Erreurs",
    errors_told="Chaque erreur est un document comme ceux-ci, avec ce qu'il faut faire ; "
    "<code>code</code> ne change pas.",
    shared={
        "every": "Ce que tout appel peut répondre",
        "keyed": "Ce que tout appel avec une clé peut répondre",
        "sending": "Ce que tout appel avec un corps peut répondre",
    },
    shared_short={
        "every": "celles de tout appel",
        "keyed": "celles de tout appel avec une clé",
        "sending": "celles de tout appel avec un corps",
    },
    shared_headers={
        "every": "<b>Dans toute réponse.</b> ",
        "keyed": "<b>Dans toute réponse à un appel avec une clé.</b> ",
        "sending": "<b>Dans toute réponse à un appel avec un corps.</b> ",
    },
    shapes="Formes",
    fields="Champs",
    example="Exemple : essayez-le sur votre adresse",
    answers_awaited="Ce que fait votre réponse",
    no_key="Aucune clé n'est demandée.",
    required="obligatoire",
    optional="facultatif",
    default="par défaut",
    anything="n'importe quoi",
    places={"path": "adresse", "query": "requête", "header": "en-tête"},
    bounds={
        "minLength": "longueur ≥ {bound}",
        "maxLength": "longueur ≤ {bound}",
        "minimum": "≥ {bound}",
        "maximum": "≤ {bound}",
        "maxItems": "éléments ≤ {bound}",
        "maxProperties": "paires ≤ {bound}",
    },
)


def words_of(language: Language) -> Words:
    """The headings in a language."""
    return _FRENCH if language == "fr" else _ENGLISH
