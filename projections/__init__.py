"""What is asked: read models made from the log, which can be thrown away and rebuilt from it.

`PROJECTIONS` is the only registration: a new read model is its file and its name here.
"""

from typing import Final

from projections.accounts import AccountsProjection
from projections.calls import CallsProjection
from projections.checkouts import CheckoutsProjection
from projections.commitments import CommitmentsProjection
from projections.deliveries import DeliveriesProjection
from projections.erasures import ErasuresProjection
from projections.keys import KeysProjection
from projections.mails import MailsProjection
from projections.metrics import MetricsProjection
from projections.notices import NoticesProjection
from projections.payments import PaymentsProjection
from projections.projector import Projector
from projections.proposals import ProposalsProjection
from projections.statements import StatementsProjection
from projections.witnesses import WitnessesProjection
from projections.worklist import WorklistProjection

PROJECTIONS: Final[tuple[type[Projector], ...]] = (
    WorklistProjection,
    PaymentsProjection,
    AccountsProjection,
    MetricsProjection,
    KeysProjection,
    CheckoutsProjection,
    DeliveriesProjection,
    NoticesProjection,
    MailsProjection,
    CommitmentsProjection,
    WitnessesProjection,
    CallsProjection,
    ErasuresProjection,
    StatementsProjection,
    ProposalsProjection,
)
"""Every projector, in the order they are fed: what is due first."""
