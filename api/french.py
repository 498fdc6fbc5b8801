"""French: every sentence that may reach somebody over HTTP, from its English template.

A template is the key, and its translation has the same placeholders; a test holds the two against
each other, and against the source. What the ledger's own errors say stands in
`api.french_ledger`, what only a terminal is told in `api.french_terminal`.

In French a provider (MTN, Orange, as companies that are called) is a `prestataire`, an operator
(whose range a number is in) an `opérateur`. Code words stay as they are. The spaces that French
asks for before `:` and `;`, inside `« »` and before a unit are plain here and become no-break
spaces below (`adapters.typesetting`).
"""

from collections.abc import Mapping
from typing import Final

from adapters.directory_names import FRENCH_OF_COUNTRIES
from adapters.typesetting import typeset_french
from api.french_endpoints import FRENCH_OF_ENDPOINTS
from api.french_faults import FRENCH_OF_FAULTS
from api.french_keys import FRENCH_OF_KEYS
from api.french_ledger import FRENCH_OF_LEDGER
from api.french_log import FRENCH_OF_LOG
from api.french_notes import FRENCH_OF_NOTES
from api.french_people import FRENCH_OF_PEOPLE
from api.french_requests import FRENCH_OF_REQUESTS
from api.french_statements import FRENCH_OF_STATEMENTS

