"""What commands about operators' notes say, in English and French."""

from collections.abc import Mapping
from typing import Final

from adapters.refusal_texts import Language
from adapters.typesetting import typeset_french

_ENGLISH: Final = {
    "payment": "{id}, {amount} {currency}",
    "now": "What the words say now:",
    "silent": "  nothing yet",
    "word": "  {source}, {provider}: {word}{amount}",
    "gone": "  {source}, {provider}: {word}{amount}, replaced by {by}",
    "movement": ", transaction {id}",
    "then": "If another operator agrees to this:",
    "agreed": "If you agree to this:",
    "done": "What two operators agreed to:",
    "status": "  status   {before} -> {after}",
    "journal": "  journal  {account} {holder}: {before} -> {after}",
    "unbooked": "  journal  nothing, as before",
    "refunds": "  refunds  {amount} {currency} of it are given back or on the way; that stays so",
    "ask_note": "Propose this?",
    "ask_approve": "Agree to this?",
    "left": "Nothing was done.",
    "note": "{id}  {state}",
    "says": "  says       {word}{amount}, of {provider} {reference}",
    "transaction": "  id         {id}, the provider's own of the movement",
    "moved": "  moved      {at}",
    "replaces": "  replaces   {note}",
    "why": "  reason     {reason}",
    "proposed": "  proposed   {at}, by {by}",
    "ends": "  ends       {at}, unless another operator agrees",
    "approved": "  approved   {at}, by {by}",
    "withdrawn": "  withdrawn  {at}, by {by}",
    "next": "Another operator agrees, with the file of his own key, by\n"
    "`cauri payments approve {payment} {note} --key-file FILE`,",
    "until": "until {until}; then it ends by itself.",
    "none": "there are none",
    "more": "Older ones are left out; `--limit` shows more.",
    "statement": "{id}  Handed in; a second person has to agree.",
    "holds": "  lines      {lines}, of {provider}, {currency}",
    "note_of": "{payment} {id}  {state}",
    "word_of": "  says       {word}{amount}, of {provider}",
    "turns": "  status     {before} -> {after}",
    "agree_note": "  cauri payments approve {payment} {note} --key-file FILE",
    "agree_statement": "  cauri statements approve {id} --key-file FILE",
    "debit": "debit {amount}",
    "credit": "credit {amount}",
    "nothing": "nothing",
    "state_proposed": "Proposed; a second operator has to agree.",
    "state_approved": "Approved: it is evidence.",
    "state_replaced": "Replaced: another note stands in its place.",
    "state_withdrawn": "Taken back.",
    "state_lapsed": "Lapsed: nobody agreed in time.",
    "state_overtaken": "Overtaken: something else would become of the payment now.",
    "source_webhook": "a call of the provider",
    "source_poll": "the provider's answer",
    "source_statement": "a statement",
    "source_operator": "an operator's note",
}

_FRENCH: Final = {
    "payment": "{id}, {amount} {currency}",
    "now": "Ce qui est dit à présent :",
    "silent": "  rien encore",
    "word": "  {source}, {provider} : {word}{amount}",
    "gone": "  {source}, {provider} : {word}{amount}, remplacée par {by}",
    "movement": ", transaction {id}",
    "then": "Si un autre opérateur donne son accord :",
    "agreed": "Si vous donnez votre accord :",
    "done": "Ce à quoi deux opérateurs ont donné leur accord :",
    "status": "  état     {before} -> {after}",
    "journal": "  journal  {account} {holder} : {before} -> {after}",
    "unbooked": "  journal  rien, comme avant",
    "refunds": "  rendu    {amount} {currency} sont rendus ou en route ; rien n'y change",
    "ask_note": "Proposer ceci ?",
    "ask_approve": "Donner votre accord ?",
    "left": "Rien n'a été fait.",
    "note": "{id}  {state}",
    "says": "  dit        {word}{amount}, chez {provider} {reference}",
    "transaction": "  numéro     {id}, celui du mouvement chez le prestataire",
    "moved": "  bougé      {at}",
    "replaces": "  remplace   {note}",
    "why": "  motif      {reason}",
    "proposed": "  proposée   {at}, par {by}",
    "ends": "  prend fin  {at}, à moins qu'un autre opérateur donne son accord",
    "approved": "  accordée   {at}, par {by}",
    "withdrawn": "  retirée    {at}, par {by}",
    "next": "Un autre opérateur donne son accord, avec le fichier de sa propre clé, par\n"
    "`cauri payments approve {payment} {note} --key-file FICHIER`,",
    "until": "jusqu'au {until} ; ensuite elle prend fin d'elle-même.",
    "none": "il n'y en a pas",
    "more": "De plus anciennes sont omises ; `--limit` en montre davantage.",
    "statement": "{id}  Remis ; une seconde personne doit donner son accord.",
    "holds": "  lignes     {lines}, chez {provider}, {currency}",
    "note_of": "{payment} {id}  {state}",
    "word_of": "  dit        {word}{amount}, chez {provider}",
    "turns": "  état       {before} -> {after}",
    "agree_note": "  cauri payments approve {payment} {note} --key-file FICHIER",
    "agree_statement": "  cauri statements approve {id} --key-file FICHIER",
    "debit": "débit {amount}",
    "credit": "crédit {amount}",
    "nothing": "rien",
    "state_proposed": "Proposée ; un second opérateur doit donner son accord.",
    "state_approved": "Accordée : elle fait foi.",
    "state_replaced": "Remplacée : une autre note a pris sa place.",
    "state_withdrawn": "Retirée.",
    "state_lapsed": "Éteinte : personne n'a donné son accord à temps.",
    "state_overtaken": "Dépassée : le paiement deviendrait autre chose à présent.",
    "source_webhook": "un appel du prestataire",
    "source_poll": "la réponse du prestataire",
    "source_statement": "un relevé",
    "source_operator": "une note d'opérateur",
}

_MEANT_FRENCH: Final = {
    "requested": "demandé",
    "submitting": "en cours d'envoi",
    "pending": "chez le prestataire",
    "unknown": "sans réponse",
    "succeeded": "réussi",
    "failed": "échoué",
    "expired": "expiré",
    "declined": "refusé",
    "conflict": "contradictoire",
}


def meant(word: str | None, language: Language) -> str:
    """What a status, or the word of a note, is called by people."""
    return _MEANT_FRENCH.get(word or "", word or "") if language == "fr" else word or ""


SAID: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": _ENGLISH,
    "fr": {name: typeset_french(text) for name, text in _FRENCH.items()},
}
"""A line's name -> its text, with values to fill in."""
