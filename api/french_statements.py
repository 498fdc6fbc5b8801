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
    "Put cells that contain commas in quotes.": (
        "Mettez entre guillemets les cellules qui contiennent des virgules."
    ),
    "this is no CSV in UTF-8.": "ce n'est pas un CSV en UTF-8.",
    "Save it with commas and quotes, as UTF-8.": (
        "Enregistrez-le avec des virgules et des guillemets, en UTF-8."
    ),
    "The columns are {names}.": "Les colonnes sont {names}.",
    "there is no column {name!r}.": "il n'y a pas de colonne {name!r}.",
    "the column {name} is there more than once.": "la colonne {name} figure plusieurs fois.",
    "the column {name} is missing.": "la colonne {name} manque.",
}
