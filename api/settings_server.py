"""How much the server takes at once, and how long it waits: a part of `api.settings`."""

from pydantic import BaseModel, Field

from ledger.store import QUEUED_MAX


class ServerSettings(BaseModel):
    """The bounds of requests, connections, answers and queues."""

    body_bytes_max: int = Field(
        default=65_536, ge=1024, le=1_048_576, description="The largest request body, in bytes."
    )
    body_seconds_max: float = Field(
        default=10.0, gt=0, le=300, description="How long a body may take to arrive, in seconds."
    )
    head_seconds_max: float = Field(
        default=10.0,
        gt=0,
        le=300,
        description="How long a request's head may take from its first byte, in seconds.",
    )
    answer_seconds_max: float = Field(
        default=30.0,
        ge=1,
        le=300,
        description="How long a caller may take nothing of an answer before the connection is cut, "
        "in seconds.",
    )
    idle_seconds_max: float = Field(
        default=75.0,
        gt=0,
        le=3600,
        description="How long a connection may stay open without a request, in seconds; longer "
        "than the reverse proxy keeps it.",
    )
    webhook_body_bytes_max: int = Field(
        default=24_576,
        ge=1024,
        le=32_768,
        description="The largest webhook body, in bytes; it must fit sealed into one log entry.",
    )
    page_entries_max: int = Field(
        default=200,
        ge=1,
        le=1000,
        description="The most entries one page of a list holds, whatever `limit` asks for.",
    )
    wait_seconds_max: float = Field(
        default=10.0,
        ge=0,
        le=60,
        description="The longest a list waits for `min_position`, in seconds.",
    )
    handler_seconds_max: float = Field(
        default=60.0,
        gt=0,
        le=600,
        description="The longest a request is worked on before its caller is told to repeat it, in "
        "seconds; live streams have limits of their own.",
    )
    requests_concurrent_max: int = Field(
        default=1000,
        ge=1,
        description="How many requests are served at once; one more is told to wait.",
    )
    connections_max: int = Field(
        default=2000,
        ge=1,
        description="How many connections are open at once; one more takes the place of one that "
        "has no request.",
    )
    appends_queued_max: int = Field(
        default=QUEUED_MAX, ge=1, description="How many appends may wait; one more is told to wait."
    )
    keys_cached_max: int = Field(
        default=10_000, ge=1, description="How many API keys are remembered between requests."
    )
    keys_cached_seconds: float = Field(
        default=5.0,
        ge=0,
        description="How long a key is honoured without a look at the log, in seconds. It ends at "
        "once all the same where it is revoked, unless the log cannot be read.",
    )
    stop_seconds_max: float = Field(
        default=10.0, gt=0, description="How long requests may finish after the signal to stop."
    )
