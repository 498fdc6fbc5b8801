"""All products of the MTN sandbox: every resource against MTN's files, and what is their own."""

import uuid
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.sandbox.mtn_products import RESOURCES, Resource
from adapters.sandbox.mtn_rules import FAILURES, Code
from adapters.sandbox.mtn_scenarios import (
    PRE_APPROVAL_FAILURES,
    REFUND_FAILURES,
    TRANSFER_FAILURES,
    UNCOVERED,
    UNKNOWN_ORIGINAL,
)
from tests.callback_receiver import CallbackReceiver
from tests.mtn_merchant import (
    BAD_REQUEST,
    CONFLICT,
    FORBIDDEN_ENVIRONMENT,
    NOT_FOUND,
    REFERENCE,
    WRONG_CURRENCY,
    WRONG_HOST,
    Answer,
)
from tests.mtn_products import BODIES, KEYS, PERSON, ProductWorld, a_product_world
from tests.mtn_specification import (
    FOLDER,
    MtnSpecification,
    recorded_answers,
    requires_specifications,
)

OTHER = "5c0a9a58-62a5-4e0c-8d29-0d3c7e9a1b22"
HEADERS = (
    *("Authorization", "Ocp-Apim-Subscription-Key", "X-Reference-Id", "X-Target-Environment"),
)
CREATIONS = [
    pytest.param(one, version, id=f"{one.product}/{version}/{one.name}")
    for one in RESOURCES.values()
    for version in one.posts
]
SPECIFICATIONS: Mapping[str, MtnSpecification] = (
    {name: MtnSpecification(f"{name}.json", prefix=f"/{name}") for name in KEYS}
    if FOLDER.is_dir()
    else {}
)


@pytest.fixture
async def world() -> AsyncIterator[ProductWorld]:
    async with a_product_world(reason_shape="object") as made:
        yield made


async def a_good(world: ProductWorld, resource: Resource) -> dict[str, Any]:
    """Give what a good body of a resource needs: a refund needs something to give back."""
    if resource.name != "refund":
        return {}
    paid = str(uuid.uuid4())
    assert (await world.collection.create("v1_0/requesttopay", paid)).status == 202
    return {"referenceIdToRefund": paid}


async def status_of(world: ProductWorld, resource: Resource, reference: str) -> Answer:
    """Ask about a reference."""
    path = f"{resource.asked_at}/{resource.name}/{reference}"
    return await world.of(resource.product).ask("GET", path)


@requires_specifications
@pytest.mark.parametrize(("resource", "version"), CREATIONS)
async def test_every_creation_and_its_status_are_as_specified(
    world: ProductWorld, resource: Resource, version: str
) -> None:
    merchant, specification = world.of(resource.product), SPECIFICATIONS[resource.product]
    path, good = f"{version}/{resource.name}", await a_good(world, resource)
    answers = [
        await merchant.create(path, REFERENCE, **good),
        await merchant.create(path, REFERENCE, **good),
        await merchant.create(path, callback_url="http://elsewhere.example/", **good),
        await merchant.create(path, "7", **good),
        await merchant.ask("POST", path, body=b"{", **{"X-Reference-Id": OTHER}),
    ]
    problems = [
        specification.answer_problems("POST", f"/{resource.product}/{path}", one.status, one.body)
        for one in answers
    ]
    assert (answers, problems) == (
        [Answer(202, None), CONFLICT, WRONG_HOST, BAD_REQUEST, BAD_REQUEST],
        [[]] * 5,
    )
    for reference, expected in ((REFERENCE, 200), (OTHER, 404), ("7", 400)):
        told = await status_of(world, resource, reference)
        asked = f"/{resource.product}/{resource.asked_at}/{resource.name}/{reference}"
        problem = specification.answer_problems("GET", asked, told.status, told.body)
        assert (told.status, problem) == (expected, [])
    assert (await status_of(world, resource, REFERENCE)).body["status"] == "SUCCESSFUL"


@requires_specifications
@pytest.mark.parametrize("key", sorted(BODIES))
def test_the_bodies_that_the_sandbox_takes_are_the_specified_ones(key: str) -> None:
    resource = RESOURCES[key]
    for version in resource.posts:
        problems = SPECIFICATIONS[resource.product].request_problems(
            "POST",
            f"/{resource.product}/{version}/{resource.name}",
            dict.fromkeys(HEADERS, ""),
            BODIES[key],
        )
        assert problems == []


