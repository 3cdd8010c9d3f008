// A socket that stays connected: it comes back with jitter, unless one is signed out or the right is gone.
// A module without side effects of its own, so that several scripts of a page can use it.

const RETRY_FIRST = 500;
const RETRY_MOST = 15000;
const STEADY = 5000;
const LET_IN = 1000;
const SIGNED_OUT = 4401;
const RIGHT_LOST = 4403;
const CROWDED = 4429;

export class Connection {
  constructor(path, { opened, message, state }) {
    this.url = new URL(path, location.href.replace(/^http/, "ws"));
    this.handlers = { opened, message, state };
    this.wait = RETRY_FIRST;
    this.stopped = false;
    this.crowded = false;
    this.open();
    addEventListener("online", () => this.hurry());
    addEventListener("pagehide", () => this.stop());
    addEventListener("pageshow", (event) => { if (event.persisted) { this.stopped = false; this.open(); } });
  }

  open() {
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.since = Infinity;
    socket.onopen = () => {
      this.since = performance.now();
      // Who was one too many is accepted first and told after that, again.
      if (this.crowded) this.timer = setTimeout(() => { this.crowded = false; this.handlers.state("open"); }, LET_IN);
      else this.handlers.state("open");
      this.handlers.opened();
    };
    socket.onmessage = (event) => this.handlers.message(JSON.parse(event.data));
    socket.onclose = (event) => { if (this.socket === socket && !this.stopped) this.closed(event.code); };
  }

  closed(code) {
    clearTimeout(this.timer);
    if (code === SIGNED_OUT || code === RIGHT_LOST) {
      this.stopped = true;
      this.handlers.state(code === SIGNED_OUT ? "signed-out" : "right-lost");
      return;
    }
    this.crowded = code === CROWDED;
    if (this.crowded) this.wait = RETRY_MOST;
    else if (performance.now() - this.since > STEADY) this.wait = RETRY_FIRST;
    this.handlers.state(this.crowded ? "crowded" : "closed");
    const jitter = this.wait * (0.5 + Math.random());
    this.wait = Math.min(this.wait * 2, RETRY_MOST);
    this.timer = setTimeout(() => this.open(), jitter);
  }

  hurry() { if (!this.stopped && this.socket.readyState === WebSocket.CLOSED) this.open(); }
  send(message) { if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message)); }
  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    // One that is still on its way is closed when it arrives: to close it earlier is an error in the browser's eyes.
    const socket = this.socket;
    if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close(1000);
    else socket.close(1000);
  }
}
