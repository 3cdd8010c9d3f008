"""What an approver looks at: the queue of requests, and one of them with all that a decision needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import overload

from django.db.models import QuerySet
from django.utils import timezone

from tenants import capacity, clusters, site_day, weighing
from tenants.models import QuotaRequest, QuotaWant
from tenants.models.granting import UNDECIDED, State
from tenants.reservations import reserved_in
from tenants.rules.resources import change, heading, named, number, say, title, unit
from tenants.selectors import threads, usage, verdicts
from tenants.selectors.verdicts import Hint

ALWAYS = ("cpu", "memory", "storage", "pods")
"""Resources that are shown beside those that are asked for."""
EARLIER = 10
NEAR_DAYS = 300
DECIDED_DAYS = 90

ANY = ("", "any")
STATES = (("", "waiting"), ("changes", "changes asked"), ("decided", f"decided in {DECIDED_DAYS} days"))
HINTS = (ANY, ("yes", "would approve"), ("no", "stands against"), ("wall", "over a ceiling"))
SORTS = (("", "longest waiting"), ("new", "newest"), ("size", "biggest raise"), ("team", "team"))
FILTERS: Mapping[str, tuple[tuple[str, str], ...]] = {"state": STATES, "hint": HINTS, "sort": SORTS}


@dataclass(frozen=True, slots=True)
class Row:
    """A request of the queue: `size` is its biggest raise, 0.5 is half more than there is; None from nothing."""

    request: QuotaRequest
    asked: str
    size: float | None
    hint: Hint

    @property
    def stands(self) -> threads.Stands:
        return threads.state_of(self.request)

    @property
    def raised(self) -> str:
        return "new" if self.size is None else f"{self.size:+.0%}"


@dataclass(frozen=True, slots=True)
class Line:
    """One resource of the table, its amounts in `unit`; `requested` is "" where it is not asked for, `given` before it
    is decided.

    `peak`, `percentile` and `trend` are "" before anything was measured.
    """

    resource: str
    name: str
    unit: str
    granted: str
    requested: str
    change: str
    given: str
    used: str
    reserved: str
    peak: str
    percentile: str
    trend: str

    @property
    def habit(self) -> str:
        """Percentile and trend in a sentence; "" before anything was measured."""
        if not self.percentile:
            return ""
        words = f"At most {self.percentile} {self.unit}".rstrip() + " in 95% of the time"
        if not self.trend:
            return f"{words}."
        much = f"{self.trend[1:]} {'less' if self.trend.startswith('-') else 'more'}"
        return f"{words}; {much} in the second week than in the first."


def waiting() -> QuerySet[QuotaRequest]:
    """What waits for an approver, longest first."""
    return QuotaRequest.objects.filter(state=State.SUBMITTED).order_by("submitted_at", "pk")


class Queue(Sequence[Row]):
    """Rows of requests, of which those that are looked at are weighed."""

    def __init__(self, requests: Sequence[QuotaRequest]) -> None:
        self.requests = requests

    def __len__(self) -> int:
        return len(self.requests)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, int):
            return _rows([self.requests[at]])[0]
        return _rows(self.requests[at])


def queue(text: str = "", *, state: str = "", hint: str = "", sort: str = "") -> Sequence[Row]:
    """Requests by age unless sorted otherwise, in a number of queries that does not grow."""
    people = ("author", "decided_by", "policy")
    found = QuotaRequest.objects.select_related("namespace__team", *people).prefetch_related("wants")
    if state == "decided":
        since = timezone.now() - timedelta(days=DECIDED_DAYS)
        found = found.filter(decided_at__gte=since).order_by("-decided_at")
    else:
        wanted = State.CHANGES_ASKED if state == "changes" else State.SUBMITTED
        found = found.filter(state=wanted).order_by("submitted_at", "pk")
    if text:
        found = found.filter(namespace__team__name__icontains=text) | found.filter(
            namespace__cluster_name__icontains=text
        )
    requests = list(found)
    if sort == "new":
        requests.reverse()
    elif sort == "size":
        requests.sort(key=lambda request: float("inf") if (size := _size(request)) is None else size, reverse=True)
    elif sort == "team":
        requests.sort(key=lambda request: request.namespace.team.name.lower())
    if hint:
        kind = {"yes": "ok", "no": "warn", "wall": "bad"}[hint]
        return [row for row in _rows(requests) if row.hint.kind == kind]
    return Queue(requests)


def place(request: QuotaRequest) -> tuple[int, int, int | None]:
    """(which of those that wait it is, 0 where it does not wait; how many wait; the number of the one after it)."""
    numbers = list(waiting().values_list("pk", flat=True))
    if request.pk not in numbers:
        return 0, len(numbers), numbers[0] if numbers else None
    at = numbers.index(request.pk)
    following = numbers[(at + 1) % len(numbers)]
    return at + 1, len(numbers), following if following != request.pk else None


def lines(request: QuotaRequest) -> list[Line]:
    """What is asked for first, then what else its namespace is mostly about."""
    namespace = request.namespace
    asked = {want.resource: want for want in request.wants.all()}
    reserved = reserved_in([namespace], secrets="secrets" in asked)[namespace.pk]
    statistics = usage.statistics(namespace)
    open_ = request.state in UNDECIDED
    found = []
    for resource in (*asked, *(other for other in ALWAYS if other not in asked)):
        want, known = asked.get(resource), statistics.get(resource)
        granted = want.before if want and not open_ else namespace.limits.get(resource, 0)
        used = namespace.usage.get(resource, 0)
        found.append(
            Line(
                resource=resource,
                name=heading(resource),
                unit=unit(resource)[0],
                granted=number(resource, granted),
                requested=number(resource, want.wanted) if want else "",
                change=change(granted, want.wanted) if want else "",
                given=number(resource, want.granted) if want and want.granted is not None else "",
                used=number(resource, used),
                reserved=number(resource, reserved.get(resource, 0)),
                peak=number(resource, known.peak) if known and (known.measured or known.peak_at) else "",
                percentile=number(resource, known.percentile) if known and known.measured else "",
                trend=f"{known.trend:+.0%}" if known and known.trend is not None else "",
            )
        )
    return found


def beside(request: QuotaRequest, amounts: Mapping[str, int], until: date | None) -> list[str]:
    """Words beside amounts that one types: "Memory +33%: 9 GiB over the peak. Rule 1 would approve this."."""
    limits, peaks = request.namespace.limits, weighing.peaks_of(request.namespace)
    said = []
    for verdict in verdicts.beside(request, amounts, until):
        resource, amount = verdict.resource, amounts[verdict.resource]
        over = amount - peaks.get(resource, 0)
        peak = f"{say(resource, abs(over))} {'over' if over >= 0 else 'below'} the peak"
        rule = f" Rule {verdict.number} would approve this." if verdict.approves and verdict.number else ""
        wall = f" Nobody may approve it: {verdict.why}." if verdict.wall else ""
        said.append(f"{heading(resource)} {change(limits.get(resource, 0), amount)}: {peak}.{wall or rule}")
    return said


def room(request: QuotaRequest) -> str:
    """What the cluster has left of what is asked for: "harbour-1 has 212 GiB and 96 cores not granted"."""
    _, policy = weighing.current()
    have = capacity.of(request.namespace.cluster, policy)
    left = [
        say(want.resource, have[want.resource].left)
        for want in request.wants.all()
        if want.resource in have and have[want.resource].left > 0
    ]
    none = [title(want.resource) for want in request.wants.all() if want.resource in have and not _left(have, want)]
    name = clusters.title(request.namespace.cluster)
    words = [f"{name} has {_and(left)} not granted"] if left else []
    if none:
        words.append(f"{'' if left else f'{name} has '}no {' or '.join(none)} left to grant")
    return ", ".join(words)


def earlier(request: QuotaRequest) -> list[tuple[QuotaRequest, threads.Stands, str, str]]:
    """The team's decided requests before this one, newest first: where it stands, what was asked, what was granted."""
    found = QuotaRequest.objects.filter(namespace__team=request.team, decided_at__isnull=False).exclude(pk=request.pk)
    rows = found.select_related("namespace", "decided_by").prefetch_related("wants").order_by("-pk")[:EARLIER]
    return [(one, threads.state_of(one), sentence(one), outcome(one)) for one in rows]