@requires_specifications
@pytest.mark.parametrize(
    ("key", "table"),
    [
        ("collection/requesttowithdraw", FAILURES),
        ("disbursement/deposit", FAILURES),
        ("collection/invoice", FAILURES),
        ("collection/preapproval", PRE_APPROVAL_FAILURES),
        ("disbursement/transfer", TRANSFER_FAILURES),
        ("remittance/transfer", TRANSFER_FAILURES),
        ("remittance/cashtransfer", TRANSFER_FAILURES),
    ],
)
async def test_every_scenario_of_a_person_ends_as_its_table_says_and_as_specified(
    world: ProductWorld, key: str, table: Mapping[str, Code]
) -> None:
    resource = RESOURCES[key]
    merchant, specification = world.of(resource.product), SPECIFICATIONS[resource.product]
    (path,) = [f"{version}/{resource.name}" for version in list(resource.posts)[-1:]]
    seen = {}
    for digits in table:
        reference = str(uuid.uuid4())
        person = {"partyIdType": "MSISDN", "partyId": f"467331234{digits}"}
        changes: dict[str, Any] = {str(resource.person): person}
        await merchant.create(path, reference, **changes)
        told = await status_of(world, resource, reference)
        reason = told.body[resource.reason_key]
        seen[digits] = reason if isinstance(reason, str) else reason["code"]
        asked = f"/{resource.product}/{resource.asked_at}/{resource.name}/{reference}"
        if resource.form == "cash" or seen[digits] in specification.codes:
            assert specification.answer_problems("GET", asked, told.status, told.body) == []
        assert (told.body["status"], "financialTransactionId" in told.body) == ("FAILED", False)
    assert seen == dict(table)


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        *(
            (original, ("FAILED", code))
            for original, code in REFUND_FAILURES.items()
            if original not in {UNKNOWN_ORIGINAL, UNCOVERED}
        ),
        ("5", ("PENDING", None)),
        ("6", ("PENDING", None)),
        (OTHER, ("FAILED", "RESOURCE_NOT_FOUND")),
    ],
)
@pytest.mark.parametrize("version", ["v1_0", "v2_0"])
async def test_a_refund_plays_the_scenario_of_its_original(
    version: str, original: str, expected: tuple[str, str | None]
) -> None:
    async with a_product_world() as world:
        await world.disbursement.create(
            f"{version}/refund", REFERENCE, referenceIdToRefund=original
        )
        told = (await status_of(world, RESOURCES["disbursement/refund"], REFERENCE)).body
        assert (told["status"], told.get("reason")) == expected
        world.timer.advance(25)
        later = (await status_of(world, RESOURCES["disbursement/refund"], REFERENCE)).body
    assert later["status"] == ("SUCCESSFUL" if original == "6" else expected[0])


@pytest.mark.parametrize("original", ["", "0", "14", "x", None, 7, UNKNOWN_ORIGINAL + "s"])
async def test_a_refund_of_nothing_that_could_be_a_reference_is_400(original: object) -> None:
    async with a_product_world() as world:
        answer = await world.disbursement.create("v2_0/refund", referenceIdToRefund=original)
    assert answer == BAD_REQUEST


@pytest.mark.parametrize(
    ("amount", "statuses"),
    [
        ("1000", ["SUCCESSFUL", "SUCCESSFUL"]),
        ("2000", ["FAILED", "FAILED"]),
        ("3000", ["CREATED", "SUCCESSFUL"]),
        ("3000.00", ["CREATED", "SUCCESSFUL"]),
        ("4000", ["CREATED", "FAILED"]),
        ("5000", ["CREATED", "CREATED"]),
        ("6000", ["CREATED", "CREATED"]),
    ],
)
async def test_a_bill_plays_the_scenario_of_its_amount(amount: str, statuses: list[str]) -> None:
    async with a_product_world(opening_balance="9999") as world:
        money = {"amount": amount, "currency": "EUR"}
        await world.collection.create("v2_0/payment", REFERENCE, money=money)
        seen = []
        for _ in statuses:
            told = await status_of(world, RESOURCES["collection/payment"], REFERENCE)
            seen.append(told.body["status"])
            world.timer.advance(25)
    assert seen == statuses


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("disbursement/transfer", {"payee": None}),
        ("disbursement/transfer", {"amount": 100}),
        ("disbursement/transfer", {"payeeNote": "Papa's wages"}),
        ("disbursement/transfer", {"payerMessage": "x" * 161}),
        ("remittance/cashtransfer", {"payerIdentificationType": "SRSA"}),
        ("remittance/cashtransfer", {"orginatingCountry": 7}),
        ("collection/invoice", {"validityDuration": 360}),
        ("collection/invoice", {"validityDuration": "0"}),
        ("collection/invoice", {"validityDuration": "soon"}),
        ("collection/invoice", {"payee": None}),
        ("collection/preapproval", {"validityTime": "3600"}),
        ("collection/preapproval", {"validityTime": True}),
        ("collection/preapproval", {"payer": None}),
        ("collection/payment", {"money": None}),
        ("collection/payment", {"money": {"amount": "1"}}),
        ("collection/payment", {"maxNumberOfRetries": "3"}),
        ("collection/payment", {"includeSenderCharges": "true"}),
        ("collection/payment", {"productId": 7}),
    ],
)
async def test_a_malformed_body_is_400_and_leaves_nothing(
    world: ProductWorld, key: str, changes: dict[str, Any]
) -> None:
    resource = RESOURCES[key]
    path = f"{next(iter(resource.posts))}/{resource.name}"
    answer = await world.of(resource.product).create(path, REFERENCE, **changes)
    assert (answer, await status_of(world, resource, REFERENCE)) == (BAD_REQUEST, NOT_FOUND)
    assert world.sandbox.books.posts_seen(REFERENCE, key) == 1


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("disbursement/transfer", {"currency": "XAF"}),
        ("disbursement/refund", {"currency": "XAF", "referenceIdToRefund": "99" * 18}),
        ("collection/preapproval", {"payerCurrency": "XAF"}),
        ("collection/payment", {"money": {"amount": "1", "currency": "XAF"}}),
    ],
)
async def test_every_product_knows_only_its_currencies(
    world: ProductWorld, key: str, changes: dict[str, Any]
) -> None:
    resource = RESOURCES[key]
    path = f"{next(iter(resource.posts))}/{resource.name}"
    assert await world.of(resource.product).create(path, **changes) == WRONG_CURRENCY


