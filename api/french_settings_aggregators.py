"""French: what the reference says of settings of those who reach several operators.

See `api.french_settings`; one group a provider, in alphabetical order.
"""

from typing import Final

FRENCH_OF_AGGREGATORS_SETTINGS: Final[dict[str, str]] = {
    # hub2
    "`live` moves money, `sandbox` does not.": "`live` déplace de l'argent, `sandbox` non.",
    "The merchant's id on HUB2's dashboard.": (
        "L'identifiant du marchand dans le tableau de bord de HUB2."
    ),
    "The API key of that environment.": "La clé d'API de cet environnement.",
    "The secret HUB2 told when the webhook was registered; several are separated by commas. "
    "Without it webhooks prove nothing, and only make us ask.": (
        "Le secret que HUB2 a donné à l'enregistrement du webhook ; plusieurs sont séparés par des "
        "virgules. Sans lui, les webhooks ne prouvent rien, et ne font que nous faire interroger."
    ),
    "The currency of the account; once it is said, no other is sent.": (
        "La devise du compte ; une fois dite, aucune autre n'est envoyée."
    ),
    "The operator to use for every number, as HUB2 calls it (`wave`, ...). Without it, that of the "
    "number's range: MTN, Moov or Orange.": (
        "L'opérateur à prendre pour tout numéro, comme HUB2 le nomme (`wave`, ...). Sans lui, "
        "celui de la tranche du numéro : MTN, Moov ou Orange."
    ),
    "How payers shall confirm where an operator offers several ways; without it HUB2 chooses.": (
        "Comment les payeurs confirment là où un opérateur offre plusieurs manières ; sans cela, "
        "HUB2 choisit."
    ),
    "Whether HUB2 has opened the synchronous circuit for the account: the page's address then "
    "always comes with the answer (Wave).": (
        "Si HUB2 a ouvert le circuit synchrone pour le compte : l'adresse de la page vient alors "
        "toujours avec la réponse (Wave)."
    ),
    "How numbers are sent: `+2250500000001`, `2250500000001` or `0500000001`.": (
        "Comment les numéros sont envoyés : `+2250500000001`, `2250500000001` ou `0500000001`."
    ),
    "What payers and payees shall read instead of the account's own name.": (
        "Ce que payeurs et bénéficiaires lisent à la place du nom du compte."
    ),
    "What a transfer calls its payee: HUB2 wants a name, and no name is kept here.": (
        "Comment un virement nomme son bénéficiaire : HUB2 veut un nom, et aucun n'est gardé ici."
    ),
    "How far apart two questions by reference are; HUB2 takes one in 30 seconds.": (
        "L'écart entre deux questions par référence ; HUB2 en admet une toutes les 30 secondes."
    ),
    # hubtel
    "Where payments are asked for.": "Où les paiements sont demandés.",
    "Where the status of a payment is asked.": "Où l'état d'un paiement est demandé.",
    "Where payouts are asked for.": "Où les versements sont demandés.",
    "Where the status of a payout is asked.": "Où l'état d'un versement est demandé.",
    "The API id of the account's keys.": "L'identifiant d'API des clés du compte.",
    "The API key that belongs to it.": "La clé d'API qui va avec.",
    "The number of the POS sales account, which collects.": (
        "Le numéro du compte POS sales, qui encaisse."
    ),
    "The number of the prepaid deposit account, which pays out; without it every payout is "
    "declined.": (
        "Le numéro du compte prepaid deposit, qui verse ; sans lui, tout versement est refusé."
    ),
    "Which of Hubtel's figures must be what was asked for: `amount_after_charges` where payers "
    "bear the fee, `amount` where the merchant does.": (
        "Lequel des montants de Hubtel doit être celui qui a été demandé : `amount_after_charges` "
        "si les payeurs supportent les frais, `amount` si c'est le marchand."
    ),
    "Where payments are asked about. The documented host has no word for those that failed, which "
    "stay pending; `send_host` is said to have one.": (
        "Où l'on se renseigne sur les paiements. L'hôte documenté n'a pas de mot pour ceux qui ont "
        "échoué, qui restent en attente ; `send_host` en aurait un."
    ),
    "What a payout calls its payee: Hubtel wants a name, and no name is kept here.": (
        "Comment un versement nomme son bénéficiaire : Hubtel veut un nom, et aucun n'est gardé "
        "ici."
    ),
    # kkiapay
    "Where the API is: `https://api.kkiapay.me` moves money.": (
        "Où est l'API : `https://api.kkiapay.me` déplace de l'argent."
    ),
    "When an accepted payment is looked at first; KKiaPay cannot be asked.": (
        "Quand un paiement accepté est examiné pour la première fois ; KKiaPay ne peut pas être "
        "interrogé."
    ),
    "Where the payer's page is, for the trial and for money.": (
        "Où est la page du payeur, pour l'essai et pour de vrai."
    ),
    "Whether the page is to move no money; must fit the keys.": (
        "Si la page ne doit pas déplacer d'argent ; cela doit aller avec les clés."
    ),
    "The account's public key; every payer's page shows it.": (
        "La clé publique du compte ; la page de chaque payeur la montre."
    ),
    "The account's private key.": "La clé privée du compte.",
    "The account's secret.": "Le secret du compte.",
    "The secret set at the dashboard beside the webhook's address, `<public "
    "address>/webhooks/kkiapay/portal`. Without webhooks no payment ends.": (
        "Le secret mis au tableau de bord à côté de l'adresse du webhook, `<adresse "
        "publique>/webhooks/kkiapay/portal`. Sans webhooks, aucun paiement ne prend fin."
    ),
    "The former one, which is believed too while it is being replaced.": (
        "L'ancien, qui est cru aussi tant qu'il est en cours de remplacement."
    ),
    "Whether a failed attempt ends a payment. If not it stays open for another attempt on the same "
    "page, for ever if there is none.": (
        "Si une tentative échouée met fin au paiement. Sinon il reste ouvert à une autre tentative "
        "sur la même page, pour toujours s'il n'y en a pas."
    ),
    # mojaloop
    "What kind of identifier the merchant has in the scheme.": (
        "Quelle sorte d'identifiant le marchand a dans le système."
    ),
    "The merchant's own identifier, as it is registered in the scheme's directory.": (
        "L'identifiant du marchand, tel qu'il est inscrit à l'annuaire du système."
    ),
    "What payers and payees see as the merchant's name.": (
        "Ce que payeurs et bénéficiaires voient comme nom du marchand."
    ),
    "The secret part of the address at which the SDK calls: its BACKEND_ENDPOINT is "
    "`<host>/webhooks/mojaloop/<backend_secret>`. 12 or more letters, digits, `-` and `_`.": (
        "La partie secrète de l'adresse où le SDK appelle : son BACKEND_ENDPOINT est "
        "`<hôte>/webhooks/mojaloop/<backend_secret>`. Au moins 12 lettres, chiffres, `-` et `_`."
    ),
    "The one before, still taken until the SDK has the new one.": (
        "Le précédent, encore admis jusqu'à ce que le SDK ait le nouveau."
    ),
    "Say `true` once the SDK runs with AUTO_ACCEPT_PARTY, AUTO_ACCEPT_QUOTES and "
    "AUTO_ACCEPT_R2P_PARTY all false. Until then nothing is sent: with the SDK's own defaults a "
    "payout without an answer may have been paid.": (
        "Dites `true` quand le SDK tourne avec AUTO_ACCEPT_PARTY, AUTO_ACCEPT_QUOTES et "
        "AUTO_ACCEPT_R2P_PARTY tous à false. D'ici là rien n'est envoyé : avec les valeurs par "
        "défaut du SDK, un versement sans réponse a pu être payé."
    ),
    "How much more than the payout its quote may cost, in the currency's smallest unit; a dearer "
    "one is refused.": (
        "De combien le devis peut dépasser le versement, dans la plus petite unité de la devise ; "
        "un devis plus cher est refusé."
    ),
    "How long after its quote's end a transfer that the scheme does not know is given up; well "
    "above the SDK's EXPIRY_SECONDS.": (
        "Combien de temps après la fin de son devis un virement que le système ne connaît pas est "
        "abandonné ; bien plus que l'EXPIRY_SECONDS du SDK."
    ),
    # touchpay
    "Where the API is, before `/touchpayapi`; InTouch names another for a trial.": (
        "Où est l'API, avant `/touchpayapi` ; InTouch en nomme une autre pour un essai."
    ),
    "The agency's code, which stands in every address.": (
        "Le code de l'agence, qui figure dans chaque adresse."
    ),
    "The user of the HTTP authentication.": "L'utilisateur de l'authentification HTTP.",
    "The agent's login.": "L'identifiant de l'agent.",
    "The agent's password.": "Le mot de passe de l'agent.",
    "The partner's id, for payouts and questions.": (
        "L'identifiant du partenaire, pour les versements et les questions."
    ),
    "Services for collections that the contract names otherwise, by operator: "
    '`{{"mtn-ci": "..."}}`.': (
        "Les services d'encaissement que le contrat nomme autrement, par opérateur : "
        '`{{"mtn-ci": "..."}}`.'
    ),
    "Services for payouts that the contract names otherwise, likewise.": (
        "Les services de versement que le contrat nomme autrement, de même."
    ),
    "The services for collections that want the payer's one-time code.": (
        "Les services d'encaissement qui veulent le code à usage unique du payeur."
    ),
    "What a payer's page shall call the merchant.": (
        "Comment la page d'un payeur nomme le marchand."
    ),
    "The address every payer is given: TouchPay wants one, and none is kept here.": (
        "L'adresse e-mail donnée à tout payeur : TouchPay en veut une, et aucune n'est gardée ici."
    ),
    # ynote
    "Where the API is, with its stage; `/dev` instead of `/prod` is named too.": (
        "Où est l'API, avec son étape ; `/dev` au lieu de `/prod` est nommé aussi."
    ),
    "Where access tokens are given.": "Où les jetons d'accès sont donnés.",
    "The OAuth client id.": "L'identifiant client OAuth.",
    "The OAuth client's secret.": "Le secret du client OAuth.",
    "The customer key of the account.": "La customer key du compte.",
    "The secret that belongs to it.": "Le secret qui va avec.",
    "The nine digits of the Orange channel that payouts are made from; without it and its PIN "
    "every payout is declined.": (
        "Les neuf chiffres du canal Orange d'où partent les versements ; sans lui et son code PIN, "
        "tout versement est refusé."
    ),
    "The PIN of that channel.": "Le code PIN de ce canal.",
    "What a payout calls its payee: Y-Note wants a name, and no name is kept here.": (
        "Comment un versement nomme son bénéficiaire : Y-Note veut un nom, et aucun n'est gardé "
        "ici."
    ),
    "How a payer's number is sent: nine digits, or after 237. Payees are nine.": (
        "Comment le numéro d'un payeur est envoyé : neuf chiffres, ou après 237. Pour les "
        "bénéficiaires, neuf."
    ),
    "Which statuses of a payment say that it is paid, with commas. Y-Note names one; some "
    "integrators take `SUCCESS` for another.": (
        "Quels statuts d'un paiement disent qu'il est payé, séparés par des virgules. Y-Note en "
        "nomme un ; certains intégrateurs prennent `SUCCESS` pour un autre."
    ),
    "How long no token is asked for after one was refused: asking too often is answered with "
    "429.": (
        "Combien de temps aucun jeton n'est demandé après un refus : à qui demande trop souvent il "
        "est répondu 429."
    ),
}
"""English description -> French description."""