def sentence(request: QuotaRequest) -> str:
    """What is asked for, in words: "40 GiB memory and 16 cores"."""
    return _and(named(want.resource, want.wanted) for want in request.wants.all())


def outcome(request: QuotaRequest) -> str:
    """What was granted, in words; "" where nothing was."""
    given = [say(want.resource, want.granted) for want in request.wants.all() if want.granted is not None]
    last = f" until {day_words(request.granted_until)}" if given and request.granted_until else ""
    return ", ".join(given) + last


def day_words(day: date) -> str:
    """A day in words, with its year where nobody would know it: "8 Jan", "8 Jan 2028"."""
    near = timedelta(days=NEAR_DAYS)
    return f"{day:%-d %b}" if abs(day - site_day.today()) < near else f"{day:%-d %b %Y}"


def _rows(requests: Sequence[QuotaRequest]) -> list[Row]:
    said = verdicts.hints(requests)
    return [
        Row(request, sentence(request), _size(request), verdicts.in_one(said[request.number])) for request in requests
    ]


def _size(request: QuotaRequest) -> float | None:
    """Its biggest raise; None from nothing."""
    wants = list(request.wants.all())
    if any(not want.before for want in wants):
        return None
    return max(((want.wanted - want.before) / want.before for want in wants), default=0.0)


def _left(have: Mapping[str, capacity.Capacity], want: QuotaWant) -> int:
    return max(have[want.resource].left, 0)


def _and(words: Iterable[str]) -> str:
    *first, last = list(words) or [""]
    return f"{', '.join(first)} and {last}" if first else last