@pytest.mark.parametrize(("resource", "version"), CREATIONS)
@pytest.mark.parametrize("usual", ["PUT", "POST"])
async def test_a_callback_comes_by_the_method_of_the_call_with_the_body_of_the_status(
    resource: Resource, version: str, usual: str
) -> None:
    async with CallbackReceiver() as receiver, a_product_world(callback_method=usual) as world:
        good = await a_good(world, resource)
        await world.of(resource.product).create(
            f"{version}/{resource.name}", REFERENCE, callback_url=receiver.url(), **good
        )
        world.timer.advance(1)
        (came,) = await receiver.until(1)
        told = (await status_of(world, resource, REFERENCE)).body
    methods = {"deposit": "POST", "refund": "POST", "requesttowithdraw": "POST"}
    expected = methods.get(resource.name, usual) if version == "v1_0" else "PUT"
    if resource.name == "cashtransfer":
        expected = usual
    assert (came.method, orjson.loads(came.body)) == (expected, told)


async def test_there_is_no_second_version_of_a_transfer(world: ProductWorld) -> None:
    answer = await world.disbursement.create("v2_0/transfer")
    assert answer == Answer(404, {"statusCode": 404, "message": "Resource not found"})


@pytest.mark.parametrize(
    ("scope", "statuses"),
    [("resource", [202, 202, 202]), ("product", [202, 409, 202]), ("all", [202, 409, 409])],
)
async def test_how_far_a_reference_is_taken_is_a_switch(scope: str, statuses: list[int]) -> None:
    async with a_product_world(reference_scope=scope) as world:
        answers = [
            await world.disbursement.create("v1_0/transfer", REFERENCE),
            await world.disbursement.create("v1_0/deposit", REFERENCE),
            await world.remittance.create("v1_0/transfer", REFERENCE),
        ]
    assert [one.status for one in answers] == statuses


async def test_each_product_opens_with_its_own_key_and_user_alone(world: ProductWorld) -> None:
    paying = world.disbursement
    own = await paying.ask("GET", "v1_0/account/balance")
    with_other_key = await paying.call(
        "GET",
        "/disbursement/v1_0/account/balance",
        headers=paying.headers(),
        key=KEYS["collection"],
    )
    other_product = await paying.call(
        "GET",
        "/collection/v1_0/account/balance",
        headers=paying.headers(),
        key=KEYS["collection"],
    )
    assert (own.status, with_other_key.status, other_product) == (200, 401, FORBIDDEN_ENVIRONMENT)


async def test_balances_are_those_of_the_products(world: ProductWorld) -> None:
    await world.collection.create("v1_0/requesttopay")
    await world.collection.create("v1_0/requesttowithdraw", amount="10")
    await world.collection.create("v2_0/payment", money={"amount": "3", "currency": "EUR"})
    await world.disbursement.create("v1_0/transfer", amount="7.50")
    await world.disbursement.create("v2_0/deposit", amount="2.50")
    await world.remittance.create("v2_0/cashtransfer", amount="1")
    told = [
        (await world.of(product).ask("GET", f"v1_0/account/balance{tail}")).body
        for product in KEYS
        for tail in ("", "/EUR")
    ]
    amounts = [Decimal(one["availableBalance"]) for one in told]
    assert amounts == [1107, 1107, 990, 990, 999, 999]


