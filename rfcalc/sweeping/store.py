"""The store of a sweep: one SQLite file with a row for each design, whose number says what it sets. A chunk is written whole or
not at all, together with the note that it is done, so that whatever ends a sweep, the next run knows what is left."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from rfcalc.errors import SpecError, fail
from rfcalc.sweeping.task import BROKEN, KEPT, Chunk
from rfcalc.sweeping.told import Told, told
from rfcalc.version import __version__

VERSIONS = {"format": "1", "version": __version__}
MAGIC = b"SQLite format 3\0"
LOCK = "-lock"  # the file beside a store that is being written
APPLICATION = 0x52466331  # of the file: RFc1
TABLES = """
CREATE TABLE told (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE chunks (start INTEGER PRIMARY KEY, count INTEGER NOT NULL, passed INTEGER NOT NULL);
CREATE TABLE given (design INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE designs (design INTEGER PRIMARY KEY, state INTEGER NOT NULL, note INTEGER, about INTEGER{columns});
"""


class Store:
    """An open store. `told`: what it tells of its sweep; `columns`: the figures that it keeps; `joined`: those that people have
    brought."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self.connection, self.path = connection, path
        self.told = told(dict(connection.execute("SELECT key, value FROM told")))
        self.columns = list(self.told.columns)
        self.joined = [row[1] for row in connection.execute("PRAGMA table_info(joined)")][1:]
        self.texts: dict[str, int] = {}
        self.chosen = False
        self.lock: sqlite3.Connection | None = None

    def done(self) -> dict[int, tuple[int, int]]:
        """The chunks that are done, by their first design: how many designs each has, and how many of them have no row."""
        return {
            start: (count, passed) for start, count, passed in self.connection.execute("SELECT * FROM chunks ORDER BY start")
        }

    def add(self, chunk: Chunk, given: Sequence[str] | None = None) -> None:
        """Writes a chunk. Raises SpecError where that is impossible; what was there is then as it was."""
        with self._written():
            marks = ", ".join("?" * (4 + len(self.columns)))
            rows = [(row[0], row[1], self._text(row[2]), self._text(row[3]), *row[4]) for row in chunk.rows]
            self.connection.execute("INSERT INTO chunks VALUES (?, ?, ?)", (chunk.start, chunk.count, chunk.passed))
            self.connection.executemany(f"INSERT INTO designs VALUES ({marks})", rows)
            if given is not None:
                self.connection.executemany("INSERT INTO given VALUES (?, ?)", enumerate(given, chunk.start))

    def cut(self, after: int) -> None:
        """Leaves out the designs after a number: those drawn beyond what was asked for. The chunk around it ends there."""
        rows = "(SELECT COUNT(*) FROM designs WHERE design >= start)"
        with self._written():
            self.connection.execute("DELETE FROM designs WHERE design > ?", (after,))
            self.connection.execute("DELETE FROM chunks WHERE start > ?", (after,))
            last = "UPDATE chunks SET count = ?1 - start, passed = ?1 - start - " + rows + " WHERE start + count > ?1"
            self.connection.execute(last, (after + 1,))

    def tell(self, told: Told) -> None:
        """Says of the sweep what may change: how many designs are wanted, the front, whether it is complete."""
        with self._written():
            self.connection.executemany("INSERT OR REPLACE INTO told VALUES (?, ?)", told.written())
        self.told = told

    def join(self, columns: Sequence[str], rows: Iterable[Sequence[float | None]]) -> None:
        """Keeps figures that somebody has of designs, in place of those that were kept before."""
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join("?" * (1 + len(columns)))
        with self._written():
            self.connection.execute("DROP TABLE IF EXISTS joined")
            self.connection.execute(f"CREATE TABLE joined (design INTEGER PRIMARY KEY, {names})")
            self.connection.executemany(f"INSERT INTO joined VALUES ({marks})", rows)
        self.joined = list(columns)

    def counts(self) -> tuple[int, int, int, int]:
        """How many designs are within the condition, outside it, impossible, and not made since their params are outside it."""
        found = dict(self.connection.execute("SELECT state, COUNT(*) FROM designs GROUP BY state"))
        passed = self.connection.execute("SELECT TOTAL(passed) FROM chunks").fetchone()[0]
        left = sum(count for state, count in found.items() if state not in (KEPT, BROKEN))
        return found.get(KEPT, 0), left, found.get(BROKEN, 0), int(passed)

    def problems(self, most: int) -> list[tuple[str, int, int]]:
        """The most frequent kinds of reasons why designs are impossible: the reason of the first design that has it, how many
        have it, and that design."""
        query = (
            "SELECT text, COUNT(*), MIN(design) FROM designs JOIN texts ON note = texts.id WHERE state = ?"
            " GROUP BY SUBSTR(text, 1, 4) ORDER BY 2 DESC, 3 LIMIT ?"
        )
        return list(self.connection.execute(query, (BROKEN, most)))

    def source(self) -> str:
        """What queries read: the designs, with the figures that were joined."""
        joined = " LEFT JOIN joined USING (design)" if self.joined else ""
        return f"designs{joined}" + (" JOIN temp.chosen USING (design)" if self.chosen else "")

    def choose(self, numbers: Iterable[int]) -> None:
        """Looks at these designs only from now on; the file stays as it is."""
        self.connection.execute("CREATE TEMP TABLE chosen (design INTEGER PRIMARY KEY)")
        self.connection.executemany("INSERT INTO temp.chosen VALUES (?)", ((number,) for number in numbers))
        self.chosen = True

    def settle(self) -> None:
        """After a sweep is complete: all in one file, which can be read where nothing can be written."""
        with suppress(sqlite3.Error):  # somebody reads it just now
            self.connection.execute("PRAGMA journal_mode = DELETE")

    def close(self) -> None:
        """Closes it."""
        self.connection.close()
        if self.lock is not None:
            _unlocked(self.path, self.lock)

    def _text(self, text: str | None) -> int | None:
        """The number of a text, which is kept once."""
        if text is None:
            return None
        if text not in self.texts:
            if len(self.texts) > 10_000:
                self.texts.clear()
            self.connection.execute("INSERT OR IGNORE INTO texts (text) VALUES (?)", (text,))
            self.texts[text] = self.connection.execute("SELECT id FROM texts WHERE text = ?", (text,)).fetchone()[0]
        return self.texts[text]

    @contextmanager
    def _written(self) -> Iterator[None]:
        """One transaction."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.texts.clear()
                if self.connection.in_transaction:  # SQLite has ended it itself where the disk is full
                    self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise _impossible(self.path, error) from None


def is_store(path: str) -> bool:
    """Whether a file is one that SQLite has written."""
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def opened(path: str) -> Store:
    """A store that is there, to be looked at; raises SpecError for another file."""
    if not os.path.exists(path):
        raise fail("E505", f"there is no file {path}", None, "rfcalc sweep SPEC --store FILE makes one")
    if not is_store(path):
        raise fail("E505", f"{path} is no store of a sweep")
    with _reading(path):
        return _checked(_connected(path), path)


def made(path: str, begun: Told) -> Store:
    """The store of a sweep: a new one, or one that is there and holds the same sweep. Without a path it is a file that nobody
    sees, gone with the program. Raises SpecError."""
    if not path:
        return _made(path, begun)
    lock = _locked(path)
    try:
        store = _made(path, begun)
    except BaseException:
        _unlocked(path, lock)
        raise
    store.lock = lock
    return store


def _locked(path: str) -> sqlite3.Connection:
    """What nobody else can have as long as this program runs, however it ends. Raises SpecError where somebody has it."""
    with _reading(path):
        lock = sqlite3.connect(path + LOCK, timeout=0, isolation_level=None)
        lock.execute("PRAGMA journal_mode = MEMORY")
        lock.execute("BEGIN EXCLUSIVE")
        return lock


def _unlocked(path: str, lock: sqlite3.Connection) -> None:
    with suppress(OSError):
        os.unlink(path + LOCK)
    lock.close()


def _made(path: str, begun: Told) -> Store:
    if path and _begun(path):
        store = opened(path)
        different = begun.differs(store.told)
        if different:
            store.close()
            hint = f"another --store for this one, or look at that one: rfcalc sweep --show {path}"
            raise fail("E505", f"{path} holds another sweep: {'; '.join(different)}", None, hint)
        with _reading(path):
            return _writing(store)
    with _reading(path):
        connection = _connected(path)
        columns = "".join(f', "{name}"' for name in begun.columns)
        connection.executescript(f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION};{TABLES.format(columns=columns)}")
        rows = [*VERSIONS.items(), *begun.written()]
        connection.executemany("INSERT INTO told VALUES (?, ?)", rows)
        connection.execute("COMMIT")
        return _writing(Store(connection, path))


def _begun(path: str) -> bool:
    """Whether something is in a file: a sweep that ended before it began has left an empty one."""
    if not os.path.exists(path) or not os.path.getsize(path):
        return False
    if not is_store(path):
        raise fail("E505", f"{path} is no store of a sweep")
    with _reading(path), closing(_connected(path)) as connection:
        return bool(connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0])


def _connected(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=5, isolation_level=None)


def _writing(store: Store) -> Store:
    store.connection.execute("PRAGMA synchronous = NORMAL")
    if store.path:
        store.connection.execute("PRAGMA journal_mode = WAL")
    return store


def _checked(connection: sqlite3.Connection, path: str) -> Store:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION:
        connection.close()
        raise fail("E505", f"{path} is a database, and no store of a sweep")
    versions = dict(connection.execute("SELECT key, value FROM told"))
    if any(versions.get(key) != value for key, value in VERSIONS.items()):
        connection.close()
        what = f"{path} was written by rfcalc {versions.get('version')}, and this is {__version__}"
        raise fail("E505", what, None, "figures of two versions may differ: sweep anew into another --store")
    return Store(connection, path)


@contextmanager
def _reading(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _impossible(path, error) from None


def _impossible(path: str, error: sqlite3.Error) -> SpecError:
    """What SQLite cannot do, as one says it of a store."""
    text = str(error)
    if "locked" in text:
        return fail("E505", f"{path} is written by another sweep", None, "let that one end, or use another --store")
    if "malformed" in text or "not a database" in text:
        return fail("E505", f"{path} is damaged: {text}")
    return fail("E302", f"cannot write {path or 'a temporary file'}: {text}", None, "what was written before is kept")
