"""French: reasons that the log keeps, by their English templates; see `api.kept_reasons`.

A template is what is recognised: the first that fits counts, so the narrower one stands first.
"""

from collections.abc import Mapping
from typing import Final

from adapters.typesetting import typeset_french

_FRENCH: Final[dict[str, str]] = {
    # api.routing, api.refunds: why a provider was chosen
    "the caller named the provider": "l'appelant a nommé le prestataire",
    "the caller named the operator": "l'appelant a nommé l'opérateur",
    "the number is in a range of no known operator": (
        "le numéro n'est dans la tranche d'aucun opérateur connu"
    ),
    "the number is in a range of {operator}": "le numéro est dans une tranche propre à {operator}",
    "it is {operator}'s own rail": "c'est le canal propre à {operator}",
    "it is an integrator that reaches {operator}": "c'est un agrégateur qui atteint {operator}",
    "it took the payment": "il a encaissé le paiement",
    "{provider} gives a payment back whole or not at all.": (
        "{provider} rembourse un paiement en entier ou pas du tout."
    ),
    "{provider} cannot give a payment back.": "{provider} ne peut pas rembourser un paiement.",
    "It pays out instead": "Il fait un versement à la place",
    # adapters.transport_outward, adapters.notify.merchants: what came of a message
    "the address is not called: {reason}": "l'adresse n'est pas appelée : {reason}",
    "no answer within {seconds} seconds": "pas de réponse en {seconds} s",
    "the host name could not be resolved": "le nom d'hôte est introuvable",
    "TLS could not be agreed": "aucun accord n'a été trouvé sur TLS",
    "could not connect": "la connexion a échoué",
    "the connection broke: {kind}": "la connexion s'est rompue : {kind}",
    "status {status}: redirects are not followed": (
        "statut {status} : les redirections ne sont pas suivies"
    ),
    "status {status}": "statut {status}",
    "the endpoint's address and secrets were erased": (
        "l'adresse de notification et ses secrets ont été effacés"
    ),
    "the data key of the endpoint's address and secrets is missing": (
        "la clé de données de l'adresse de notification et de ses secrets manque"
    ),
    "it is no web address": "ce n'est pas une adresse web",
    "it holds a name or a password": "elle contient un nom ou un mot de passe",
    "it is not https": "elle n'est pas en https",
    "it leads to an address that is not public": "elle mène à une adresse qui n'est pas publique",
    "it is longer than {limit} characters": "elle dépasse {limit} caractères",
    # ledger.endpoint, projections.deliveries: why nothing is delivered
    "the endpoint is disabled": "l'adresse de notification est désactivée",
    "the endpoint was deleted": "l'adresse de notification a été supprimée",
    "its merchant disabled it": "son marchand l'a désactivée",
    "it answered 410: it is gone": "elle a répondu 410 : elle n'existe plus",
    "another provider took over": "un autre prestataire a pris le relais",
}

FRENCH_OF_REASONS: Final[Mapping[str, str]] = {
    english: typeset_french(french) for english, french in _FRENCH.items()
}
"""English template -> French template."""
