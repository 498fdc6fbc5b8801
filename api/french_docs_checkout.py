"""The description of the API in French: what a merchant says of whom he expects to pay."""

from typing import Final

FRENCH_OF_CHECKOUT: Final[dict[str, str]] = {
    "As you sent it; null for other roles, and once that person was erased.": (
        "Tel que vous l'avez envoyé ; null pour les autres rôles, et une fois cette personne "
        "effacée."
    ),
    "International.": "Au format international.",
    "The customer's number, and address for the receipt, where you know them; the customer may "
    "still change both.": (
        "Le numéro du client, et son adresse pour le reçu, si vous les connaissez ; il peut encore "
        "changer les deux."
    ),
    "Where the receipt goes unless the customer writes another address.": (
        "Où va le reçu, sauf si le client écrit une autre adresse."
    ),
    "Whether the page asks for an e-mail address for the receipt, which the customer may leave "
    "out; by default it does where this server sends mail. With `false` the receipt goes to "
    "`payer.email`, if there is one.": (
        "Si la page demande une adresse e-mail pour le reçu, que le client peut omettre ; par "
        "défaut elle le fait là où ce serveur envoie du courrier. Avec `false`, le reçu va à "
        "`payer.email`, s'il y en a une."
    ),
    "Whom the merchant expects to pay.": "Le payeur que le marchand attend.",
    "Whom you expect to pay: the form is filled in with it, for whoever has the page's address.\n\n"
    "A number has to be there: it is under the key of its person that all of this is sealed, so "
    "that\nit is forgotten with them.": (
        "Le payeur que vous attendez : le formulaire en est rempli, pour quiconque a l'adresse "
        "de la page.\n\nIl faut un numéro : tout ceci est scellé sous la clé de sa personne, et "
        "oublié avec elle."
    ),
}
