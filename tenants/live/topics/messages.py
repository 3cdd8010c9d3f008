"""What browsers may say of topics: typed, unknown fields and unknown types refused."""

from __future__ import annotations

import msgspec


class Subscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="subscribe"):
    topic: str


class Unsubscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="unsubscribe"):
    topic: str


LiveMessage = Subscribe | Unsubscribe

live_decoder = msgspec.json.Decoder(LiveMessage)
