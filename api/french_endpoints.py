"""French: what is said about merchants' endpoints; a part of `api.french`.

An endpoint is an `adresse de notification`, a message to it a `notification`.
"""

from typing import Final

FRENCH_OF_ENDPOINTS: Final[dict[str, str]] = {
    "Nothing can be sent to this address.": "Rien ne peut être envoyé à cette adresse.",
    "Send an https address on the public internet, without a name or a password in it.": (
        "Envoyez une adresse https de l'internet public, sans nom ni mot de passe."
    ),
    "The address holds a name or a password.": "L'adresse contient un nom ou un mot de passe.",
    "The address is not https.": "L'adresse n'est pas en https.",
    "The address is not on the public internet.": "L'adresse n'est pas sur l'internet public.",
    "Send an https address on the public internet, or one on the server's own machine, such as "
    "http://localhost:9000/hook, without a name or a password in it.": (
        "Envoyez une adresse https de l'internet public, ou une adresse de la machine du serveur, "
        "par exemple http://localhost:9000/hook, sans nom ni mot de passe."
    ),
    "Send an https address on the public internet, without a name or a password in it. A server "
    "that was started with --sandbox takes http://localhost as well.": (
        "Envoyez une adresse https de l'internet public, sans nom ni mot de passe. Un serveur "
        "démarré avec --sandbox accepte aussi http://localhost."
    ),
    "You have {endpoints} endpoints already.": (
        "Vous avez déjà {endpoints} adresses de notification."
    ),
    "Disable one that you do not need.": "Désactivez-en une dont vous n'avez pas besoin.",
    "You have added {endpoints} endpoints already.": (
        "Vous avez déjà ajouté {endpoints} adresses de notification."
    ),
    "Enable one of those that are disabled.": "Réactivez l'une de celles qui sont désactivées.",
    "There is no endpoint with this id.": (
        "Il n'existe pas d'adresse de notification avec cet identifiant."
    ),
    "there is no endpoint {endpoint_id!r}.": (
        "l'adresse de notification {endpoint_id!r} n'existe pas."
    ),
    "the endpoint is disabled.": "l'adresse de notification est désactivée.",
    "the endpoint was deleted.": "l'adresse de notification a été supprimée.",
    "One endpoint may be tested {count} times within {seconds} s, and was.": (
        "Cette adresse a déjà été mise à l'essai {count} fois en {seconds} s, le maximum permis."
    ),
    "This endpoint was told no such message.": "Cette adresse n'a pas une telle notification.",
    "This endpoint has no such message to replay.": (
        "Cette adresse n'a pas une telle notification à renvoyer."
    ),
    "Look for it in the endpoint's messages.": (
        "Cherchez-la dans les notifications de cette adresse."
    ),
    "it was told {messages} messages already.": "{messages} notifications lui ont déjà été faites.",
    "it was replayed too often already.": "elle a déjà été renvoyée trop souvent.",
    "The value is no list.": "La valeur n'est pas une liste.",
    "Send [...].": "Envoyez [...].",
    "There are too many values.": "Il y a trop de valeurs.",
    "Send at most {values_max} of them.": "Envoyez-en {values_max} au maximum.",
}
"""English template -> French template."""
