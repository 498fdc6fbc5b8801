"""French: what the reference says of operators' own settings; see `api.french_settings`.

What all providers have stands first, then one group a provider, in alphabetical order.
"""

from typing import Final

FRENCH_OF_OPERATORS_SETTINGS: Final[dict[str, str]] = {
    # adapters.base: what all of them have
    "The provider's address without a slash at its end; https, or this machine.": (
        "L'adresse du prestataire, sans barre oblique à la fin ; en https, ou cette machine."
    ),
    "How long one call may take.": "Combien de temps un appel peut prendre.",
    "How many calls may be under way at once.": "Combien d'appels peuvent être en cours à la fois.",
    "How many calls may begin within a second.": (
        "Combien d'appels peuvent commencer en une seconde."
    ),
    "How many of them may be inquiries, where that is fewer.": (
        "Combien d'entre eux peuvent être des interrogations, si c'est moins."
    ),
    "When an accepted payment is asked about first.": (
        "Quand le prestataire est interrogé pour la première fois sur un paiement accepté."
    ),
    "How much longer each following wait is.": "De combien chaque attente suivante s'allonge.",
    "The longest wait between two inquiries.": (
        "La plus longue attente entre deux interrogations."
    ),
    "When what was not sent is submitted again; then doubled.": (
        "Quand ce qui n'est pas parti est soumis de nouveau ; l'attente double ensuite."
    ),
    "The longest wait before submitting again.": (
        "La plus longue attente avant de soumettre de nouveau."
    ),
    "When a submission without an answer is asked about first.": (
        "Quand le prestataire est interrogé pour la première fois sur une soumission sans réponse."
    ),
    "The countries of the contract, `CI,SN`, where they are fewer.": (
        "Les pays du contrat, `CI,SN`, s'ils sont moins nombreux."
    ),
    "Its currencies, `XOF`; by default those of its countries.": (
        "Ses devises, `XOF` ; par défaut celles de ses pays."
    ),
    "Where the page sends a payer back to, where a payment names no address. Defaults to the "
    "public address.": (
        "Où la page renvoie le payeur, si le paiement ne nomme pas d'adresse. Par défaut, "
        "l'adresse publique."
    ),
    "Where the API is, for the trial and for real.": "Où est l'API, pour l'essai et pour de vrai.",
    # mtn
    "Where the API is: `https://proxy.momoapi.mtn.com` in production.": (
        "Où est l'API : `https://proxy.momoapi.mtn.com` en production."
    ),
    "How many status calls may begin within a second.": (
        "Combien d'appels d'état peuvent commencer en une seconde."
    ),
    "When an accepted payment is asked about first; without a callback_host the default is 20.": (
        "Quand MTN est interrogé pour la première fois sur un paiement accepté ; sans "
        "callback_host, la valeur par défaut est 20."
    ),
    "The market, as MTN calls it: `mtncameroon`, `mtnuganda`, ...": (
        "Le marché, comme MTN le nomme : `mtncameroon`, `mtnuganda`, ..."
    ),
    "The key of the Collection product, primary or secondary.": (
        "La clé du produit Collection, primaire ou secondaire."
    ),
    "The API user (a UUID).": "L'utilisateur d'API (un UUID).",
    "The API user's key.": "La clé de l'utilisateur d'API.",
    "The key of the Disbursement product; without it nothing is paid out or back.": (
        "La clé du produit Disbursement ; sans elle, rien n'est versé ni remboursé."
    ),
    "The API user of Disbursements, where it is another one.": (
        "L'utilisateur d'API de Disbursement, si c'en est un autre."
    ),
    "That user's key.": "La clé de cet utilisateur.",
    "The key of the Remittance product.": "La clé du produit Remittance.",
    "The API user of Remittances, where it is another one.": (
        "L'utilisateur d'API de Remittance, si c'en est un autre."
    ),
    "Its key.": "Sa clé.",
    "The host name registered as the API user's providerCallbackHost. Callbacks are asked for only "
    "if the public address has this host: with any other, MTN refuses every payment. Without it, "
    "payments are followed by asking.": (
        "Le nom d'hôte inscrit comme providerCallbackHost de l'utilisateur d'API. Les rappels ne "
        "sont demandés que si l'adresse publique a cet hôte : avec tout autre, MTN refuse chaque "
        "paiement. Sans lui, les paiements sont suivis par interrogation."
    ),
    # orange
    "Where the API is, for the trial and for every country.": (
        "Où est l'API, pour l'essai et pour tous les pays."
    ),
    "The country in the API's path (`cm`, `ci`, `sn`, ...); `dev` moves no money.": (
        "Le pays dans le chemin de l'API (`cm`, `ci`, `sn`, ...) ; `dev` ne déplace pas d'argent."
    ),
    "The application's OAuth client id.": "L'identifiant client OAuth de l'application.",
    "The application's OAuth secret.": "Le secret OAuth de l'application.",
    "The key of the merchant's account.": "La clé du compte du marchand.",
    "What the payer and Orange's statements call the merchant.": (
        "Comment le payeur et les relevés d'Orange nomment le marchand."
    ),
    # orange_bf
    "Where payments are sent; for a trial Orange names `https://testom.orange.bf`, or a port and a "
    "path of it.": (
        "Où les paiements sont envoyés ; pour un essai, Orange nomme `https://testom.orange.bf`, "
        "ou un port et un chemin de celui-ci."
    ),
    "The eight digits of the merchant's number.": "Les huit chiffres du numéro du marchand.",
    "The account's user.": "L'utilisateur du compte.",
    "Its password.": "Son mot de passe.",
    "Further statuses by which Orange says that no money moved, as its own papers list them: "
    "`990417,60019`. A payment with any other one stays in doubt.": (
        "D'autres statuts par lesquels Orange dit qu'aucun argent n'a bougé, tels que ses propres "
        "documents les listent : `990417,60019`. Avec tout autre, un paiement reste incertain."
    ),
    # orange_cm
    "Where the API is; older contracts were given `https://apiw.orange.cm`.": (
        "Où est l'API ; les contrats plus anciens ont reçu `https://apiw.orange.cm`."
    ),
    "The user of the token call.": "L'utilisateur de l'appel de jeton.",
    "The password of the token call.": "Le mot de passe de l'appel de jeton.",
    "The user in `X-AUTH-TOKEN`.": "L'utilisateur dans `X-AUTH-TOKEN`.",
    "The password in `X-AUTH-TOKEN`.": "Le mot de passe dans `X-AUTH-TOKEN`.",
    "The merchant's own number, its channel user: nine digits.": (
        "Le numéro du marchand, son channel user : neuf chiffres."
    ),
    "The PIN of the merchant's number: four digits.": (
        "Le code PIN du numéro du marchand : quatre chiffres."
    ),
    # orange_sonatel
    "Where the API is: `https://api.orange-sonatel.com` in production.": (
        "Où est l'API : `https://api.orange-sonatel.com` en production."
    ),
    "The six digits of the merchant that is paid.": ("Les six chiffres du marchand qui est payé."),
    "What a payer reads.": "Ce que lit un payeur.",
    "How long a payment's code can be paid.": (
        "Combien de temps le code d'un paiement peut être payé."
    ),
    "How long after its code's end a payment counts as expired if a search by our reference finds "
    "no transaction. Set it only where that search is known to find what was paid; without it such "
    "a payment stays pending.": (
        "Combien de temps après la fin de son code un paiement compte comme expiré si une "
        "recherche par notre référence ne trouve aucune transaction. À définir seulement là où il "
        "est sûr que cette recherche trouve ce qui a été payé ; sinon un tel paiement reste en "
        "attente."
    ),
    "The secret that callbacks are signed with. Without it none is evidence, and payments are "
    "followed by asking.": (
        "Le secret qui signe les rappels. Sans lui, aucun ne fait preuve, et les paiements sont "
        "suivis par interrogation."
    ),
    "The key that callbacks present beside their signature; it is sent with every payment and then "
    "must come back.": (
        "La clé que les rappels présentent à côté de leur signature ; elle est envoyée avec chaque "
        "paiement, et doit alors revenir."
    ),
    "How old a signature may be to prove something; an older one makes us ask.": (
        "L'âge qu'une signature peut avoir pour prouver quelque chose ; une plus ancienne nous "
        "fait interroger."
    ),
    "Where the app sends a payer back to, where a payment names no address. Defaults to the public "
    "address.": (
        "Où l'application renvoie le payeur, si le paiement ne nomme pas d'adresse. Par défaut, "
        "l'adresse publique."
    ),
    "The nine digits of the retailer that payouts are made from.": (
        "Les neuf chiffres du détaillant d'où partent les versements."
    ),
    "That retailer's PIN.": "Le code PIN de ce détaillant.",
    "How many payouts that come at about the same time may go in one call. 0 makes them one by "
    "one. Set it only where searches by our reference are known to find payouts: the answer to "
    "such a call says nothing of a single one.": (
        "Combien de versements qui arrivent à peu près ensemble peuvent partir en un appel. 0 les "
        "fait un par un. À définir seulement là où il est sûr que les recherches par notre "
        "référence trouvent les versements : la réponse à un tel appel ne dit rien de chacun."
    ),
    # wave
    "Where the API is, for every country.": "Où est l'API, pour tous les pays.",
    "The wallet's API key.": "La clé d'API du portefeuille.",
    "The signing secret of the webhook registered at Wave's portal as `<public "
    "address>/webhooks/wave/portal`. Without it every webhook is refused, and payments are "
    "followed by asking.": (
        "Le secret de signature du webhook inscrit au portail de Wave sous `<adresse "
        "publique>/webhooks/wave/portal`. Sans lui, tout webhook est refusé, et les paiements sont "
        "suivis par interrogation."
    ),
    "Whether only the number a payment names may pay it; else anybody may.": (
        "Si seul le numéro que nomme un paiement peut le payer ; sinon n'importe qui le peut."
    ),
}
"""English description -> French description."""
