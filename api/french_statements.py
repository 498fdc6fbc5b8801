"""French about providers' statements: from English templates; see `api.french`."""

from typing import Final

FRENCH_OF_STATEMENTS: Final[dict[str, str]] = {
    "Check it in the list of statements.": "Vérifiez-le dans la liste des relevés.",
    "Hand in a longer one in parts, such as one for each day.": (
        "Remettez un relevé plus long en plusieurs parties, par exemple une par jour."
    ),
    "Look at the time's offset from UTC, or let the statement cover it.": (
        "Vérifiez le décalage par rapport à UTC, ou étendez la période du relevé."
    ),
    "Repeat the first content exactly, or use a new key for a new statement.": (
        "Répétez exactement le premier contenu, ou prenez une nouvelle clé pour un nouveau relevé."
    ),
    "Send 1 to 100 letters, digits and . _ : / # + = - without spaces, a letter or digit first.": (
        "Envoyez 1 à 100 lettres, chiffres et . _ : / # + = - sans espaces, en commençant par "
        "une lettre ou un chiffre."
    ),
    "Send a later time; it is not itself included.": (
        "Envoyez un moment plus tardif ; il n'est pas lui-même compris."
    ),
    "Send at least one.": "Envoyez-en au moins un.",
    "Send the present time at the latest.": "Envoyez au plus tard le moment présent.",
    "Send what moved, and say by the direction which way.": (
        "Envoyez ce qui a bougé, et dites le sens par la direction."
    ),
    "Take a name that `cauri providers` lists.": "Prenez un nom que `cauri providers` donne.",
    "Agreeing to this statement": "L'approbation de ce relevé",
    "Handing in this statement": "La remise de ce relevé",
    "Taking back this statement": "Le retrait de ce relevé",
    "it was taken back, and stays so.": "il a été retiré, et le reste.",
    "If it is right after all, hand its lines in with another beginning or end of their time.": (
        "S'il est juste malgré tout, remettez ses lignes avec un autre début ou une autre fin de "
        "période."
    ),
    "it was approved, and its lines are words.": (
        "il a été approuvé, et ses lignes sont des paroles."
    ),
    "Let two operators note what is true of a payment.": (
        "Faites noter par deux opérateurs ce qui est vrai d'un paiement."
    ),
    "some of its lines are missing.": "une partie de ses lignes manque.",
    "Hand it in once more; what is missing is added.": (
        "Remettez-le encore une fois ; ce qui manque est ajouté."
    ),
    "the person who handed it in cannot be the one who agrees.": (
        "la personne qui l'a remis ne peut pas être celle qui l'approuve."
    ),
    "Have another person look at what it comes to, with a key of their own.": (
        "Faites regarder ce qu'il donne par une autre personne, avec sa propre clé."
    ),
    "Take one out.": "Retirez-en une.",
    "The list is empty.": "La liste est vide.",
    "There is no provider of this name.": "Il n'existe pas de prestataire de ce nom.",
    "There is no statement with this id.": "Il n'existe pas de relevé avec cet identifiant.",
    "a statement has 1 to {lines_max} lines.": "un relevé a de 1 à {lines_max} lignes.",
    "the amount is not above zero and within bounds.": (
        "le montant n'est pas supérieur à zéro et dans les bornes."
    ),
    "the line is of a time that the statement does not cover.": (
        "la ligne est d'un moment que le relevé ne couvre pas."
    ),
    "an earlier line says the same.": "une ligne précédente dit la même chose.",
    "the statement covers a time that is still to come.": (
        "le relevé couvre un temps encore à venir."
    ),
    "the statement ends before it begins.": "le relevé finit avant de commencer.",
    "there is no statement {statement_id!r}.": "il n'existe pas de relevé {statement_id!r}.",
    "this Idempotency-Key already stands for the statement {statement_id}.": (
        "cette Idempotency-Key désigne déjà le relevé {statement_id}."
    ),
    "this is not the form of an id.": "ce n'est pas la forme d'un identifiant.",
    "line {number}": "ligne {number}",
    "line {number}, column {column}": "ligne {number}, colonne {column}",
    "the line has {cells} cells, and there are {columns} columns.": (
        "la ligne a {cells} cellules, et il y a {columns} colonnes."
    ),
    "Put cells in quotes that contain the separator.": (
        "Mettez entre guillemets les cellules qui contiennent le séparateur."
    ),
    "the fee is negative.": "les frais sont négatifs.",
    'Send "0" or more.': "Envoyez « 0 » ou plus.",
    "this is UTF-16, and not UTF-8.": "c'est de l'UTF-16, et non de l'UTF-8.",
    "this is no UTF-8.": "ce n'est pas de l'UTF-8.",
    'Save it as "CSV UTF-8".': "Enregistrez-le en « CSV UTF-8 ».",
    "this is no CSV in UTF-8.": "ce n'est pas un CSV en UTF-8.",
    "Save it with commas and quotes, as UTF-8.": (
        "Enregistrez-le avec des virgules et des guillemets, en UTF-8."
    ),
    "The columns are {names}.": "Les colonnes sont {names}.",
    "there is no column {name!r}.": "il n'y a pas de colonne {name!r}.",
    "the column {name} is there more than once.": "la colonne {name} figure plusieurs fois.",
    "the column {name} is missing.": "la colonne {name} manque.",
    "there is no form {name!r} in the box.": "aucune forme {name!r} n'est fournie.",
    "There are: {names}.": "Il y a : {names}.",
    "there is no form and no file {name!r}.": "il n'y a ni forme ni fichier {name!r}.",
    "Name a TOML file, or one of: {names}.": "Nommez un fichier TOML, ou l'une de : {names}.",
    "a form has at most {bytes_max} bytes.": "une forme a au plus {bytes_max} octets.",
    "this is no TOML in UTF-8.": "ce n'est pas un TOML en UTF-8.",
    "Look at one with `cauri statements form mtn`.": (
        "Regardez-en une par `cauri statements form mtn`."
    ),
    "no column says how much, or more than one does.": (
        "aucune colonne ne dit le montant, ou plusieurs le disent."
    ),
    "Write either amount, or credit and debit.": "Écrivez soit amount, soit credit et debit.",
    "{one} and {other} belong together.": "{one} et {other} vont ensemble.",
    "Write both.": "Écrivez les deux.",
    "this does not write a time down to the minute.": (
        "cela n'écrit pas un moment jusqu'à la minute."
    ),
    "Write for example %d/%m/%Y %H:%M:%S.": "Écrivez par exemple %d/%m/%Y %H:%M:%S.",
    "this is not how far a time is from UTC.": "ce n'est pas un décalage par rapport à UTC.",
    "Write for example +01:00.": "Écrivez par exemple +01:00.",
    "the line is in {currency!r}.": "la ligne est en {currency!r}.",
    "Hand in a statement of each currency, or name that one.": (
        "Remettez un relevé par devise, ou nommez celle-là."
    ),
    "a file has at most {lines} lines.": "un fichier a au plus {lines} lignes.",
    "Save it as the form says, with cells in quotes where they need them.": (
        "Enregistrez-le comme la forme le dit, avec des guillemets là où il en faut."
    ),
    "this is no CSV in {encoding}.": "ce n'est pas un CSV en {encoding}.",
    "no line begins with {column!r}.": "aucune ligne ne commence par {column!r}.",
    "Take the provider's file as it came, or another form.": (
        "Prenez le fichier du prestataire tel qu'il est venu, ou une autre forme."
    ),
    "this is no number.": "ce n'est pas un nombre.",
    "Look at the form's decimal_mark, and at the cell.": (
        "Voyez decimal_mark dans la forme, et la cellule."
    ),
    "no line has this account, or it is written in more than one way.": (
        "aucune ligne n'a ce compte, ou il est écrit de plusieurs façons."
    ),
    "Write it as the file does.": "Écrivez-le comme le fait le fichier.",
    "two accounts are on every line, and one of them is yours.": (
        "deux comptes sont sur toutes les lignes, et l'un d'eux est le vôtre."
    ),
    "no account is on every line.": "aucun compte n'est sur toutes les lignes.",
    "Say which account is yours.": "Dites lequel est le vôtre.",
    "Say which account is yours, with --account.": "Dites par --account lequel est le vôtre.",
    "the times in this file do not say how far they are from UTC.": (
        "les moments de ce fichier ne disent pas leur décalage par rapport à UTC."
    ),
    "the line says that money came in and went out.": (
        "la ligne dit que l'argent est entré et sorti."
    ),
    "the sign is another one than on other lines, or a credit is negative.": (
        "le signe n'est pas celui des autres lignes, ou un crédit est négatif."
    ),
    "your account is not the one or the other side of this line.": (
        "votre compte n'est pas d'un côté, et d'un seul, de cette ligne."
    ),
    "the amount is negative, and your account received it.": (
        "le montant est négatif, et votre compte l'a reçu."
    ),
    "this is no time as the form says it.": "ce n'est pas un moment comme la forme le dit.",
    "Look at the form's time_format, and at the cell.": (
        "Voyez time_format dans la forme, et la cellule."
    ),
}
