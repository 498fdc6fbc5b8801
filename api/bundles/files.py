"""Where a bundle lies: a folder, or a tar file that is written and read as a stream.

Nothing half-written is taken for a bundle: the manifest is written last, and until then everything
lies under another name beside the one that was asked for. (Should the power fail just then, a file
may come out short; the manifest's hashes tell.)

A tar file has one spelling too: plain ustar, no owner, no time, no mode of anybody. A reader makes
each header anew and compares it, so not even a byte that no unpacker looks at can change.
"""

import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, Protocol

from api.bundles.shape import FILES_MAX, MANIFEST, MEMBER_BYTES_MAX, BundleError, Manifest, Member
from ledger.errors import InvalidInputError
from ledger.sentences import Sentence

BLOCK: Final = 512
RECORD: Final = 20 * BLOCK
"""A tar file is filled up with zeros to a multiple of this."""


class Sink(Protocol):
    """What a bundle's files are written to, one after the other."""

    def put(self, name: str, content: bytes) -> None:
        """Write one file whole."""


class Source(Protocol):
    """What a bundle's files are read from."""

    def names(self) -> Iterator[str]:
        """Give the names of all files there are."""

    def read(self, name: str) -> bytes:
        """Read one file whole.

        Raises:
            BundleError: there is none, or it is too large.
        """


class Writer:
    """Writes a bundle, and remembers what its manifest has to say."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._files: list[Member] = []

    def put(self, name: str, content: bytes) -> None:
        """Write one file."""
        self._sink.put(name, content)
        self._files.append(Member(name, len(content), hashlib.sha256(content).hexdigest()))

    def members(self) -> tuple[Member, ...]:
        """Give what was written, in the order of names."""
        return tuple(sorted(self._files))

    def close(self, manifest: Manifest) -> None:
        """Write the manifest: from here on it is a bundle."""
        self._sink.put(MANIFEST, manifest.content())


@contextmanager
def writing(out: Path) -> Iterator[Writer]:
    """Lend what writes a bundle to `out`: a folder, or a tar file where the name ends in `.tar`.

    Raises:
        InvalidInputError: something is there already.
    """
    if out.exists() and not (out.is_dir() and out.suffix != ".tar" and not any(out.iterdir())):
        raise InvalidInputError(
            "out",
            Sentence("something is there already."),
            Sentence("Name a new folder, or a new file that ends in .tar."),
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".tar":
        with _tar(out) as writer:
            yield writer
        return
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield Writer(_Folder(folder))
        if out.exists():
            out.rmdir()
        folder.chmod(0o755)
        folder.rename(out)
        _sync_folder(out.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _tar(out: Path) -> Iterator[Writer]:
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield Writer(_Tar(file))
            end = file.tell() + 2 * BLOCK
            file.write(bytes(2 * BLOCK + -end % RECORD))
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.rename(out)
        _sync_folder(out.parent)
    finally:
        part.unlink(missing_ok=True)


class _Folder:
    """A folder that is being filled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, content: bytes) -> None:
        """See `Sink.put`."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            if name == MANIFEST:
                os.fsync(file.fileno())


class _Tar:
    """A tar file that is being written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def put(self, name: str, content: bytes) -> None:
        """See `Sink.put`."""
        self._file.write(_header(name, len(content)))
        self._file.write(content)
        self._file.write(bytes(-len(content) % BLOCK))


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.USTAR_FORMAT)


def source_of(path: Path) -> Source:
    """Open a bundle where it lies.

    Raises:
        BundleError: there is none.
    """
    if path.is_dir():
        return FolderSource(path)
    if not path.is_file():
        raise BundleError(str(path), "there is no such folder or file")
    return TarSource(path)


class FolderSource:
    """A bundle in a folder. Links are not followed: what they lead to is no part of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> Iterator[str]:
        """See `Source.names`."""
        for path in self._folder.rglob("*"):
            if path.is_symlink() or not path.is_dir():
                name = path.relative_to(self._folder).as_posix()
                if path.is_symlink() or not path.is_file():
                    raise BundleError(name, "it is no file")
                yield name

    def read(self, name: str) -> bytes:
        """See `Source.read`."""
        path, said = self._folder / PurePosixPath(name), PurePosixPath(name)
        is_inside = ".." not in said.parts and not said.is_absolute()
        if not is_inside or path.is_symlink() or not path.is_file():
            raise BundleError(name, "it is missing")
        if path.stat().st_size > MEMBER_BYTES_MAX:
            raise BundleError(name, "it is larger than any file of a bundle")
        return path.read_bytes()


class TarSource:
    """A bundle in a tar file, as `writing` spells one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, tuple[int, int]] = {}
        with path.open("rb") as file:
            while self._find_next(file):
                pass

    def _find_next(self, file: BinaryIO) -> bool:
        header = file.read(BLOCK)
        after = f"the tar file after {next(reversed(self._places), 'its beginning')}"
        if not header.strip(b"\0"):
            whole = self._path.stat().st_size
            rest = whole - file.tell()
            is_end = len(header) == BLOCK and BLOCK <= rest < BLOCK + RECORD
            if not is_end or whole % RECORD or file.read().strip(b"\0"):
                raise BundleError(after, "it does not end as it was written")
            return False
        try:
            member = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
            is_plain = _header(member.name, member.size) == header
        except (tarfile.TarError, ValueError) as error:
            raise BundleError(after, f"no file begins there ({type(error).__name__})") from None
        if not is_plain or member.name in self._places or len(self._places) > FILES_MAX:
            raise BundleError(member.name, "it does not stand in the tar file as it was written")
        self._places[member.name] = file.tell(), member.size
        file.seek(member.size, os.SEEK_CUR)
        if file.read(-member.size % BLOCK).strip(b"\0"):
            raise BundleError(member.name, "what fills it up in the tar file is not zeros")
        return True

    def names(self) -> Iterator[str]:
        """See `Source.names`."""
        return iter(self._places)

    def read(self, name: str) -> bytes:
        """See `Source.read`."""
        start, size = self._places.get(name, (0, -1))
        if size < 0:
            raise BundleError(name, "it is missing")
        if size > MEMBER_BYTES_MAX:
            raise BundleError(name, "it is larger than any file of a bundle")
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read(size)


def compare(source: Source, files: Mapping[str, Member]) -> None:
    """Check that a bundle has the files of its manifest, and no others.

    Raises:
        BundleError: names the first that is missing or was added.
    """
    found = {name for name in source.names() if name != MANIFEST}
    for name in sorted(found ^ files.keys()):
        raise BundleError(name, "it was added" if name in found else "it is missing")


def read_member(source: Source, member: Member) -> bytes:
    """Read a file, and check it against the manifest.

    Raises:
        BundleError: it is another one.
    """
    content = source.read(member.name)
    if len(content) != member.size or hashlib.sha256(content).hexdigest() != member.sha256:
        raise BundleError(member.name, "it is not the file of the manifest: its SHA-256 differs")
    return content


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
