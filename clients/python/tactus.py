"""A client of a running Tactus engine, in Python's standard library alone.

    import tactus
    with tactus.Engine(name="my sidecar", kind="ai") as engine:
        fate = engine.send("/deck/1/play @bar")
        if fate.verdict == "refused":
            print(fate.reason)
        print(engine.state()["deck/1/position"])

Whatever a client does, the music goes on. docs/clients.md describes the messages underneath.
"""
import collections
import json
import mmap
import os
import select
import socket
import struct
import subprocess
import tempfile
import time

__all__ = ["Engine", "Fate", "Gone", "decode", "encode"]

Fate = collections.namedtuple("Fate", "request verdict id beat frame reason note text engine_ns")
_NUMBERS = {"u8": "B", "u32": "I", "i32": "i", "u64": "Q", "i64": "q", "f32": "f", "f64": "d"}


class Gone(ConnectionError):
    """There is no engine, or it has ended."""


def _padded(data):
    return data + b"\0" * (-len(data) % 4)


def encode(address, *args):
    """An OSC message: int to h, float to d, bool to T/F, str to s. Wrap in numbers of your own types for others."""
    tags, body = ",", b""
    for a in args:
        if isinstance(a, bool):
            tags += "T" if a else "F"
        elif isinstance(a, int):
            tags += "h"
            body += struct.pack(">q", a)
        elif isinstance(a, float):
            tags += "d"
            body += struct.pack(">d", a)
        else:
            tags += "s"
            body += _padded(str(a).encode() + b"\0")
    return _padded(address.encode() + b"\0") + _padded(tags.encode() + b"\0") + body


