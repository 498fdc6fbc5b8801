"""French: what is said about requests under way and the time they take; a part of `api.french`."""

from typing import Final

FRENCH_OF_REQUESTS: Final[dict[str, str]] = {
    # api.authentication, api.calls
    "The key in the header is not whole.": "La clé dans l'en-tête n'est pas entière.",
    "Send it as it was shown, to its last character.": (
        "Envoyez-la telle qu'elle a été montrée, jusqu'au dernier caractère."
    ),
    "The body is not in UTF-8: its byte {number}.": (
        "Le corps n'est pas en UTF-8 : son octet {number}."
    ),
    "The body begins with a byte order mark, which JSON has not.": (
        "Le corps commence par une marque d'ordre des octets (BOM), que le JSON n'a pas."
    ),
    "Send it in UTF-8 without one.": "Envoyez-le en UTF-8 sans elle.",
    "Send the JSON encoded in UTF-8.": "Envoyez le JSON codé en UTF-8.",
    # api.payable
    "Send the amount in {held}, or the country of the customers' numbers as `country`: "
    "{countries}.": (
        "Envoyez le montant en {held}, ou dans `country` le pays des numéros de vos clients : "
        "{countries}."
    ),
    "No enabled provider reaches a wallet in {country}.": (
        "Aucun prestataire activé n'atteint de portefeuille dans le pays {country}."
    ),
    "Send the country of the customers' numbers as `country`: {countries}.": (
        "Envoyez dans `country` le pays des numéros de vos clients : {countries}."
    ),
    # api.reach
    "Wallets in {country} hold {held}, not {currency}.": (
        "{country} : les comptes y sont tenus en {held}, non en {currency}."
    ),
    "{provider} does not reach {operator}.": "{provider} n'atteint pas {operator}.",
    "No enabled provider could: take another number, operator or currency, or have a provider "
    "enabled that serves these.": (
        "Aucun prestataire activé ne le pourrait : prenez un autre numéro, un autre opérateur ou "
        "une autre devise, ou faites activer un prestataire qui les dessert."
    ),
    "The first request with this key has no answer yet.": (
        "La première requête avec cette clé n'a pas encore sa réponse."
    ),
    "Send the same request again shortly; it then gets that answer.": (
        "Renvoyez la même requête dans un instant ; elle recevra alors cette réponse."
    ),
    "The answer was not found within {seconds:g} seconds.": (
        "La réponse n'a pas été trouvée dans le délai de {seconds:g} s."
    ),
    "Send the same request again.": "Renvoyez la même requête.",
    "It may have been taken all the same: send the same request again, under the same "
    "Idempotency-Key, and it is not done twice.": (
        "Elle a peut-être été prise malgré tout : renvoyez la même requête avec la même "
        "Idempotency-Key, et rien ne sera fait deux fois."
    ),
    "It may have been done all the same: look first, then send it again.": (
        "Cela a peut-être été fait malgré tout : vérifiez d'abord, puis renvoyez la requête."
    ),
    "A key is a merchant's own: another one may have used the same.": (
        "Une clé est propre à un marchand : un autre a pu utiliser la même."
    ),
    "This is not the form of an Idempotency-Key.": "Ce n'est pas une Idempotency-Key.",
    "Send it as the header had it: printable ASCII characters, escaped as needed.": (
        "Envoyez-la comme dans l'en-tête : des caractères ASCII imprimables, échappés au besoin."
    ),
    "Send `merchant_id` with it.": "Envoyez aussi `merchant_id`.",
    "An Idempotency-Key names one request, and nothing is left to choose by {names}.": (
        "Une Idempotency-Key désigne une seule requête, et il ne reste rien à choisir par {names}."
    ),
    "Leave {names} out, or leave the key out.": "Omettez {names}, ou omettez la clé.",
    "It has its end already: {status}.": "Son issue est déjà connue : {status}.",
    "A provider has it, or may have it.": "Un prestataire l'a, ou l'a peut-être.",
    "The log was restored from a backup, and may have sent it before it was lost.": (
        "Le registre a été restauré depuis une sauvegarde, et l'a peut-être envoyé avant sa perte."
    ),
    "It was sent once, and a provider may have it although none knows it.": (
        "Il est parti une fois, et un prestataire l'a peut-être sans le savoir encore."
    ),
    "Give it back by a refund.": "Rendez-le par un remboursement.",
    "Look at it: nothing more happens to it.": "Relisez-le : il ne s'y passe plus rien.",
    "Wait for its end, and give it back by a refund if it succeeds.": (
        "Attendez son issue, et rendez-le par un remboursement s'il réussit."
    ),
    "Wait for its end.": "Attendez son issue.",
    "This payment has no exchange of that position.": (
        "Ce paiement n'a pas d'échange à cette position."
    ),
    "Send the position of the last event you have. If you have this one, the server was restored "
    "from a backup: ask whoever runs it, and begin at a position before the loss.": (
        "Envoyez la position du dernier événement que vous avez. Si c'est celle-ci, le serveur a "
        "été restauré depuis une sauvegarde : demandez à qui l'exploite, et repartez d'une "
        "position antérieure à la perte."
    ),
    "The log was restored from a backup: what it told behind position {position} is lost.": (
        "Le registre a été restauré depuis une sauvegarde : ce qu'il a dit après la position "
        "{position} est perdu."
    ),
    "This log has had no such life.": "Ce registre n'a pas eu cette vie.",
    "Forget every position behind {position}, go on from it, and send {name}.": (
        "Oubliez toute position après {position}, repartez de celle-ci et envoyez {name}."
    ),
    "Take one from the list.": "Prenez-en une dans la liste.",
    "The value is neither a time nor a day.": (
        "La valeur n'est ni une date avec son heure, ni un jour."
    ),
    "Send a time such as 2030-01-31T12:00:00Z, or a day such as 2030-01-31.": (
        "Envoyez une date avec son heure, par exemple 2030-01-31T12:00:00Z, ou un jour, par "
        "exemple 2030-01-31."
    ),
}
"""English template -> French template."""
