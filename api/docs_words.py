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
pre{background:var(--soft);padding:.6rem .75rem;overflow-x:auto;border-radius:.3rem;margin:.4rem 0}
dl{margin:.25rem 0}dt{margin-top:.5rem}dd{margin:0 0 0 1rem}
.q{font-size:.875rem;color:color-mix(in srgb,CanvasText 75%,Canvas)}
nav li a{display:block;padding:.2rem 0}.codes li{padding:.15rem 0}
@media(max-width:40rem){pre{white-space:pre-wrap;overflow-wrap:anywhere}}
@media(min-width:40rem){.codes,nav ul{columns:2}}
@media print{nav{display:none}pre{white-space:pre-wrap}\
article{break-inside:avoid-page}a{color:inherit}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The headings of the page in one language."""

    other: Language
    other_name: str
    introduction: str | None
    """Instead of the document's own description, which is in English."""
    contents: str
    parameters: str
    request: str
    answer: str
    headers: str
    errors: str
    errors_told: str
    shapes: str
    roles: str
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
    introduction=None,
    contents="Contents",
    parameters="Parameters",
    request="Request",
    answer="Answer",
    headers="Headers",
    errors="Errors",
    errors_told="Every error is a problem document like these; <code>code</code> is stable.",
    shapes="Shapes",
    roles="For keys of: {roles}.",
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
_INTRODUCTION: Final = """\
Encaissez, remboursez et versez par les opérateurs d'argent mobile d'Afrique. Les titres et les
erreurs sont en français, le détail des champs en anglais.

- **Clés.** Envoyez la vôtre : `Authorization: Bearer ck_...`. Un marchand ne voit que ce qui est à
  lui ; ce qui est à un autre reçoit la même réponse que ce qui n'existe pas.
- **L'argent** est un texte décimal en unités principales, avec une devise ISO 4217 ; jamais un
  nombre.
- **Idempotence.** Ce qui déplace de l'argent prend une `Idempotency-Key` de votre choix. Répétez
  une requête avec sa clé : vous recevez sa première réponse, pour toujours ; personne ne paie deux
  fois.
- **Pas encore fini** se dit `202` : regardez à l'adresse `Location` jusqu'à ce que `is_final` soit
  vrai.
- **Positions.** `Cauri-Position` dit à quelle position du registre se tient la réponse. Donnez-la à
  une liste comme `min_position`, et la liste a vu ce que vous venez d'écrire.
- **Les erreurs** sont des documents RFC 9457 avec un `code` stable. `errors` dit où, pourquoi, et
  quoi envoyer.
- **Langues.** Les textes sont en français ou en anglais, selon `Accept-Language`.
- **Conversations.** Envoyez votre `X-Correlation-Id`, ou citez celui que vous recevez.
"""

_FRENCH: Final = Words(
    other="en",
    other_name="In English",
    introduction=_INTRODUCTION,
    contents="Sommaire",
    parameters="Paramètres",
    request="Requête",
    answer="Réponse",
    headers="En-têtes",
    errors="Erreurs",
    errors_told="Chaque erreur est un document comme ceux-ci ; <code>code</code> ne change pas.",
    shapes="Formes",
    roles="Pour les clés de : {roles}.",
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
