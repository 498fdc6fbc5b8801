"""French: what the reference says of each setting of the server, from its English description.

It is the remedy of most faults of settings. Providers' own settings are in
`api.french_settings_operators` and `api.french_settings_aggregators`. A setting is a `paramètre`;
braces in a text are doubled, as in every template.
"""

from typing import Final

FRENCH_OF_SETTINGS: Final[dict[str, str]] = {
    # api.settings
    "`production` refuses to start with missing or weak secrets, providers that point at "
    "sandboxes, or a public address that is not https.": (
        "`production` refuse de démarrer avec des secrets absents ou faibles, des prestataires "
        "dirigés vers des environnements d'essai, ou une adresse publique qui n'est pas en https."
    ),
    "Where the log is: `sqlite:///path/to/file.db` or `postgresql://user:password@host/name`.": (
        "Où est le registre : `sqlite:///chemin/vers/fichier.db` ou "
        "`postgresql://utilisateur:motdepasse@hôte/nom`."
    ),
    "Where several processes share access tokens and limits, sealed: `redis://:password@host/0`.": (
        "Où plusieurs processus partagent, scellés, jetons d'accès et limites : "
        "`redis://:motdepasse@hôte/0`."
    ),
    "The address to listen on.": "L'adresse où écouter.",
    "The port to listen on; 0 picks one.": "Le port où écouter ; 0 en choisit un.",
    "This server's address as others know it: checkout pages, QR codes, callbacks and documents "
    "all name this one and no other. Defaults to where it listens, `http://localhost:8080`; "
    "required in production, where it must be https.": (
        "L'adresse de ce serveur telle que les autres la connaissent : pages de paiement, codes "
        "QR, rappels et documents ne nomment que celle-là. Par défaut, là où il écoute, "
        "`http://localhost:8080` ; obligatoire en production, où elle doit être en https."
    ),
    "The file with the master key that wraps every data key. In development it is made beside the "
    "SQLite file where none is named.": (
        "Le fichier de la clé maîtresse, qui scelle chaque clé de données. En développement, elle "
        "est créée à côté du fichier SQLite si aucun n'est nommé."
    ),
    "The master key itself, where no file can be mounted.": (
        "La clé maîtresse elle-même, là où aucun fichier ne peut être monté."
    ),
    "A command that prints the master key, as the client of a KMS would; it is run without a "
    "shell, within 10 seconds.": (
        "Une commande qui imprime la clé maîtresse, comme le ferait le client d'un KMS ; elle est "
        "lancée sans shell, et a 10 secondes."
    ),
    "The file with the Ed25519 key that signs checkpoints of the log. In development it is made "
    "beside the SQLite file where none is named.": (
        "Le fichier de la clé Ed25519 qui signe les points de contrôle du registre. En "
        "développement, elle est créée à côté du fichier SQLite si aucun n'est nommé."
    ),
    "The log's own name in signed checkpoints: a host and path you control.": (
        "Le nom du registre dans ses points de contrôle signés : un hôte et un chemin à vous."
    ),
    "Whom people may ask who need help with a payment: a number, an address; `/support` and "
    "receipts show it as it stands here.": (
        "À qui s'adresser quand un paiement demande de l'aide : un numéro, une adresse ; "
        "`/support` et les reçus le montrent tel qu'il est écrit ici."
    ),
    "The providers to use, for example `mtn,orange`.": (
        "Les prestataires à utiliser, par exemple `mtn,orange`."
    ),
    "The language of the command line: its help, what is wrong with the settings, and what "
    "commands refuse and why.": (
        "La langue de la ligne de commande : son aide, ce qui ne va pas dans les paramètres, et ce "
        "que les commandes refusent, et pourquoi."
    ),
    "The least important log line to write.": (
        "La moins importante des lignes que le serveur écrit de ce qu'il fait."
    ),
    "`json` for machines, `console` for people.": (
        "`json` pour les machines, `console` pour les gens."
    ),
    "When a payment no provider could be reached for is given up.": (
        "Quand est abandonné un paiement pour lequel aucun prestataire n'a pu être joint."
    ),
    "How much longer a piece of work stays its process's own than doing it may take; after a crash "
    "it is taken up by another one that much later.": (
        "De combien une tâche reste à son processus au-delà du temps qu'elle peut prendre ; après "
        "une panne, un autre la reprend d'autant plus tard."
    ),
    # api.settings_server
    "The largest request body, in bytes.": "Le plus grand corps de requête, en octets.",
    "How long a body may take to arrive, in seconds.": (
        "Combien de temps un corps peut mettre à arriver, en secondes."
    ),
    "How long a request's head may take from its first byte, in seconds.": (
        "Combien de temps l'en-tête d'une requête peut prendre dès son premier octet, en secondes."
    ),
    "How long a caller may take nothing of an answer before the connection is cut, in seconds.": (
        "Combien de temps un appelant peut ne rien prendre d'une réponse avant que la connexion "
        "soit coupée, en secondes."
    ),
    "How long a connection may stay open without a request, in seconds; longer than the reverse "
    "proxy keeps it.": (
        "Combien de temps une connexion peut rester ouverte sans requête, en secondes ; plus "
        "longtemps que le proxy inverse ne la garde."
    ),
    "The largest webhook body, in bytes; it must fit sealed into one log entry.": (
        "Le plus grand corps d'un rappel, en octets ; scellé, il doit tenir dans une entrée du "
        "registre."
    ),
    "The most entries one page of a list holds, whatever `limit` asks for.": (
        "Le plus d'entrées que tient une page de liste, quoi que demande `limit`."
    ),
    "The longest a list waits for `min_position`, in seconds.": (
        "Le plus longtemps qu'une liste attend `min_position`, en secondes."
    ),
    "The longest a request is worked on before its caller is told to repeat it, in seconds; live "
    "streams have limits of their own.": (
        "Le plus longtemps qu'une requête est traitée avant que son appelant soit prié de la "
        "répéter, en secondes ; les flux en direct ont leurs propres limites."
    ),
    "How many requests are served at once; one more is told to wait.": (
        "Combien de requêtes sont servies à la fois ; une de plus est priée d'attendre."
    ),
    "How many connections are open at once; one more takes the place of one that has no request.": (
        "Combien de connexions sont ouvertes à la fois ; une de plus prend la place d'une qui n'a "
        "pas de requête."
    ),
    "How many appends may wait; one more is told to wait.": (
        "Combien d'entrées peuvent attendre leur place dans le registre ; une de plus est "
        "refusée, et priée de revenir."
    ),
    "How many API keys are remembered between requests.": (
        "Combien de clés d'API sont gardées en mémoire entre les requêtes."
    ),
    "How long a key is honoured without a look at the log, in seconds. It ends at once all the "
    "same where it is revoked, unless the log cannot be read.": (
        "Combien de temps une clé est admise sans un regard dans le registre, en secondes. "
        "Révoquée, elle cesse pourtant aussitôt, sauf si le registre est illisible."
    ),
    "How long requests may finish after the signal to stop.": (
        "Combien de temps les requêtes ont pour finir après le signal d'arrêt."
    ),
    # api.settings_access
    "Those of `CAURI_PROVIDERS` that are for trying and that only test keys reach: in production "
    "whoever points at a sandbox, and everywhere whoever is at one address for both and has given "
    "you a test account.": (
        "Ceux de `CAURI_PROVIDERS` qui servent aux essais et que seules atteignent les clés "
        "d'essai : en production, qui est dirigé vers un environnement d'essai ; partout, qui a "
        "une seule adresse pour les deux et vous a donné un compte d'essai."
    ),
    "How many requests one API key may send within a second; 0 is no limit.": (
        "Combien de requêtes une clé d'API peut envoyer en une seconde ; 0 : sans limite."
    ),
    "How many payments a merchant may ask one payer's number for within a minute; 0 is no limit.": (
        "Combien de paiements un marchand peut demander au numéro d'un payeur en une minute ; 0 : "
        "sans limite."
    ),
    "How often is written when each API key was last used, in seconds.": (
        "À quel intervalle est noté quand chaque clé d'API a servi la dernière fois, en secondes."
    ),
    "What Prometheus sends to `/metrics` as `Authorization: Bearer ...`. Without one, `/metrics` "
    "is open in development and is not there in production.": (
        "Ce que Prometheus envoie à `/metrics` sous la forme `Authorization: Bearer ...`. Sans "
        "lui, `/metrics` est ouvert en développement et n'existe pas en production."
    ),
    # api.settings_notify, api.settings_streams
    "How long a merchant's endpoint may take to answer.": (
        "Combien de temps l'adresse de notification d'un marchand peut mettre à répondre."
    ),
    "How many messages are on their way to merchants' endpoints at once, at most four to any one; "
    "as many again to endpoints that answer slowly or not at all.": (
        "Combien de notifications sont en route à la fois, quatre au plus vers une même adresse ; "
        "autant encore vers les adresses qui répondent lentement ou pas du tout."
    ),
    "How many endpoints a merchant may have switched on.": (
        "Combien d'adresses de notification actives un marchand peut avoir."
    ),
    "Whether endpoints may be on this machine, and without https: to try things out, and on with "
    "`--sandbox`. Refused in production.": (
        "Si des adresses de notification peuvent être sur cette machine, et sans https : pour "
        "essayer ; c'est admis avec `--sandbox`, et refusé en production."
    ),
    "How many live streams are open at once.": "Combien de flux en direct sont ouverts à la fois.",
    "How many of them one key may have.": "Combien d'entre eux une clé peut avoir.",
    "How long a live stream stays silent before it says that it lives.": (
        "Combien de temps un flux en direct se tait avant de dire qu'il vit."
    ),
    "How long a live stream lasts; clients take it up again by themselves.": (
        "Combien de temps dure un flux en direct ; les clients le reprennent d'eux-mêmes."
    ),
    "How long a client of a live stream, or of a checkout page's, may take nothing of what it is "
    "sent before it is cut off, in seconds.": (
        "Combien de temps le client d'un flux en direct, ou de celui d'une page de paiement, peut "
        "ne rien prendre de ce qui lui est envoyé avant d'être coupé, en secondes."
    ),
    # api.settings_mail
    "The mail server that takes receipts. Without one, payments that ask for a receipt are "
    "refused.": (
        "Le serveur de messagerie qui prend les reçus. Sans lui, les paiements qui demandent un "
        "reçu sont refusés."
    ),
    "Its port.": "Son port.",
    "How the connection is encrypted: `starttls` (port 587), `tls` (port 465), or `none`, which in "
    "production is only for a server on this machine.": (
        "Comment la connexion est chiffrée : `starttls` (port 587), `tls` (port 465), ou `none`, "
        "qui en production n'est admis que pour un serveur de cette machine."
    ),
    "The certificates that its certificate is checked against; by default, those the system "
    "believes.": (
        "Les certificats auxquels le sien est confronté ; par défaut, ceux auxquels le système se "
        "fie."
    ),
    "The name to log in with, if any.": "Le nom sous lequel se connecter, s'il en faut un.",
    "The password to it.": "Son mot de passe.",
    "The address that receipts come from, under the merchant's name.": (
        "L'adresse d'où viennent les reçus, sous le nom du marchand."
    ),
    "How long handing over one letter may take.": (
        "Combien de temps peut prendre la remise d'une lettre."
    ),
    "How many letters are handed over at once.": "Combien de lettres sont remises à la fois.",
    # api.settings_checkout
    "How long a checkout page can be paid where the merchant does not say, in seconds.": (
        "Combien de temps une page de paiement peut être payée si le marchand ne le dit pas, en "
        "secondes."
    ),
    "Whose pages may show every checkout page in a frame, `https://shop.example`; others only that "
    "which names them as its `embed_origin`.": (
        "Les pages de qui peuvent montrer toute page de paiement dans un cadre, "
        "`https://shop.example` ; les autres, seulement celle qui les nomme dans `embed_origin`."
    ),
    "How many payers' pages are told live how their payment goes; the others ask every few "
    "seconds.": (
        "Combien de pages de payeurs apprennent en direct où en est leur paiement ; les autres le "
        "demandent toutes les quelques secondes."
    ),
    # api.settings_log, api.settings_witness
    "How often a checkpoint of the log is signed and recorded, if anything happened since the last "
    "one.": (
        "À quel intervalle un point de contrôle du registre est signé et enregistré, si quelque "
        "chose s'est passé depuis le dernier."
    ),
    "How old what every projection's rows hash to may be in a checkpoint. Where hashing takes "
    "little, each checkpoint has it fresh. 0: no checkpoint has it.": (
        "L'âge que peut avoir, dans un point de contrôle, l'empreinte des lignes de chaque "
        "projection. Là où le calcul coûte peu, chaque point de contrôle l'a toute fraîche. 0 : "
        "aucun ne l'a."
    ),
    "How fast old entries are read again and compared, by one process, for ever. 0: never.": (
        "À quelle vitesse les anciennes entrées sont relues et comparées, par un processus, sans "
        "fin. 0 : jamais."
    ),
    "How long after the last entry it begins anew with the first.": (
        "Combien de temps après la dernière entrée il recommence par la première."
    ),
    "How often the digests of projections are held against what the log alone gives. 0: never.": (
        "À quel intervalle les empreintes des projections sont confrontées à ce que le registre "
        "seul donne. 0 : jamais."
    ),
    "The C2SP tlog-policy file that says how many of whose cosignatures are needed; its witnesses "
    "are shown every checkpoint.": (
        "Le fichier C2SP tlog-policy qui dit combien de cosignatures il faut, et de qui ; ses "
        "témoins voient chaque point de contrôle."
    ),
    "Where the policy's witnesses are, for example "
    "`shop=https://witness.shop.example,firm=https://audit.example`; before the addresses in the "
    "policy file. https; in development also http on this machine.": (
        "Où sont les témoins de la politique, par exemple "
        "`shop=https://witness.shop.example,firm=https://audit.example` ; cela l'emporte sur les "
        "adresses du fichier. En https ; en développement, aussi en http sur cette machine."
    ),
    "How long a witness may take to answer.": "Combien de temps un témoin peut mettre à répondre.",
}
"""English description -> French description."""