@pytest.mark.parametrize(("is_checked", "status"), [(True, "FAILED"), (False, "SUCCESSFUL")])
async def test_what_goes_out_must_be_there_unless_nobody_looks(
    *, is_checked: bool, status: str
) -> None:
    async with a_product_world(opening_balance="99", balance_is_checked=is_checked) as world:
        await world.disbursement.create("v1_0/transfer", REFERENCE)
        told = (await status_of(world, RESOURCES["disbursement/transfer"], REFERENCE)).body
    assert told["status"] == status


@requires_specifications
@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("disbursement/refund", "refund_status_success"),
        ("disbursement/transfer", "transfer_status_success"),
        ("disbursement/deposit", "deposit_status_success_no_financialTransactionId"),
        ("collection/requesttowithdraw", "requesttowithdraw_status_success"),
        ("collection/invoice", "invoice_status_success"),
    ],
)
async def test_a_recorded_success_played_again_has_the_recorded_status(key: str, name: str) -> None:
    recorded = recorded_answers()["official_notebook_2024_11"][name]
    resource = RESOURCES[key]
    async with a_product_world(balance_is_checked=False) as world:
        changes = {one: recorded[one] for one in BODIES[key] if one in recorded}
        if resource.name == "refund":
            paid = str(uuid.uuid4())
            await world.collection.create("v1_0/requesttopay", paid, payer=recorded["payee"])
            await world.collection.create("v1_0/requesttopay", amount="100000")
            changes["referenceIdToRefund"] = paid
            changes["amount"] = "50"
        version = list(resource.posts)[-1]
        await world.of(resource.product).create(f"{version}/{resource.name}", REFERENCE, **changes)
        told = (await status_of(world, resource, REFERENCE)).body
    made_by_the_platform = {
        *("financialTransactionId", "referenceId", "paymentReference", "invoiceId"),
        "expiryDateTime",
    }
    if resource.name == "refund":
        made_by_the_platform.add("amount")
    assert set(told) == set(recorded)
    assert {one: told[one] for one in told if one not in made_by_the_platform} == {
        one: recorded[one] for one in recorded if one not in made_by_the_platform
    }


async def test_the_books_of_all_products_outlive_the_process(tmp_path: Path) -> None:
    path = tmp_path / "books.jsonl"
    async with a_product_world(books_path=path, decide_after_seconds=60) as world:
        for key in ("disbursement/transfer", "remittance/cashtransfer", "collection/invoice"):
            resource = RESOURCES[key]
            version = next(iter(resource.posts))
            await world.of(resource.product).create(f"{version}/{resource.name}", REFERENCE)
        world.timer.advance(30)
        await world.sandbox.stop()
        await world.sandbox.start()
        world.timer.advance(30)
        booked = world.sandbox.books.booked
        assert [(key, one.status) for (key, _), one in booked.items()] == [
            ("disbursement/transfer", "SUCCESSFUL"),
            ("remittance/cashtransfer", "SUCCESSFUL"),
            ("collection/invoice", "SUCCESSFUL"),
        ]
        assert booked["remittance/cashtransfer", REFERENCE].details["orginatingCountry"] == "CM"


async def test_by_their_last_digits_local_payees_play_transfers_scenarios() -> None:
    async with a_product_world(scenario_by_last_digits=True) as world:
        seen = {}
        for digits in ("01", "55", "57", "65", "68"):
            reference = str(uuid.uuid4())
            payee = PERSON | {"partyId": f"2376500000{digits}"}
            await world.disbursement.create("v1_0/transfer", reference, payee=payee)
            told = (await status_of(world, RESOURCES["disbursement/transfer"], reference)).body
            seen[digits] = told.get("reason")
    assert seen == {
        "01": None,
        "55": "NOT_ENOUGH_FUNDS",
        "57": "PAYEE_NOT_FOUND",
        "65": "PAYEE_LIMIT_REACHED",
        "68": "LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED",
    }


@pytest.mark.parametrize(("digits", "status"), [("57", 500), ("63", 503), ("50", 202)])
async def test_by_a_switch_a_transfers_upper_numbers_fail_at_the_post(
    digits: str, status: int
) -> None:
    async with a_product_world(scenarios_at_post=True) as world:
        payee = PERSON | {"partyId": f"467331234{digits}"}
        answer = await world.disbursement.create("v1_0/transfer", payee=payee)
    assert answer.status == status