_OF_DOOR: Final[dict[str, str]] = {
    # Around other sentences
    "{reason} {remedy}": "{reason} {remedy}",
    "{name}: {reason} {remedy}": "{name} : {reason} {remedy}",
    "none": "aucun",
    # The request as a whole
    "No route has this path; see /docs for all of them, or /openapi.json.": (
        "Aucune route n'a ce chemin ; consultez /docs, ou /openapi.json, qui les donnent toutes."
    ),
    "The path exists with other methods; see the Allow header.": (
        "Ce chemin existe avec d'autres méthodes ; consultez l'en-tête Allow."
    ),
    "No address takes this method; see the Allow header.": (
        "Aucune adresse n'accepte cette méthode ; consultez l'en-tête Allow."
    ),
    "What was sent is not HTTP/1.1 as this server reads it.": (
        "Ce qui a été envoyé n'est pas du HTTP/1.1 tel que ce serveur le lit."
    ),
    "The server does not read requests of this form; see /openapi.json.": (
        "Le serveur ne lit pas les requêtes de cette forme ; consultez /openapi.json."
    ),
    "The request was not understood to have succeeded; repeat it under the same Idempotency-Key, "
    "and quote the correlation id if it stays so.": (
        "Rien n'indique que la requête a réussi ; répétez-la avec la même Idempotency-Key, et "
        "communiquez-nous l'identifiant de corrélation si l'erreur persiste."
    ),
    "{requests} requests are being served already.": (
        "Le nombre maximal de requêtes simultanées ({requests}) est atteint."
    ),
    "{connections} connections are being served already.": (
        "Le nombre maximal de connexions simultanées ({connections}) est atteint."
    ),
    "The head did not arrive within {seconds:g} seconds.": (
        "L'en-tête n'est pas arrivé dans le délai de {seconds:g} s."
    ),
    "Send your key as `Authorization: Bearer ck_...`.": (
        "Envoyez votre clé sous la forme `Authorization: Bearer ck_...`."
    ),
    "The header holds no key.": "L'en-tête ne contient pas de clé.",
    "No figures are published here.": "Aucun chiffre n'est publié ici.",
    "The header does not hold the token of the figures.": (
        "L'en-tête ne contient pas le jeton des chiffres."
    ),
    "Send what `CAURI_METRICS_TOKEN` says as `Authorization: Bearer ...`.": (
        "Envoyez la valeur de `CAURI_METRICS_TOKEN` sous la forme `Authorization: Bearer ...`."
    ),
    "This key is unknown or revoked.": "Cette clé est inconnue ou révoquée.",
    "Ask the operator of the ledger for a new one.": (
        "Demandez-en une nouvelle à l'exploitant du registre."
    ),
    "There is no key with this id.": "Aucune clé n'a cet identifiant.",
    "This key may send {count} requests within {seconds} s, and has.": (
        "Cette clé peut envoyer {count} requêtes en {seconds} s, et les a envoyées."
    ),
    "One payer may be asked for {count} payments within {seconds} s, and was.": (
        "Ce payeur a déjà reçu {count} demandes de paiement en {seconds} s, le maximum permis."
    ),
    "Wait {seconds} s, then send the same request again, under the same Idempotency-Key if it had "
    "one.": (
        "Attendez {seconds} s, puis renvoyez la même requête, avec la même Idempotency-Key si elle "
        "en avait une."
    ),
    "Use a key of such a role.": "Utilisez une clé qui a l'un de ces rôles.",
    "This is for keys of: {roles}; yours is of the role {role}.": (
        "Cette opération est réservée aux clés de rôle : {roles} ; la vôtre a le rôle {role}."
    ),
    # Bodies
    "At most {bytes_max} bytes are read; send less.": (
        "Le serveur lit au plus {bytes_max} octets ; envoyez-en moins."
    ),
    "The body is larger than this server reads; send less.": (
        "Le corps dépasse ce que ce serveur lit ; envoyez-en moins."
    ),
    "The body did not arrive within {seconds:g} seconds.": (
        "Le corps n'est pas arrivé dans le délai de {seconds:g} s."
    ),
    "The body broke off or is not encoded as the headers say.": (
        "Le corps s'est interrompu, ou n'est pas codé comme les en-têtes l'annoncent."
    ),
    "The header does not say that the body is JSON.": (
        "L'en-tête n'annonce pas que le corps est du JSON."
    ),
    "Send the body with `Content-Type: application/json`.": (
        "Envoyez le corps avec `Content-Type: application/json`."
    ),
    "The body stops being JSON at line {line}, column {column}.": (
        "Le corps cesse d'être du JSON à la ligne {line}, colonne {column}."
    ),
    "The body is JSON, but no object: send {{...}}.": (
        "Le corps est du JSON, mais pas un objet : envoyez {{...}}."
    ),
    "The body is nested deeper than {depth_max} levels.": (
        "Le corps est imbriqué au-delà de {depth_max} niveaux."
    ),
    "Send a flatter one; see /openapi.json.": (
        "Envoyez-en un moins profond ; consultez /openapi.json."
    ),
    "The object has more than one field of this name.": (
        "L'objet a plusieurs champs qui portent ce nom."
    ),
    "The parameter was sent more than once.": "Le paramètre a été envoyé plusieurs fois.",
    "The header was sent more than once.": "L'en-tête a été envoyé plusieurs fois.",
    "Send it once.": "Envoyez-le une seule fois.",
    # The Idempotency-Key
    "The header is missing.": "L'en-tête manque.",
    "It is not 1 to {characters_max} printable ASCII characters.": (
        "Sa valeur n'est pas faite de 1 à {characters_max} caractères ASCII imprimables."
    ),
    "Send a key of your own for everything that you ask for, such as your order's number or a "
    "UUID, and repeat it when you repeat the request.": (
        "Envoyez pour chaque demande une clé de votre choix, par exemple le numéro de votre "
        "commande ou un UUID, et répétez-la quand vous répétez la requête."
    ),
    # Fields and parameters
    "The field is missing.": "Le champ manque.",
    "Add it.": "Ajoutez-le.",
    "There is no such field.": "Ce champ n'existe pas.",
    "Remove it; see /openapi.json.": "Retirez-le ; consultez /openapi.json.",
    "The value is no object.": "La valeur n'est pas un objet.",
    "Send {{...}}.": "Envoyez {{...}}.",
    "The value is no string.": "La valeur n'est pas une chaîne de caractères.",
    "Send it in quotes.": "Envoyez-la entre guillemets.",
    "The body is empty.": "Le corps est vide.",
    "Send an object, {{}} at least.": "Envoyez un objet, au moins {{}}.",
    "The amount is no string: numbers lose money on the way.": (
        "Le montant n'est pas une chaîne de caractères : les nombres perdent de l'argent en route."
    ),
    'Send a decimal string in major units, such as "1500".': (
        'Envoyez une chaîne décimale en unités principales, par exemple "1500".'
    ),
    "The value is not one of those that are known.": (
        "La valeur ne figure pas parmi celles qui sont connues."
    ),
    "Send one of: {values}.": "Envoyez l'une des valeurs suivantes : {values}.",
    "There are too many pairs.": "Il y a trop de paires.",
    "Send at most {pairs_max} of them.": "Envoyez-en au plus {pairs_max}.",
    "The text is too short.": "Le texte est trop court.",
    "Its length in characters must be {characters_min} or more.": (
        "Sa longueur en caractères doit être d'au moins {characters_min}."
    ),
    "The text is too long.": "Le texte est trop long.",
    "Send at most {characters_max} characters.": "Envoyez au plus {characters_max} caractères.",
    "The value is no whole number.": "La valeur n'est pas un nombre entier.",
    "Send digits only, without quotes.": "N'envoyez que des chiffres, sans guillemets.",
    "Send digits only.": "N'envoyez que des chiffres.",
    "The number is too large.": "Le nombre est trop grand.",
    "Send a smaller one.": "Envoyez-en un plus petit.",
    "Send {maximum} or less.": "Envoyez {maximum} ou moins.",
    "The number is too small.": "Le nombre est trop petit.",
    "Send {minimum} or more.": "Envoyez {minimum} ou plus.",
    "The value is neither true nor false.": "La valeur n'est ni true ni false.",
    "Send one of the two.": "Envoyez l'une des deux.",
    "The value is no time.": "La valeur n'est pas une date avec son heure.",
    "Send a time such as 2030-01-31T12:00:00Z.": (
        "Envoyez une date avec son heure, par exemple 2030-01-31T12:00:00Z."
    ),
    "The time does not say its offset from UTC.": (
        "L'heure n'indique pas son décalage par rapport à UTC."
    ),
    "This is not the form of a provider's name.": (
        "Cela n'a pas la forme d'un nom de prestataire."
    ),
    "Send a name in small letters, such as mtn.": (
        "Envoyez un nom en minuscules, par exemple mtn."
    ),
    "This is not the form of an operator's code.": "Cela n'a pas la forme d'un code d'opérateur.",
    "Send a code such as mtn-cm, or leave it out.": (
        "Envoyez un code, par exemple mtn-cm, ou omettez le champ."
    ),
    "This is not the form of a country's code.": "Cela n'a pas la forme d'un code de pays.",
    "Send the two capitals of ISO 3166, such as CM.": (
        "Envoyez les deux majuscules de la norme ISO 3166, par exemple CM."
    ),
    "This is not the form of an e-mail address.": "Ce n'est pas la forme d'une adresse e-mail.",
    "Send one such as name@shop.example, without spaces, quotes or accents.": (
        "Envoyez une adresse comme nom@boutique.example, sans espaces, guillemets ni accents."
    ),
    "This server sends no receipts by mail.": "Ce serveur n'envoie pas de reçus par e-mail.",
    "Leave the address out, or ask whoever runs the server to set up CAURI_MAIL_HOST.": (
        "Omettez l'adresse, ou demandez à qui exploite le serveur de régler CAURI_MAIL_HOST."
    ),
    "This is not a web address.": "Ce n'est pas une adresse web.",
    "Send one that begins with https:// or http:// and has no spaces.": (
        "Envoyez-en une qui commence par https:// ou http:// et ne contient pas d'espace."
    ),
    "The value cannot be used.": "La valeur est inutilisable.",
    "See /openapi.json for what is allowed.": "Consultez /openapi.json, qui dit ce qui est permis.",
    # Positions and times
    "The log has not reached this position.": "Le registre n'a pas encore atteint cette position.",
    "Send a position that an answer's Cauri-Position header has named.": (
        "Envoyez une position que l'en-tête Cauri-Position d'une réponse a donnée."
    ),
    "The list stands at position {position} after {seconds:g} seconds.": (
        "La liste en est à la position {position} après {seconds:g} s d'attente."
    ),
    "This is neither a position nor a time.": (
        "Ce n'est ni une position, ni une date avec son heure."
    ),
    "An answer replays {entries} entries at most.": (
        "Une réponse rejoue {entries} entrées au plus."
    ),
    "Other answers are replaying the log just now.": (
        "D'autres réponses rejouent le registre en ce moment."
    ),
    "Use `cauri replay --known-at`, which has no such limit.": (
        "Utilisez `cauri replay --known-at`, qui n'a pas cette limite."
    ),
    "`as_of` says when already.": "`as_of` dit déjà à quel moment.",
    "`effective_to` says the end already.": "`effective_to` dit déjà la fin.",
    "This time has not come.": "Ce moment n'est pas encore venu.",
    "Send a position, or a past time such as 2025-01-31T12:00:00Z.": (
        "Envoyez une position, ou une date passée avec son heure, par exemple 2025-01-31T12:00:00Z."
    ),
    # Payments, merchants and callbacks
    "There is no payment with this id.": "Aucun paiement n'a cet identifiant.",
    "There is no merchant with this id.": "Aucun marchand n'a cet identifiant.",
    "There is no checkout session with this id.": "Aucune page de paiement n'a cet identifiant.",
    "No enabled provider takes {currency}.": (
        "Aucun prestataire activé n'accepte la devise {currency}."
    ),
    "Send an amount in one of these: {held}.": (
        "Envoyez un montant dans l'une de ces devises : {held}."
    ),
    "Send the form as a browser does.": "Envoyez le formulaire comme le fait un navigateur.",
    "{streams} pages are followed live already.": "{streams} pages sont déjà suivies en direct.",
    "This is not the origin of a web page.": "Ce n'est pas l'origine d'une page web.",
    "Send its scheme and host, such as https://shop.example, and no path.": (
        "Envoyez son protocole et son hôte, comme https://shop.example, sans chemin."
    ),
    "Check it, and whose key you use.": "Vérifiez-le, et vérifiez à qui est la clé utilisée.",
    "This payment was not yet requested at the time given.": (
        "Ce paiement n'était pas encore demandé au moment donné."
    ),
    "Send a later one, or leave it out.": (
        "Donnez un moment ou une position plus tardifs, ou omettez le paramètre."
    ),
    "Ask again shortly, or leave it out.": ("Redemandez dans un instant, ou omettez le paramètre."),
    "No enabled provider has this name.": "Aucun prestataire activé ne porte ce nom.",
    "Call the address that the request for payment named.": (
        "Appelez l'adresse qui figurait dans la demande de paiement."
    ),
    "The call does not carry the token this payment's provider was given.": (
        "L'appel ne porte pas le jeton convenu avec le prestataire de ce paiement."
    ),
    "No callback URL of ours looks like this.": (
        "Aucune de nos adresses de rappel n'a cette forme."
    ),
    # Where a payment goes
    "The number is of no operator that we know.": (
        "Le numéro n'appartient à aucun opérateur que nous connaissons."
    ),
    "There is no such operator.": "Cet opérateur n'existe pas.",
    "{operator} is of another country than the number.": (
        "{operator} n'est pas du même pays que le numéro."
    ),
    "Ask GET /v1/operators?phone=... for the code, or leave it out.": (
        "Demandez le code par GET /v1/operators?phone=..., ou omettez le champ."
    ),
    "This provider is not enabled here.": "Ce prestataire n'est pas activé ici.",
    "{provider} moves real money here, and your key is for tests.": (
        "{provider} déplace ici de l'argent réel, et votre clé est une clé d'essai."
    ),
    "{provider} is for tests here, and your key is for real.": (
        "{provider} ne sert ici qu'aux essais, et votre clé est une clé réelle."
    ),
    "Name another provider ({able}), or use a key of the other mode.": (
        "Désignez un autre prestataire ({able}), ou utilisez une clé de l'autre mode."
    ),
    "Your key does not see payments of the mode {mode}.": (
        "Votre clé ne voit pas les paiements du mode {mode}."
    ),
    "Leave it out, or use another key.": "Omettez-le, ou utilisez une autre clé.",
    "{provider} does not serve {country}.": "{provider} ne dessert pas le pays {country}.",
    "{provider} gives a payment back whole or not at all.": (
        "{provider} rembourse un paiement en entier ou pas du tout."
    ),
    "{provider} cannot give a payment back.": "{provider} ne sait pas rembourser un paiement.",
    "Send `allow_payout: true` to pay the customer back by a payout.": (
        "Envoyez `allow_payout: true` pour rembourser le client par un versement."
    ),
    "Pay the customer another way; no enabled provider can pay out to them.": (
        "Remboursez le client autrement ; aucun prestataire activé ne peut lui verser d'argent."
    ),
    # Live streams
    "Too many live streams are open already.": "Trop de flux en direct sont déjà ouverts.",
    "Close one, or ask GET /v1/notices from time to time.": (
        "Fermez-en un, ou interrogez GET /v1/notices de temps en temps."
    ),
    "The header holds no position.": "L'en-tête ne contient aucune position.",
    "Send the `id` of the last event you have, or leave it out.": (
        "Envoyez l'`id` du dernier événement que vous avez, ou omettez-le."
    ),
    "{provider} takes no one-time code.": "{provider} n'accepte pas de code à usage unique.",
    "Leave it out: the payer confirms on their own handset.": (
        "Omettez-le : le payeur confirme sur son propre téléphone."
    ),
    "This is not the form of a one-time code.": ("Ceci n'a pas la forme d'un code à usage unique."),
    "Send its 4 to 10 digits and nothing else.": "Envoyez ses 4 à 10 chiffres et rien d'autre.",
    "The key is missing, and no erasure is recorded.": (
        "La clé manque, et aucun effacement n'est consigné."
    ),
    "Restore the data keys from a backup.": "Restaurez les clés de données d'une sauvegarde.",
    "The payer was erased, and with it the number to pay back to.": (
        "Le payeur a été effacé, et avec lui le numéro à rembourser."
    ),
    "{provider} takes no payments.": "{provider} ne prend pas de paiements.",
    "{provider} makes no payouts.": "{provider} ne fait pas de versements.",
    "{provider} makes no refunds.": "{provider} ne fait pas de remboursements.",
    "{provider} is set up here for {held}, not {currency}.": (
        "{provider} est configuré ici pour {held}, et non pour {currency}."
    ),
    "{provider} is set up here for {held}, not {country}.": (
        "{provider} est configuré ici pour {held}, et non pour le pays {country}."
    ),
    "Take a number whose wallet is in {held}, or have a provider set up for this one.": (
        "Prenez un numéro dont le portefeuille est en {held}, ou faites configurer un prestataire "
        "pour celui-ci."
    ),
    "{provider} takes no {currency}.": "{provider} n'accepte pas la devise {currency}.",
    "No enabled provider reaches {operator} in {currency}.": (
        "Aucun prestataire activé n'atteint {operator} en {currency}."
    ),
    "Enabled providers that could: {able}; name one as `provider` if the number is theirs.": (
        "Prestataires activés qui le pourraient : {able} ; désignez-en un par `provider` si le "
        "numéro est chez lui."
    ),
    "Wallets of {operator} hold {held}, not {currency}.": (
        "Chez {operator}, les comptes sont tenus en {held}, non en {currency}."
    ),
    "Send the amount in {held}.": "Envoyez le montant en {held}.",
    # Amounts
    "{operator} through {provider}": "{operator} par {provider}",
    "{carrier} takes {minimum} {currency} or more at once.": (
        "{carrier} accepte {minimum} {currency} ou plus à la fois."
    ),
    "{carrier} takes {maximum} {currency} or less at once.": (
        "{carrier} accepte {maximum} {currency} ou moins à la fois."
    ),
    "{carrier} takes multiples of {multiple} {currency} only.": (
        "{carrier} n'accepte que des multiples de {multiple} {currency}."
    ),
    "Send a multiple, such as {nearest}.": "Envoyez un multiple, par exemple {nearest}.",
    "{currency} and {other}": "{currency} et en {other}",
    "{currency} or {other}": "{currency} ou en {other}",
}


FRENCH: Final[Mapping[str, str]] = {
    english: typeset_french(french)
    for english, french in {
        **_OF_DOOR,
        **FRENCH_OF_LEDGER,
        **FRENCH_OF_ENDPOINTS,
        **FRENCH_OF_REQUESTS,
        **FRENCH_OF_STATEMENTS,
        **FRENCH_OF_COUNTRIES,
        **FRENCH_OF_LOG,
        **FRENCH_OF_NOTES,
        **FRENCH_OF_PEOPLE,
        **FRENCH_OF_FAULTS,
        **FRENCH_OF_KEYS,
    }.items()
}
"""English template -> French template."""