def decode(packet):
    """(address, [arguments]) of an OSC message."""
    def text(at):
        end = packet.index(b"\0", at)
        return packet[at:end].decode(errors="replace"), (end // 4 + 1) * 4

    address, at = text(0)
    tags, at = text(at)
    args = []
    for t in tags[1:]:
        if t in "ihfd":
            size, form = (4, ">i") if t == "i" else (8, ">q") if t == "h" else (4, ">f") if t == "f" else (8, ">d")
            args.append(struct.unpack_from(form, packet, at)[0])
            at += size
        elif t in "sS":
            value, at = text(at)
            args.append(value)
        else:
            args.append({"T": True, "F": False, "I": float("inf")}.get(t))
    return address, args


def session_folder():
    """Where the default session lives."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(base, "tactus", "session")


class Engine:
    """A connection to the engine of a session. One thread at a time."""

    @classmethod
    def start(cls, session=None, *words, program="tactus", patience=20.0, **more):
        """The same as Engine(session, **more); where no engine runs for that session, one is started under its
        supervisor, with further words for `tactus up` ("--audio", "jack"), and waited for. It outlives this program:
        `tactus stop` ends it."""
        session = session or session_folder()
        try:
            return cls(session, **more)
        except Gone:
            pass
        until = time.monotonic() + patience
        with tempfile.TemporaryFile() as said:
            # A session of its own: what ends this terminal's programs doesn't end the music.
            up = subprocess.Popen([program, "up", *words, "--session", session], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=said, start_new_session=True)
            while True:
                ended = up.poll() is not None
                try:
                    engine = cls(session, **more)
                    if engine.alive():
                        return engine
                    engine.close()
                except Gone as gone:
                    if ended:  # two clients at once: the other's engine would have been as good
                        said.seek(0)
                        text = said.read(4096).decode(errors="replace").strip()
                        raise Gone(text or str(gone)) from None
                    if time.monotonic() > until:
                        up.terminate()
                        raise Gone("the engine was started and doesn't answer") from None
                time.sleep(0.02)

    def __init__(self, session=None, name="python", kind="osc", confidence=1.0, patience=0.5):
        card = os.path.join(session or session_folder(), "engine.json")
        self._in = b""
        self._fds = []
        self._messages = collections.deque()
        self._request = 0
        self._board = None
        self._library = {}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with open(card) as f:
                self._socket.connect(json.load(f)["socket"])
        except (OSError, ValueError, KeyError) as error:
            self._socket.close()
            raise Gone(f"no engine runs for {os.path.dirname(card)}: {error}") from None
        try:
            self._greet(name, kind, confidence, time.monotonic() + patience)
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the connection. What was asked for still happens."""
        self._socket.close()

    def _greet(self, name, kind, confidence, until):
        self.post("/hello", name, kind, float(confidence))
        while self._board is None:
            message = self.next(until - time.monotonic())
            if message is None:
                raise Gone("the engine does not answer")
            if message[0] == "/welcome":
                self.version, self.epoch = message[1][1], message[1][2]
                self._map(json.loads(message[1][3]))

    def _map(self, layout):
        if not self._fds:
            raise Gone("the engine sent no state")
        fd = self._fds.pop()
        self._layout = layout
        self._fields = {name: (kind, offset, size) for name, kind, offset, size in layout["fields"]}
        self._board = mmap.mmap(fd, os.fstat(fd).st_size, mmap.MAP_SHARED, mmap.PROT_READ)
        os.close(fd)

    def post(self, address, *args):
        """Sends a message (an intent's address with arguments, or a request) without waiting. Gone when nobody hears
        it any more."""
        packet = encode(address, *args)
        try:
            self._socket.sendall(struct.pack(">I", len(packet)) + packet)
        except OSError as error:
            raise Gone(str(error)) from None

    def next(self, patience=0.0):
        """The next message from the engine as (address, arguments); None when none came in time. Gone once the engine
        has ended, however it did, and all that it had said before has been given."""
        until = time.monotonic() + patience
        while not self._messages:
            left = max(0.0, until - time.monotonic())
            if not select.select([self._socket], [], [], left)[0]:
                return None
            try:
                data, fds, _, _ = socket.recv_fds(self._socket, 65536, 1)
            except ConnectionError:  # it died with something unread
                data, fds = b"", []
            if not data:
                raise Gone("the engine has ended")
            self._fds += fds
            self._in += data
            while len(self._in) >= 4:
                size = struct.unpack_from(">I", self._in)[0]
                if len(self._in) < 4 + size:
                    break
                self._messages.append(decode(self._in[4:4 + size]))
                self._in = self._in[4 + size:]
        return self._messages.popleft()

    def send(self, intent, patience=2.0):
        """Sends an intent as text and waits for its Fate."""
        self._request += 1
        self.post("/do", self._request, intent)
        until = time.monotonic() + patience
        others = []
        try:
            while True:
                message = self.next(until - time.monotonic())
                if message is None:
                    raise Gone("the engine does not answer")
                if message[0] == "/fate" and message[1][0] == self._request:
                    return Fate(*message[1])
                others.append(message)
        finally:
            self._messages.extendleft(reversed(others))

    def state(self, tries=64):
        """All that the engine shows of itself, by name ("deck/1/position"). None when it was in the way."""
        at, size = self._layout["state_at"], self._layout["size"]
        for n in range(tries):
            if n > 8:  # its writer was interrupted amid writing: let it run
                time.sleep(0.001)
            before = struct.unpack_from("=Q", self._board, self._layout["sequence_at"])[0]
            copy = self._board[at:at + size]
            after = struct.unpack_from("=Q", self._board, self._layout["sequence_at"])[0]
            if before == after and before % 2 == 0:
                return {name: self._value(copy, *field) for name, field in self._fields.items()}
        return None

    @staticmethod
    def _value(copy, kind, offset, size):
        if kind == "text":
            return copy[offset:offset + size].split(b"\0", 1)[0].decode(errors="replace")
        return struct.unpack_from("=" + _NUMBERS[kind], copy, offset)[0]

    def alive(self):
        """Whether the engine has given a sign within the last 0.4 seconds."""
        state = self.state()
        return state is not None and time.monotonic_ns() - state["heartbeat_ns"] < 400_000_000

    def library_changes(self):
        """What of the library is to be read again since the last call: a set of "analyses", "recordings", "mappings";
        the first time all of them."""
        state = self.state()
        if not state or not state["version"]:
            return set()  # it was in the way, or has shown nothing yet: the next time
        now = {name[8:]: value for name, value in state.items() if name.startswith("library/")}
        then, self._library = self._library, now
        return {kind for kind, revision in now.items() if then.get(kind) != revision}
