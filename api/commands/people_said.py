"""What commands about people say, in English and French; states are said as on an export's page."""

from collections.abc import Mapping
from typing import Final

from adapters.refusal_texts import Language
from adapters.typesetting import typeset_french

_ENGLISH: Final = {
    "prompt": "Telephone number, with its country code",
    "reason": "asked for by the person",
    "erasure": "erasure  {id}",
    "state": "state    {state}",
    "agree": "Another operator agrees, with the file of his own key, by\n"
    "`cauri people erase --approve {id} --key-file FILE`,",
    "until": "until {until}; then it ends by itself.",
    "holds": "held: {payments} payments, payouts and refunds, {pages} pages, {calls} calls of "
    "providers",
    "refundable": "never to be given back afterwards: {amount} {currency}",
    "open": "under way or in doubt: {open}; it is refused until they have an end",
    "unknown": "Nothing is held of this number. Is it the right one?",
    "ask": "Destroy the keys? Nobody can take that back.",
    "untouched": "Nothing was done.",
    "destroyed": "data keys destroyed: {keys}",
    "left": "Bytes of the destroyed keys may still lie in the database's files.",
    "written": "written to {file}; it holds a person's data in clear",
    "none": "there are none",
    "why": "  reason     {reason}",
    "asked": "  asked      {at}, by {by}",
    "ends": "  ends       {at}, unless another operator agrees",
    "agreed": "  agreed     {at}, by {by}",
    "done": "  destroyed  {at}, data keys: {keys}",
    "remains": "  left       {left}",
}

_FRENCH: Final = {
    "prompt": "Numéro de téléphone, avec l'indicatif du pays",
    "reason": "demandé par la personne",
    "erasure": "demande  {id}",
    "state": "état     {state}",
    "agree": "Un autre opérateur donne son accord, avec le fichier de sa propre clé, par\n"
    "`cauri people erase --approve {id} --key-file FICHIER`,",
    "until": "jusqu'au {until} ; ensuite elle prend fin d'elle-même.",
    "holds": "conservé : paiements, versements et remboursements : {payments} ; pages : {pages} ; "
    "appels de prestataires : {calls}",
    "refundable": "ne pourra plus jamais être rendu : {amount} {currency}",
    "open": "en cours ou douteux : {open} ; refusé tant qu'ils n'ont pas de fin",
    "unknown": "Rien n'est conservé sur ce numéro. Est-ce le bon ?",
    "ask": "Détruire les clés ? Personne ne pourra revenir là-dessus.",
    "untouched": "Rien n'a été fait.",
    "destroyed": "clés de données détruites : {keys}",
    "left": "Des octets des clés détruites peuvent rester dans les fichiers de la base.",
    "written": "écrit dans {file} ; les données d'une personne y sont en clair",
    "none": "il n'y en a pas",
    "why": "  motif      {reason}",
    "asked": "  demandée   {at}, par {by}",
    "ends": "  prend fin  {at}, à moins qu'un autre opérateur donne son accord",
    "agreed": "  accordée   {at}, par {by}",
    "done": "  détruites  {at}, clés de données : {keys}",
    "remains": "  reste      {left}",
}

SAID: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": _ENGLISH,
    "fr": {name: typeset_french(text) for name, text in _FRENCH.items()},
}
"""A line's name -> its text, with values to fill in."""
