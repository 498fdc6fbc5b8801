"""French of the API's description of the log's witnesses; see `api.openapi_french`."""

from typing import Final

FRENCH_OF_WITNESS_DOCS: Final[dict[str, str]] = {
    "Show who watches the log from outside, how far, and whether that is enough.": (
        "Montrer qui surveille le registre de l'extérieur, jusqu'où, et si cela suffit."
    ),
    "A checkpoint that a witness would not sign. Look at it at once: the log may have forked.": (
        "Un point de contrôle qu'un témoin a refusé de signer. À examiner aussitôt : le registre a "
        "peut-être bifurqué."
    ),
    "The HTTP status of its answer.": "Le code HTTP de sa réponse.",
    "What the refusal means.": "Ce que veut dire ce refus.",
    "When it was recorded.": "Quand il a été enregistré.",
    "When that was recorded.": "Quand cela a été enregistré.",
    "The policy's witnesses, in its order.": "Les témoins des règles, dans leur ordre.",
    "One witness of the policy.": "Un témoin des règles.",
    "The policy's name for it.": "Son nom dans les règles.",
    "Its public key: `<name>+<id>+<base64>`.": "Sa clé publique : `<nom>+<id>+<base64>`.",
    "Whether an address of it is known, so that it is asked.": (
        "Si l'on connaît son adresse, et donc s'il est interrogé."
    ),
    "Whether it has cosigned the newest checkpoint, and has refused nothing since.": (
        "S'il a cosigné le dernier point de contrôle, et n'a rien refusé depuis."
    ),
    "The largest size that it has cosigned.": "La plus grande taille qu'il a cosignée.",
    "How many entries of the newest checkpoint it has not vouched for; null while it refuses.": (
        "Combien d'entrées du dernier point de contrôle il n'a pas encore cosignées ; null "
        "tant qu'il refuse."
    ),
    "Its latest refusal, if it ever refused.": "Son dernier refus, s'il y en a eu un.",
    "Why this process cannot have its word at present; it is asked again.": (
        "Pourquoi ce processus n'obtient pas sa réponse ; il sera interrogé de nouveau."
    ),
    "Who watches the log, and whether that is enough.": (
        "Qui surveille le registre, et si cela suffit."
    ),
    "Whether there is a policy.": "S'il y a des règles.",
    "The witness or group that is needed.": "Le témoin ou le groupe qu'il faut.",
    "Whether the newest checkpoint meets the policy, by witnesses that do not refuse.": (
        "Si le dernier point de contrôle satisfait aux règles, par des témoins qui ne refusent pas."
    ),
    "What the newest checkpoint lacks, by the policy's names; `the log's key` where the policy "
    "names none that signed it: add the log's new key to it.": (
        "Ce qui manque au dernier point de contrôle, avec les noms des règles ; `the log's key` "
        "(la clé du registre) si les règles n'en nomment aucune qui l'a signé : ajoutez-y la "
        "nouvelle."
    ),
    "The size of the newest checkpoint.": "La taille du dernier point de contrôle.",
    "The size of the newest of the last checkpoints that meets the policy.": (
        "La taille du plus récent des derniers points de contrôle qui satisfont aux règles."
    ),
}
