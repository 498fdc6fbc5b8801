"""HTTP Digest and Basic: the examples of the standards, and calls under real challenges."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.answer import Answer, NotSentError
from adapters.base import ProviderSettings
from adapters.digest import Challenge, ChallengedCalls, authorization, challenge_in
from tests.replay import opening

RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_standard_s_own_examples_come_out(algorithm: str, response: str) -> None:
    challenge = challenge_in(Answer(401, {"WWW-Authenticate": RFC_7616.format(algorithm)}))
    assert challenge is not None
    header = authorization(
        challenge,
        method="GET",
        uri="/dir/index.html",
        user="Mufasa",
        password="Circle of Life",
        count=1,
        cnonce=CNONCE,
    )
    assert f'response="{response}"' in header
    assert all(one in header for one in ("qop=auth", "nc=00000001", f'cnonce="{CNONCE}"'))
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in header


def test_the_older_form_has_neither_count_nor_cnonce() -> None:
    header = authorization(
        Challenge("digest", realm='a "b"', nonce="n"),
        method="PUT",
        uri="/x?y=1",
        user="u",
        password="p",
        cnonce="c",
    )
    assert "nc=" not in header
    assert "qop=" not in header
    assert 'realm="a \\"b\\""' in header


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Digest",
        'Digest realm="r"',
        'Digest nonce="n", algorithm=MD5-sess',
        'Digest nonce="n", algorithm=SHA-512-256',
        'Digest nonce="n", qop="auth-int"',
        'Digest nonce=""',
    ],
)
def test_a_challenge_that_cannot_be_met_is_none(value: str) -> None:
    assert challenge_in(Answer(401, {"www-authenticate": value})) is None


def test_of_two_challenges_the_digest_is_met() -> None:
    several = {"WWW-Authenticate": 'Basic realm="r"', "www-authenticate": 'Digest nonce="n"'}
    assert challenge_in(Answer(401, several)) == Challenge("digest", nonce="n")


class Door:
    """A server that says how it wants to be called, and remembers how it was."""

    def __init__(self, *challenges: str | None) -> None:
        self.challenges = list(challenges)
        self.seen: list[tuple[str, bytes, str]] = []

    async def handle(self, request: web.Request) -> web.Response:
        header = request.headers.get("Authorization", "")
        self.seen.append((request.method, await request.read(), header))
        challenge = self.challenges.pop(0) if self.challenges else None
        if challenge is None:
            return web.json_response({"done": bool(header)})
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})


@asynccontextmanager
async def behind(*challenges: str | None) -> AsyncIterator[tuple[Door, ChallengedCalls, str]]:
    door = Door(*challenges)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", door.handle)
    async with TestServer(application) as server:
        pace = ProviderSettings(base_url="http://127.0.0.1:1").pace
        transport = opening()(
            pace, name="x", scrub=lambda transcript, keeps_persons=False: transcript
        )
        calls = ChallengedCalls(transport, "user", "pass", make_cnonce=lambda: "c")
        yield door, calls, str(server.make_url("/a?b=1"))
        await transport.close()


async def test_nothing_is_sent_before_the_challenge_and_it_serves_many_calls() -> None:
    async with behind('Digest realm="r", nonce="n1", qop="auth"') as (door, calls, url):
        for number in (1, 2):
            answer = await calls.call("PUT", url, json=number, is_safe_to_repeat=False)
            assert answer.json() == {"done": True}
    assert [(method, body) for method, body, _ in door.seen] == [
        ("PUT", b""),
        ("PUT", b"1"),
        ("PUT", b"2"),
    ]
    headers = [header for _, _, header in door.seen]
    assert headers[0] == ""
    assert "nc=00000001" in headers[1]
    assert "nc=00000002" in headers[2]
    assert 'uri="/a?b=1"' in headers[2]


async def test_a_nonce_that_ended_is_replaced_under_way_and_only_once() -> None:
    n1, n2, n3 = (f'Digest realm="r", nonce="n{number}", qop="auth"' for number in (1, 2, 3))
    async with behind(n1, n2) as (door, calls, url):
        answer = await calls.call("POST", url, json=1, is_safe_to_repeat=False)
        assert (answer.status, len(door.seen)) == (200, 3)
    async with behind(n1, n2, n3) as (door, calls, url):
        answer = await calls.call("POST", url, json=1, is_safe_to_repeat=False)
        assert (answer.status, len(door.seen)) == (401, 3)


async def test_a_nonce_that_is_called_stale_is_tried_again_even_if_it_is_the_same() -> None:
    same = 'Digest realm="r", nonce="n"'
    async with behind(same, same) as (door, calls, url):
        answer = await calls.call("POST", url, json=1, is_safe_to_repeat=False)
        assert (answer.status, len(door.seen)) == (401, 2)
    async with behind(same, f"{same}, stale=TRUE") as (door, calls, url):
        answer = await calls.call("POST", url, json=1, is_safe_to_repeat=False)
        assert (answer.status, len(door.seen)) == (200, 3)


async def test_a_wrong_password_is_said_once() -> None:
    basic = 'Basic realm="r"'
    async with behind(basic, basic) as (door, calls, url):
        answer = await calls.call("POST", url, json=1, is_safe_to_repeat=False)
        assert (answer.status, len(door.seen)) == (401, 2)
    assert door.seen[1][2] == "Basic dXNlcjpwYXNz"


@pytest.mark.parametrize("challenge", [None, "Bearer", 'Digest nonce="n", algorithm=MD5-sess'])
async def test_without_a_challenge_that_can_be_met_nothing_was_sent(challenge: str | None) -> None:
    async with behind(challenge) as (door, calls, url):
        with pytest.raises(NotSentError, match="no challenge that can be met"):
            await calls.call("PUT", url, json=1, is_safe_to_repeat=False)
    assert [body for _, body, _ in door.seen] == [b""]
