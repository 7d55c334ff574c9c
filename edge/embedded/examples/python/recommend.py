"""The core in a Python service, through ctypes: recommend.py LIBRARY BUNDLE KEY UNIX_TIME VISITOR REQUEST

Prints the response to a request in JSON. LIBRARY is the shared library (libkenal_embedded.so); the rest is as in the C
example.
"""

import ctypes
import sys
from pathlib import Path

OK = 0
ABI_VERSION = 1


class Refused(Exception):
    """What the core said to something it did not accept."""


class Edge:
    """An open bundle. One thread at a time; a process may have many."""

    def __init__(self, library, folder, key, now):
        self.lib = ctypes.CDLL(library)
        for name in ("kenal_new", "kenal_output", "kenal_message"):
            getattr(self.lib, name).restype = ctypes.c_void_p
        for name in ("kenal_output_len", "kenal_message_len"):
            getattr(self.lib, name).restype = ctypes.c_size_t
        if self.lib.kenal_abi_version() != ABI_VERSION:
            raise Refused("the library speaks another version of the interface")
        key = bytes.fromhex(key)
        if len(key) != 32:  # The library reads 32, whatever there are.
            raise Refused("the key is not 32 bytes long")
        self.folder = Path(folder)
        self.handle = ctypes.c_void_p(self.lib.kenal_new())
        self._where_there_is("keys")
        manifest = (self.folder / "manifest.kenal").read_bytes()
        self._call("manifest", manifest, len(manifest), key, now)
        for line in self._call("needs").decode().splitlines():
            section = (self.folder / "sections" / line.split()[0]).read_bytes()
            self._call("section", section, len(section))
        self._where_there_is("revocations")

    def row(self, visitor):
        """The visitor's row, or None: only their own token opens it."""
        token = visitor.encode()
        shard = self._call("shard", token, len(token)).decode()
        if not shard:
            return None
        bytes_ = (self.folder / "sections" / shard).read_bytes()
        return self._call("row", bytes_, len(bytes_), token, len(token)) or None

    def recommend(self, request, row=None):
        """The response to a request, JSON to JSON."""
        question = request.encode()
        return self._call("recommend", question, len(question), row, len(row) if row else 0).decode()

    def close(self):
        self.lib.kenal_drop(self.handle)

    def _where_there_is(self, name):
        path = self.folder / f"{name}.kenal"
        if path.exists():
            file = path.read_bytes()
            self._call(name, file, len(file))

    def _call(self, name, *arguments):
        def plain(a):
            if isinstance(a, int):
                return ctypes.c_int64(a) if name == "manifest" and a > 1 << 20 else ctypes.c_size_t(a)
            return ctypes.c_char_p(a)

        code = getattr(self.lib, f"kenal_{name}")(self.handle, *map(plain, arguments))
        if code != OK:
            raise Refused(f"{name}: {self._text('message').decode()} (code {code})")
        return self._text("output")

    def _text(self, which):
        at = getattr(self.lib, f"kenal_{which}")(self.handle)
        length = getattr(self.lib, f"kenal_{which}_len")(self.handle)
        return ctypes.string_at(at, length) if length else b""


def main():
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    library, folder, key, now, visitor, request = sys.argv[1:]
    try:
        edge = Edge(library, folder, key, int(now))
        print(edge.recommend(request, edge.row(visitor) if visitor else None))
        edge.close()
    except (Refused, OSError) as why:
        sys.exit(str(why))


if __name__ == "__main__":
    main()
