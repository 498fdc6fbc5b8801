"""A client nobody wrote: a public generator makes it from our document, and it takes a payment.

openapi-python-client knows nothing of us but what the running server's `/openapi.json` says, and
whatever it does not understand there is an error. The client that comes out is all that the program
below uses: its functions, its models, and its types for what went wrong.
"""

from pathlib import Path
from typing import Final

from tests.clients import client_python, run_client
from tests.conftest import ROOT
from tests.fenced import blocks_of
from tests.stage import sandboxes, serving

EVERYTHING: Final = """
import json, os, pathlib, subprocess, sys, threading, urllib.request

url, key, phone, folder, lines = sys.argv[1:]
os.environ["PATH"] = os.path.dirname(sys.executable) + ":/usr/bin:/bin"
os.environ["API"] = url
# As whoever pastes them does; a warning, which is an endpoint left out, ends it.
subprocess.run(
    ["bash", "-ec", lines.strip() + " --fail-on-warning"],
    check=True, stdout=sys.stderr, cwd=folder,
)
made = pathlib.Path(folder, "cauri-client")
sys.path.insert(0, str(made))
with urllib.request.urlopen(f"{url}/openapi.json") as answer:
    paths = json.load(answer)["paths"].values()
wanted = {said["operationId"] for item in paths for said in item.values()}
missing = wanted - {path.stem for path in made.glob("cauri_client/api/*/*.py")}

from cauri_client import AuthenticatedClient
from cauri_client.api.payments import (
    create_payment, create_refund, list_payments, show_events, show_payment,
)
from cauri_client.api.refunds import show_refund
from cauri_client.models import (
    Payer, PaymentReceipt, PaymentRequest, ProblemOut, RefundRequest, Status,
)

client = AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)
wanted = PaymentRequest(amount="1500", currency="XAF", payer=Payer(phone=phone))

def take(key, wanted=wanted):
    return create_payment.sync_detailed(client=client, body=wanted, idempotency_key=key)

def finished(show, payment_id):
    waiting = threading.Event()
    for _ in range(400):
        shown = show.sync(payment_id, client=client)
        if shown.is_final:
            return shown
        waiting.wait(0.05)
    raise SystemExit(f"{payment_id} has no end: {shown}")

taken = take("order-1001")
receipt = taken.parsed
assert isinstance(receipt, PaymentReceipt), taken
paid = finished(show_payment, receipt.id)
again = take("order-1001")
listed = list_payments.sync(
    client=client, status=Status.SUCCEEDED, min_position=paid.position, limit=10
)
refund = create_refund.sync(
    receipt.id, client=client, body=RefundRequest(amount="500"), idempotency_key="refund-1"
)
given_back = finished(show_refund, refund.id)
other = take("order-1001", PaymentRequest(amount="9", currency="XAF", payer=Payer(phone=phone)))
wrong = take("order-1002", PaymentRequest(amount="1.5", currency="XAF", payer=Payer(phone=phone)))
nobody = show_payment.sync("pay_aaaaaaaaaaaaaaaaaaaaaaaaaa", client=client)
assert all(isinstance(one, ProblemOut) for one in (other.parsed, wrong.parsed, nobody))
print(json.dumps({
    "missing": sorted(missing),
    "taken": [taken.status_code, receipt.amount, receipt.provider],
    "location": taken.headers["Location"] == f"/v1/payments/{receipt.id}",
    "paid": [paid.status, paid.amount, paid.evidence[0].word],
    "again": [again.content == taken.content, again.headers["Idempotent-Replayed"]],
    "listed": [one.id == receipt.id for one in listed.payments],
    "trail": [one.type_ for one in show_events.sync(receipt.id, client=client).events][:2],
    "given back": [given_back.status, given_back.amount, given_back.refund_of == receipt.id],
    "other": [other.status_code, other.parsed.code],
    "wrong": [wrong.status_code, wrong.parsed.code, wrong.parsed.errors[0].pointer],
    "nobody": nobody.code,
}))
"""


def readme_lines() -> str:
    """What README tells whoever wants a client."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = (one for one in blocks_of(page) if one.mark == "client")
    return block.text


async def test_the_document_alone_makes_a_client_that_takes_a_payment(tmp_path: Path) -> None:
    python = client_python("clients-openapi")
    made = tmp_path / "made"
    made.mkdir()
    rich = {"mtn": {"opening_balance": "100000"}}
    async with sandboxes(tmp_path, rich) as providers, serving(tmp_path, providers) as stage:
        told = [stage.url, stage.keys["mer_1"], "+237670000001", str(made), readme_lines()]
        found = await run_client(python, EVERYTHING, told)

    assert found == {
        "missing": [],
        "taken": [202, "1500", "mtn"],
        "location": True,
        "paid": ["succeeded", "1500", "succeeded"],
        "again": [True, "true"],
        "listed": [True],
        "trail": ["payment.requested", "payment.submission_started"],
        "given back": ["succeeded", "500", True],
        "other": [422, "idempotency_key_reused"],
        "wrong": [422, "invalid_money", "/amount"],
        "nobody": "unknown_payment",
    }
