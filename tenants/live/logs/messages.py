"""What browsers may say of logs: typed, unknown fields and unknown types refused."""

from __future__ import annotations

import msgspec

from tenants.live.logs.resume import Token


class OpenLogs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="open"):
    """Follow all pods of an app: up to `tail` older lines of each, or what came since the `resume` tokens."""

    app: int
    tail: int = 200
    resume: list[Token] = []


class PreviousLogs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="previous"):
    """The last lines of the run before `source`'s."""

    source: str
    lines: int = 50


LogMessage = OpenLogs | PreviousLogs

log_decoder = msgspec.json.Decoder(LogMessage)
