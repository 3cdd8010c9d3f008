"""The log page: lines of all pods as they are written, whatever is in them."""

from __future__ import annotations

import re
from itertools import pairwise

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser import acts
from tests.browser.conftest import Visitors
from tests.browser.looking import NARROW, WIDE, look_over

RESTART = 1012
MORE = "(lines) => parseInt(document.querySelector('[data-log=found]').textContent.replace(',', '')) > lines"
AT_END = """() => {
  const list = document.querySelector("[data-log=list]");
  return list.scrollTop + list.clientHeight >= list.scrollHeight - 60;
}"""
NASTY = r"""sh -c "printf '\033[31mred alert\033[0m and calm\n';
printf '\033]0;stolen title\007after the title\n';
printf '<img src=x onerror=window.stolen=1><script>window.stolen=1</script>\n';
printf 'user \342\200\256nimda\342\200\254 signed in\n';
printf 'bad \377\376 bytes\n';
X=0123456789abcdef;
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do X=$X$X; done;
echo $X; echo last of all;
while true; do sleep 5; done" """.replace("\n", " ")


def count(page: Page, name: str = "found") -> int:
    """The first number in a figure of the log page."""
    words = page.locator(f"[data-log={name}]").inner_text()
    return int(words.split()[0].replace(",", ""))


def downloaded(page: Page) -> dict[str, list[int]]:
    """Pod → numbers of its lines, in the order that the page holds them."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Download what is shown").click()
    numbers: dict[str, list[int]] = {}
    for pod, number in re.findall(r"^\S+ (\S+) line (\d+)$", download.value.path().read_text(), re.MULTILINE):
        numbers.setdefault(pod, []).append(int(number))
    return numbers


def test_lines_of_all_pods_come_live_and_can_be_filtered_and_paused(visit: Visitors, talker: str) -> None:
    page = visit("bob")
    page.goto(f"{talker}logs/")
    expect(page.locator("[data-log=chips] button")).to_have_count(2)
    log = page.get_by_role("log")
    expect(log.locator(".b-line").first).to_be_visible()
    before = count(page)
    page.wait_for_function(MORE, arg=before + 10)
    wanted = log.locator(".b-line .t").last.inner_text()
    page.get_by_label("Filter lines").fill(wanted)
    expect(log.locator("mark").last).to_have_text(wanted)
    expect(page.locator("[data-log=found]")).to_have_text(re.compile(r"^\d+ of \d+ lines"))
    assert all(wanted in line for line in log.locator(".b-line .t").all_inner_texts())
    page.get_by_label("Filter lines").fill("")
    page.get_by_role("button", name="Pause").click()
    last = log.locator(".b-line").last.inner_text()
    expect(page.locator("[data-log=waiting]")).to_have_text(re.compile(r"^[1-9]\d* new lines"))
    assert log.locator(".b-line").last.inner_text() == last
    page.get_by_role("button", name="Show them").click()
    expect(log.locator(".b-line").last).not_to_have_text(last)
    look_over(page)


def test_the_newest_line_stays_in_sight_when_the_window_changes(visit: Visitors, talker: str) -> None:
    page = visit("bob")
    page.goto(f"{talker}logs/")
    expect(page.get_by_role("log").locator(".b-line").nth(20)).to_be_visible()
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        page.wait_for_function(AT_END)
        seen = count(page)
        page.wait_for_function(MORE, arg=seen + 20)
        page.wait_for_function(AT_END)
    page.get_by_role("log").hover()
    page.mouse.wheel(0, -300)
    page.wait_for_function(f"() => !({AT_END})()")
    page.wait_for_function(MORE, arg=count(page) + 20)
    assert not page.evaluate(AT_END)


def test_a_reconnect_loses_and_doubles_no_line(visit: Visitors, talker: str) -> None:
    page = visit("bob")
    sockets: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket(re.compile("/ws/logs/"), through)
    page.goto(f"{talker}logs/")
    for _ in range(3):
        expect(page.locator("[data-log-state=open]")).to_be_visible()
        seen = count(page)
        page.wait_for_function(MORE, arg=seen + 5)
        sockets[-1].close(code=RESTART)
        expect(page.locator("[data-log-state=closed]")).to_be_visible()
    expect(page.locator("[data-log-state=open]")).to_be_visible()
    page.wait_for_function(MORE, arg=count(page) + 5)
    pods = downloaded(page)
    assert len(pods) == 2
    assert len(sockets) == 4
    for pod, numbers in pods.items():
        wrong = [(a, b) for a, b in pairwise(numbers) if b != a + 1]
        assert not wrong, f"{pod}: {wrong}"


def test_what_programs_print_is_shown_as_harmless_text(visit: Visitors, place: str) -> None:
    page = visit("bob")
    page.goto(f"{place}apps/new")
    acts.fill_app(page, "nasty", "registry.example/busybox:1.35")
    page.get_by_label("Nobody: it works in the background").check()
    page.get_by_label("No check").check()
    page.locator("details#command summary").click()
    page.get_by_label("Command", exact=True).fill(NASTY)
    page.get_by_role("button", name="Deploy app").click()
    page.wait_for_url("**/apps/nasty/")
    acts.says(page, "Running v1")
    page.goto(f"{place}apps/nasty/logs/")
    log = page.get_by_role("log")
    expect(log).to_contain_text("last of all")
    expect(log.locator(".b-ansi-red")).to_have_text("red alert")
    expect(log).to_contain_text("after the title")
    expect(log).to_contain_text("<img src=x onerror=window.stolen=1><script>window.stolen=1</script>")
    expect(log).to_contain_text("user ‹202e›nimda‹202c› signed in")
    expect(log).to_contain_text("bad \ufffd\ufffd bytes")
    expect(log).to_contain_text(re.compile(r"0123456789abcdef.*bytes cut"))
    assert log.locator("img, script").count() == 0
    assert page.evaluate("window.stolen") is None
    assert page.title().startswith("Logs of nasty")
    assert all(ord(c) >= 32 for line in log.locator(".b-line .t").all_inner_texts() for c in line)
    look_over(page)


def test_a_right_that_is_taken_away_closes_the_log(visit: Visitors, talker: str) -> None:
    owner, guest = visit("alice"), visit("erin")
    acts.invite(owner, "payments", "erin", role="developer")
    guest.goto("/")
    guest.get_by_role("button", name="Join Payments").click()
    owner.goto("/t/payments/members/")
    owner.get_by_role("link", name="Remove erin").click()
    visit.watch(guest).allow("404")
    guest.goto(f"{talker}logs/")
    expect(guest.locator("[data-log-state=open]")).to_be_visible()
    expect(guest.get_by_role("log").locator(".b-line").first).to_be_visible()
    owner.get_by_role("button", name=re.compile("Remove erin")).click()
    expect(guest.get_by_role("heading", name="This is gone")).to_be_visible(timeout=10_000)
    expect(guest.get_by_role("log")).to_have_count(0)
    response = guest.goto(f"{talker}logs/")
    assert response is not None
    assert response.status == 404
