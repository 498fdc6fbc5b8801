"""The witness's page: of each log its size, root and time, and what was refused; plain HTML.

It needs no script and no style, so it reads the same in a text browser and on paper.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Final

from adapters.dates import utc_text
from adapters.refusal_texts import Language
from adapters.typesetting import typeset_french
from api.witness_files import Refusal, Watched
from api.witness_signs import Sign
from ledger.checkpoint import encoded
from ledger.cosignature import CosignatureVerifier

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "Witness",
        "about": "This witness cosigns a log's checkpoint only if the log is proved to have done "
        "nothing but grow since the last one.",
        "key": "Public key, for the policy file of whoever trusts this witness:",
        "logs": "Logs",
        "log": "Log",
        "size": "Entries",
        "root": "Root",
        "at": "Cosigned last",
        "refused": "Refusals",
        "never": "never",
        "lost": "What was seen is lost; nothing is cosigned.",
        "none": "No log is watched.",
        "refusals": "Refusals kept as evidence",
        "no_refusals": "Nothing was refused that could prove anything.",
        "when": "When",
        "kind": "What",
        "before": "Entries cosigned before",
        "shown": "Latest refusals shown: {shown} of {total}.",
        "how": "All of it, with both signed checkpoints: <code>cauri witness evidence</code>.",
        "forked": "Two signed checkpoints of one size with different roots: the log has forked.",
        "signs": "Signs",
        "no_signs": "No log was ever smaller than before, or signed by a key unknown here.",
        "times": "Times",
        "last": "Latest",
        "shown_sizes": "Entries shown",
        "smaller": "Asked about a smaller log. This is a sign of an older copy put back, and not "
        "yet a proof: a process that is late does it too. It is a proof once that log grows "
        "otherwise.",
        "unknown_key": "Signed by no key known here ({keys}). The log's key may have been rotated: "
        "check its introduction at /v1/log/keys, then add it with cauri witness add-log.",
        "behind": "Smaller than what was cosigned, and never seen before: an older copy?",
        "unproved": "Not shown to have only grown: a fork, a rewritten entry, or a wrong proof.",
    },
    "fr": {
        "title": "Témoin",
        "about": "Ce témoin ne cosigne le point de contrôle d'un registre que s'il est prouvé que "
        "le registre n'a fait que grandir depuis le précédent.",
        "key": "Clé publique, pour la politique (policy.txt) de qui fait confiance à ce témoin :",
        "logs": "Registres",
        "log": "Registre",
        "size": "Entrées",
        "root": "Racine",
        "at": "Dernière cosignature",
        "refused": "Refus",
        "never": "jamais",
        "lost": "Ce qui avait été vu est perdu ; rien n'est cosigné.",
        "none": "Aucun registre n'est suivi.",
        "refusals": "Refus gardés comme preuves",
        "no_refusals": "Rien n'a été refusé qui puisse prouver quoi que ce soit.",
        "when": "Quand",
        "kind": "Quoi",
        "before": "Entrées cosignées avant",
        "shown": "Derniers refus montrés : {shown} sur {total}.",
        "how": "Le tout, avec les deux points de contrôle signés : "
        "<code>cauri witness evidence</code>.",
        "forked": "Deux points de contrôle signés de même taille, de racines différentes : le "
        "registre a bifurqué.",
        "signs": "Indices",
        "no_signs": "Aucun registre n'a jamais été plus petit qu'avant, ni signé d'une clé "
        "inconnue ici.",
        "times": "Fois",
        "last": "Le dernier",
        "shown_sizes": "Entrées présentées",
        "smaller": "Interrogé sur un registre plus petit. C'est l'indice d'une copie ancienne "
        "remise en place, pas encore une preuve : un processus en retard fait de même. Ce sera "
        "une preuve dès que ce registre grandira autrement.",
        "unknown_key": "Signé d'aucune clé connue ici ({keys}). La clé du registre a peut-être été "
        "remplacée : vérifiez son introduction sur /v1/log/keys, puis ajoutez-la avec cauri "
        "witness add-log.",
        "behind": "Plus petit que ce qui a été cosigné, et jamais vu : une copie ancienne ?",
        "unproved": "Rien ne montre qu'il n'a fait que grandir : bifurcation, entrée réécrite ou "
        "preuve fausse.",
    },
}

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": _WORDS["en"],
    "fr": {name: typeset_french(text) for name, text in _WORDS["fr"].items()},
}
"""Language -> what the page says."""


def page_of(
    language: Language,
    key: CosignatureVerifier,
    watched: Sequence[Watched | str],
    refusals: Sequence[Refusal],
    total: int,
    signs: Sequence[Sign] = (),
) -> str:
    """Write the page.

    Args:
        language: `en` or `fr`.
        key: the witness's own.
        watched: the logs; a name alone where what was seen is lost.
        refusals: the latest ones, the oldest first.
        total: how many refusals there are.
        signs: what proves nothing and was counted.
    """
    words = WORDS[language]
    counts: dict[str, int] = {}
    for refusal in refusals:
        counts[refusal.origin] = counts.get(refusal.origin, 0) + 1
    title = f"{words['title']} {escape(key.name)}"
    lines = [
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{title}</title>\n<h1>{title}</h1>\n<p>{escape(words['about'])}</p>",
        f"<p>{escape(words['key'])}</p>\n<pre>{escape(key.text())}</pre>",
        f"<h2>{words['logs']}</h2>",
        *_logs(words, watched, counts, language),
        f"<h2>{words['refusals']}</h2>",
        *_refusals(words, refusals, total, language),
        f"<h2>{words['signs']}</h2>",
        *_signs(words, signs, language),
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _logs(
    words: Mapping[str, str],
    watched: Sequence[Watched | str],
    counts: Mapping[str, int],
    language: Language,
) -> list[str]:
    if not watched:
        return [f"<p>{words['none']}</p>"]
    names = ("log", "size", "root", "at", "refused")
    lines = ["<table>", _row("th", [words[name] for name in names])]
    for one in watched:
        if isinstance(one, str):
            cells = [one, "", "", words["lost"], str(counts.get(one, 0))]
        else:
            root = encoded(one.seen.root)
            at = _time(one.at, language) if one.at else words["never"]
            cells = [one.origin, str(one.seen.size), root, at, str(counts.get(one.origin, 0))]
        lines.append(_row("td", cells))
    return [*lines, "</table>"]


def _refusals(
    words: Mapping[str, str], refusals: Sequence[Refusal], total: int, language: Language
) -> list[str]:
    if not refusals:
        return [f"<p>{escape(words['no_refusals'])}</p>"]
    lines = ["<table>", _row("th", [words[name] for name in ("when", "log", "kind", "before")])]
    for one in reversed(refusals):
        size = str(one.cosigned_size)
        lines.append(
            _row("td", [_time(one.at, language), one.origin, words.get(one.kind, one.kind), size])
        )
    shown = words["shown"].format(shown=len(refusals), total=total)
    return [*lines, "</table>", f"<p>{shown} {words['how']}</p>"]


def _signs(words: Mapping[str, str], signs: Sequence[Sign], language: Language) -> list[str]:
    if not signs:
        return [f"<p>{escape(words['no_signs'])}</p>"]
    names = ("last", "log", "kind", "times", "shown_sizes", "before")
    lines = ["<table>", _row("th", [words[name] for name in names])]
    for one in signs:
        kind = words[one.kind].format(keys=", ".join(one.keys))
        sizes = ", ".join(map(str, one.sizes))
        cells = [
            _time(one.at, language),
            one.origin,
            kind,
            str(one.times),
            sizes,
            str(one.cosigned_size),
        ]
        lines.append(_row("td", cells))
    return [*lines, "</table>"]


def _time(stored: str, language: Language) -> str:
    return utc_text(datetime.fromisoformat(stored), language, has_seconds=True)


def _row(cell: str, texts: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(text)}</{cell}>" for text in texts) + "</tr>"
