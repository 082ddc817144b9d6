"""A disk that hangs, or is full, when it is told to: a file system with one folder of files that lie in memory, spoken
straight to the kernel (the FUSE protocol, linux/fuse.h), so that no library is needed.

Call own_mounts() before any thread starts; where it fails, or mount() does, there is no such disk here.
"""
import ctypes
import errno
import os
import stat
import struct
import threading

_libc = ctypes.CDLL(None, use_errno=True)
_NEWNS, _NEWUSER, _PRIVATE_REC, _DETACH = 0x20000, 0x10000000, 0x44000, 2
_FORGET, _INTERRUPT, _BATCH_FORGET = 2, 36, 42


def own_mounts():
    """Mounts of this process and its children that nobody else sees, and that go with them. True when there are."""
    uid, gid = os.getuid(), os.getgid()
    if _libc.unshare(_NEWNS) != 0:
        if _libc.unshare(_NEWUSER | _NEWNS) != 0:
            return False
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w") as f:
                f.write(text)
    return _libc.mount(b"none", b"/", None, _PRIVATE_REC, None) == 0


class SlowDisk:
    def __init__(self, folder, files):
        """`files`: contents by name, a bytearray for one that may be written. Raises OSError where the system has no FUSE
        or doesn't let us."""
        self.names = list(files)
        self.contents = list(files.values())
        self.full = False  # what is written is refused
        self.fails_from = None  # a byte: no read beyond it succeeds, as on a disk that is pulled meanwhile
        self.going = threading.Event()
        self.going.set()
        self.held = 0  # requests that had to wait
        self.folder = folder
        self.fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self.fd},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}".encode()
        if _libc.mount(b"tactus-test", folder.encode(), b"fuse", 0, options) != 0:
            os.close(self.fd)
            raise OSError(ctypes.get_errno(), "no FUSE here")
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def hang(self):
        """From now on nothing is answered until go()."""
        self.going.clear()

    def go(self):
        self.going.set()

    def close(self):
        self.go()
        _libc.umount2(self.folder.encode(), _DETACH)
        os.close(self.fd)  # what is still asked fails now
        self.thread.join(5)

    def _serve(self):
        while True:
            try:
                request = os.read(self.fd, 1 << 17)
            except OSError as e:
                if e.errno in (errno.EINTR, errno.ENOENT):
                    continue
                return  # unmounted
            _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
            if opcode in (_FORGET, _INTERRUPT, _BATCH_FORGET):
                continue
            if not self.going.is_set():
                self.held += 1
                self.going.wait()
            error, answer = self._answer(opcode, node, request[40:])
            try:
                os.write(self.fd, struct.pack("<IiQ", 16 + len(answer), -error, unique) + answer)
            except OSError:
                pass  # who asked has died

    def _attributes(self, node):
        folder = node == 1
        size = 0 if folder else len(self.contents[node - 2])
        mode = stat.S_IFDIR | 0o755 if folder else stat.S_IFREG | 0o644
        return struct.pack("<6Q10I", node, size, (size + 511) // 512, 1, 1, 1, 0, 0, 0, mode, 1, os.getuid(),
                           os.getgid(), 0, 4096, 0)

    def _answer(self, opcode, node, body):
        if opcode == 26:  # INIT: protocol 7.31, small requests
            _, minor, ahead, _ = struct.unpack_from("<4I", body)
            return 0, struct.pack("<4I2H2I2H8I", 7, min(minor, 31), min(ahead, 65536), 0, 8, 8, 65536, 1, 0, 0,
                                  *([0] * 8))
        if opcode == 1:  # LOOKUP
            name = body.rstrip(b"\0").decode()
            if name not in self.names:
                return errno.ENOENT, b""
            found = self.names.index(name) + 2
            return 0, struct.pack("<4Q2I", found, 0, 0, 0, 0, 0) + self._attributes(found)
        if opcode == 3:  # GETATTR
            return 0, struct.pack("<Q2I", 0, 0, 0) + self._attributes(node)
        if opcode in (14, 27):  # OPEN, OPENDIR
            return 0, struct.pack("<Q2I", node, 1, 0)  # past the page cache: each read comes here
        if opcode == 15:  # READ
            _, offset, size = struct.unpack_from("<QQI", body)
            if self.fails_from is not None and offset + size > self.fails_from:
                return errno.EIO, b""
            return 0, self.contents[node - 2][offset:offset + size]
        if opcode == 16:  # WRITE
            _, offset, size = struct.unpack_from("<QQI", body)
            if self.full:
                return errno.ENOSPC, b""
            self.contents[node - 2][offset:offset + size] = body[40:40 + size]
            return 0, struct.pack("<2I", size, 0)
        if opcode == 4:  # SETATTR, of which a new length is the one that is meant
            valid, _, _, size = struct.unpack_from("<2I2Q", body)
            if valid & 8:
                del self.contents[node - 2][size:]
            return 0, struct.pack("<Q2I", 0, 0, 0) + self._attributes(node)
        if opcode in (18, 20, 25, 29):  # RELEASE, FSYNC, FLUSH, RELEASEDIR
            return 0, b""
        return errno.ENOSYS, b""
