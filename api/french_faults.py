"""French: what is said of settings that cannot be used; a part of `api.french`.

What the reference says of each setting, which is the remedy of many faults, stands in
`api.french_settings`.
"""

from typing import Final

FRENCH_OF_FAULTS: Final[dict[str, str]] = {
    # A value's type
    "it is not set, and there is no default.": "il manque, et n'a pas de valeur par défaut.",
    "this is no number.": "ce n'est pas un nombre.",
    "this is no whole number.": "ce n'est pas un nombre entier.",
    "this is neither `true` nor `false`.": "ce n'est ni `true` ni `false`.",
    "this is no text.": "ce n'est pas un texte.",
    "this is no list.": "ce n'est pas une liste.",
    "this is no path of a file.": "ce n'est pas le chemin d'un fichier.",
    "this is no object in JSON.": "ce n'est pas un objet en JSON.",
    "it is not written as it must be.": "il n'est pas écrit comme il le faut.",
    "it cannot be used as it stands.": "il est inutilisable tel quel.",
    "it must be greater than {gt}.": "il doit être supérieur à {gt}.",
    "it must be {ge} or more.": "il doit être d'au moins {ge}.",
    "it must be less than {lt}.": "il doit être inférieur à {lt}.",
    "it must be {le} or less.": "il doit être d'au plus {le}.",
    "it must be one of {known}.": "il doit être l'un de : {known}.",
    "it is too short: {least} characters or more are wanted.": (
        "il est trop court : il faut au moins {least} caractères."
    ),
    "it is too long: {most} characters or fewer are wanted.": (
        "il est trop long : il faut au plus {most} caractères."
    ),
    "this is no https address that can be used.": ("ce n'est pas une adresse https utilisable."),
    "Write it as `https://host/path`, no slash at its end; `http://` on this machine only.": (
        "Écrivez-la `https://hôte/chemin`, sans barre oblique à la fin ; `http://` sur cette "
        "machine seulement."
    ),
    "this is no whole address of a server.": "ce n'est pas l'adresse complète d'un serveur.",
    "Write it with its scheme, `https://pay.example`, and nothing after its path.": (
        "Écrivez-la avec son protocole, `https://pay.example`, et rien après son chemin."
    ),
    # Names
    "there is no such setting.": "ce paramètre n'existe pas.",
    "Correct the name to {meant}, or remove it.": "Corrigez le nom en {meant}, ou retirez-le.",
    "Correct the name, or remove it.": "Corrigez le nom, ou retirez-le.",
    "See the settings in the README.": "Consultez les paramètres dans le README.",
    "Set it. {how}": "Donnez-lui une valeur. {how}",
    "the file cannot be read: {error}.": "le fichier est illisible : {error}.",
    "Name a TOML file.": "Nommez un fichier TOML.",
    "this is no table.": "ce n'est pas une table.",
    "Write [{name}] and its fields below it.": "Écrivez [{name}], et ses champs en dessous.",
    "{said}.": "{said}.",
    # The database, the mail server, Redis
    "write postgresql:// instead of postgres://.": (
        "écrivez postgresql:// au lieu de postgres://."
    ),
    "no address of a Redis.": "ce n'est pas l'adresse d'un Redis.",
    "Write `redis://:password@host:6379/0`, a password's odd signs as %XX.": (
        "Écrivez `redis://:motdepasse@hôte:6379/0`, les signes spéciaux du mot de passe en %XX."
    ),
    "{names} belong together.": "{names} vont ensemble.",
    "mail_tls=none would send it in clear.": "mail_tls=none l'enverrait en clair.",
    "it is missing, and mail_host is set.": "il manque, et mail_host est défini.",
    "receipts would cross the network in clear.": ("les reçus traverseraient le réseau en clair."),
    "Set it to `starttls` or `tls`.": "Choisissez `starttls` ou `tls`.",
    "the mail server is not on this machine.": (
        "le serveur de messagerie n'est pas sur cette machine."
    ),
    "Name a server on this machine.": "Nommez un serveur de cette machine.",
    "the certificates cannot be read ({kind}).": "les certificats sont illisibles ({kind}).",
    "Name a file of certificates in PEM.": "Nommez un fichier de certificats au format PEM.",
    # Providers
    "there is no provider {name!r}.": "le prestataire {name!r} n'existe pas.",
    "Choose from: {known}.": "Choisissez parmi : {known}.",
    "{name!r} is not enabled.": "{name!r} n'est pas activé.",
    "Name it in CAURI_PROVIDERS too, or leave it out.": (
        "Nommez-le aussi dans CAURI_PROVIDERS, ou retirez-le."
    ),
    "Leave it out, or write what it lacks.": "Retirez-le, ou écrivez ce qui lui manque.",
    "{provider} is set up for real money.": "{provider} est configuré pour de l'argent réel.",
    "Leave it out, or point it at its sandbox.": (
        "Retirez-le, ou dirigez-le vers son environnement d'essai."
    ),
    "this is the example's text.": "c'est le texte de l'exemple.",
    "Set it to what the provider gave you.": "Mettez ce que le prestataire vous a donné.",
    "this points at a sandbox, which moves no money.": (
        "cela mène à un environnement d'essai, où aucun argent ne bouge."
    ),
    "Set the provider's production value, or name it in CAURI_TRIAL_PROVIDERS.": (
        "Mettez la valeur de production du prestataire, ou nommez celui-ci dans "
        "CAURI_TRIAL_PROVIDERS."
    ),
    "{provider} does not serve {left}.": "{provider} ne dessert pas {left}.",
    "MTN has no such environment. Choose from: {known}.": (
        "MTN n'a pas cet environnement. Choisissez parmi : {known}."
    ),
    "{environment} is not served at that address but at {usual}.": (
        "{environment} n'est pas desservi à cette adresse, mais à {usual}."
    ),
    "the PIN is four digits.": "le code PIN a quatre chiffres.",
    "it needs 12 or more letters, digits, - and _.": (
        "il lui faut au moins 12 lettres, chiffres, - et _."
    ),
    # Production
    "production has no master key.": "la production n'a pas de clé maîtresse.",
    "Make one with `(umask 077; openssl rand -base64 32 > master.key)`, keep a copy in a safe, and "
    "set CAURI_MASTER_KEY_FILE to the file.": (
        "Faites-en une par `(umask 077; openssl rand -base64 32 > master.key)`, gardez-en une "
        "copie dans un coffre, et nommez le fichier dans CAURI_MASTER_KEY_FILE."
    ),
    "production has no key that signs the log.": (
        "la production n'a pas de clé qui signe le registre."
    ),
    "Make one with `cauri keys signing --name NAME --file signing.key`, keep a copy in a safe, and "
    "set CAURI_SIGNING_KEY_FILE to the file and CAURI_LOG_NAME to NAME.": (
        "Faites-en une par `cauri keys signing --name NOM --file signing.key`, gardez-en une copie "
        "dans un coffre, nommez le fichier dans CAURI_SIGNING_KEY_FILE, et mettez NOM dans "
        "CAURI_LOG_NAME."
    ),
    "providers must reach this server over https.": (
        "les prestataires doivent joindre ce serveur en https."
    ),
    "Set it to the https address of your reverse proxy.": (
        "Mettez l'adresse https de votre proxy inverse."
    ),
    "merchants' endpoints must not be on this machine.": (
        "les adresses de notification des marchands ne doivent pas être sur cette machine."
    ),
    "Leave it out.": "Retirez-le.",
    "no provider is enabled.": "aucun prestataire n'est activé.",
    "Set it to, say, `mtn,orange`.": "Mettez par exemple `mtn,orange`.",
    # Witnesses
    "there is no policy that says whose keys these are.": (
        "aucune politique ne dit à qui sont ces clés."
    ),
    "Set {name}, or leave it out.": "Définissez {name}, ou retirez ce paramètre.",
    "Name a C2SP tlog-policy file.": "Nommez un fichier C2SP tlog-policy.",
    "Correct that line.": "Corrigez cette ligne.",
    "{name!r} is not asked: {reason}.": "{name!r} n'est pas interrogé : {reason}.",
    "Write an https address on the public internet.": (
        "Écrivez une adresse https de l'internet public."
    ),
    "it is no web address": "ce n'est pas une adresse web",
    "it holds a name or a password": "elle contient un nom ou un mot de passe",
    "it is not https": "elle n'est pas en https",
    "it leads to an address that is not public": "elle mène à une adresse qui n'est pas publique",
    "it is longer than {limit} characters": "elle dépasse {limit} caractères",
    "{entry!r} is not name=address of a witness of the policy.": (
        "{entry!r} n'est pas nom=adresse d'un témoin de la politique."
    ),
    "Use the names of the policy's witness lines.": (
        "Prenez les noms des lignes witness de la politique."
    ),
    "it has keys of other logs, and none of {name!r}.": (
        "elle a des clés d'autres registres, et aucune de {name!r}."
    ),
    "Add this log's own log line, or leave them all out.": (
        "Ajoutez la ligne log de ce registre, ou retirez-les toutes."
    ),
    "two witnesses have keys of one name, and could not be told apart.": (
        "deux témoins ont des clés du même nom, et rien ne les distinguerait."
    ),
    "Name each witness's key for itself.": "Donnez à la clé de chaque témoin un nom à elle.",
}
"""English template -> French template."""
