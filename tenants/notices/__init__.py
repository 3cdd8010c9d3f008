"""What people are told of what others did: a notice in the portal, a mail, or a line in the daily mail.

Each kind has defaults, which a person may change. Nothing else writes notices.
"""

from tenants.notices.daily import forget, send_daily
from tenants.notices.kinds import KINDS, Kind
from tenants.notices.links import DAILY, read_link, turn_down_link
from tenants.notices.telling import managers, tell

__all__ = [
    "DAILY",
    "KINDS",
    "Kind",
    "forget",
    "managers",
    "read_link",
    "send_daily",
    "tell",
    "turn_down_link",
]
