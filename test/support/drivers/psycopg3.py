import datetime
import decimal
import os
import threading
import uuid

import psycopg
from checks import BIG_PARAMETER, BIG_VALUE, run, same, table

URL = os.environ["DATABASE_URL"]
conn = None


def connect():
    global conn
    conn = psycopg.connect(URL, autocommit=True)
    same(conn.execute("SELECT 1").fetchone(), (1,))


def parameters():
    row = conn.execute("SELECT %s::int + 1, %s || 'ö', %s::bool, %s::text", (41, "grün €", True, None)).fetchone()
    same(row, (42, "grün €ö", True, None))
    same(conn.execute("SELECT %b::int8 * 2", (2**40,)).fetchone(), (2**41,))


def types():
    values = (
        decimal.Decimal("12345678901234567890.123456789"),
        datetime.datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=datetime.timezone.utc),
        datetime.date(1, 1, 1),
        uuid.UUID("12345678-1234-5678-1234-567812345678"),
        b"\x00\xff\x80binary",
        [1, None, 3],
        2.5e-300,
    )
    sql = "SELECT %s::numeric, %s::timestamptz, %s::date, %s::uuid, %s::bytea, %s::int[], %s::float8"
    for binary in (False, True):
        cursor = conn.cursor(binary=binary)
        same(cursor.execute(sql, values).fetchone(), values, f"binary={binary}")
        same(cursor.execute("""SELECT '{"a": [1, "é"]}'::jsonb""").fetchone(), ({"a": [1, "é"]},))


def prepared_reuse():
    for i in range(10):
        same(conn.execute("SELECT %s::int * 2", (i,), prepare=True).fetchone(), (i * 2,))
    # Told by the server, not by the driver: one statement served all of them.
    count = conn.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%* 2'").fetchone()
    same(count, (1,))


def transaction_error():
    conn.execute(f"CREATE TABLE {table()} (id int PRIMARY KEY, name text)")
    conn.execute("BEGIN")
    conn.execute(f"INSERT INTO {table()} VALUES (1, 'one')")
    state(lambda: conn.execute(f"INSERT INTO {table()} VALUES (1, 'again')"), "23505")
    state(lambda: conn.execute("SELECT 1"), "25P02")
    conn.execute("ROLLBACK")
    same(conn.execute(f"SELECT count(*) FROM {table()}").fetchone(), (0,))
    with conn.transaction():
        conn.execute(f"INSERT INTO {table()} VALUES (1, 'one')")
        try:
            with conn.transaction():
                conn.execute(f"INSERT INTO {table()} VALUES (2, 'two')")
                raise psycopg.Rollback
        except psycopg.Rollback:
            pass
    same(conn.execute(f"SELECT id FROM {table()}").fetchall(), [(1,)])


def pipeline():
    with conn.pipeline():
        cursors = [conn.execute("SELECT %s::int + 100", (i,)) for i in range(50)]
    same([cursor.fetchone()[0] for cursor in cursors], list(range(100, 150)))
    # An error in the middle: what came before it counts, what comes behind it up to the Sync does not run.
    try:
        with conn.pipeline():
            before = conn.execute("SELECT 'before'")
            conn.execute("SELECT 1/0")
            conn.execute(f"INSERT INTO {table()} VALUES (99, 'never')")
    except psycopg.errors.DivisionByZero:
        pass
    else:
        raise AssertionError("no error")
    same(before.fetchone(), ("before",))
    same(conn.execute(f"SELECT count(*) FROM {table()} WHERE id = 99").fetchone(), (0,))
    # The same with a statement that is denied.
    try:
        with conn.pipeline():
            before = conn.execute("SELECT 'before'")
            conn.execute("DROP TABLE keep_me")
            conn.execute(f"INSERT INTO {table()} VALUES (99, 'never')")
    except psycopg.errors.InsufficientPrivilege:
        pass
    else:
        raise AssertionError("not denied")
    same(before.fetchone(), ("before",))
    same(conn.execute(f"SELECT count(*) FROM {table()} WHERE id = 99").fetchone(), (0,))
    same(conn.execute("SELECT count(*) FROM keep_me").fetchone(), (3,))
    cursor = conn.cursor()
    cursor.executemany(f"INSERT INTO {table()} VALUES (%s, %s)", [(i, f"n{i}") for i in range(1000, 1500)])
    same(cursor.rowcount, 500)


def copy():
    with conn.cursor().copy(f"COPY {table()} FROM STDIN") as copy_in:
        for i in range(2000, 12000):
            copy_in.write_row((i, f"row {i} ä\t\\"))
    with conn.cursor().copy(f"COPY (SELECT * FROM {table()} WHERE id >= 2000 ORDER BY id) TO STDOUT") as copy_out:
        rows = list(copy_out.rows())
    same(len(rows), 10000)
    same(rows[-1], ("11999", "row 11999 ä\t\\"))
    with conn.cursor().copy(f"COPY (SELECT id FROM {table()} WHERE id = 2000) TO STDOUT (FORMAT binary)") as copy_out:
        copy_out.set_types(["int4"])
        same(list(copy_out.rows()), [(2000,)])
    # CopyFail, and an error of the server.
    try:
        with conn.cursor().copy(f"COPY {table()} FROM STDIN") as copy_in:
            copy_in.write_row((90000, "never"))
            raise KeyError("given up")
    except (KeyError, psycopg.errors.QueryCanceled):
        pass
    try:
        with conn.cursor().copy(f"COPY {table()} FROM STDIN") as copy_in:
            copy_in.write("not a number\tx\n")
        raise AssertionError("no error")
    except psycopg.errors.InvalidTextRepresentation:
        pass
    same(conn.execute(f"SELECT count(*) FROM {table()} WHERE id = 90000").fetchone(), (0,))


def cursor():
    with conn.transaction():
        with conn.cursor(name="c1") as server_side:
            server_side.itersize = 100
            server_side.execute("SELECT g FROM generate_series(1, 1000) g")
            same(sum(row[0] for row in server_side), 500500)


def cancel():
    def sleep(wait):
        timer = threading.Timer(wait, conn.cancel)
        timer.start()
        try:
            conn.execute("SELECT pg_sleep(30)")
        finally:
            timer.join()

    # One that comes before the statement is under way cancels nothing.
    state(lambda: [sleep(wait) for wait in (0.3, 10)], "57014")
    same(conn.execute("SELECT 2").fetchone(), (2,))


def listen_notify():
    got = []
    conn.add_notify_handler(got.append)
    conn.execute(f"LISTEN {table()}")
    with psycopg.connect(URL, autocommit=True) as other:
        other.execute("SELECT pg_notify(%s, %s)", (table(), "hello"))
        other.execute(f"NOTIFY {table()}, 'again'")
    for _ in range(100):
        conn.execute("SELECT pg_sleep(0.02)")
        if len(got) == 2:
            break
    same([(n.channel, n.payload) for n in got], [(table(), "hello"), (table(), "again")])
    conn.execute(f"UNLISTEN {table()}")


def denied():
    state(lambda: conn.execute("DROP TABLE keep_me"), "42501")
    same(conn.execute("SELECT count(*) FROM keep_me").fetchone(), (3,))
    state(lambda: conn.execute("DROP TABLE keep_me", prepare=True), "42501")
    conn.execute("BEGIN")
    conn.execute(f"INSERT INTO {table()} VALUES (70000, 'rolled back')")
    state(lambda: conn.execute("DROP TABLE keep_me"), "42501")
    same(conn.info.transaction_status, psycopg.pq.TransactionStatus.INERROR)
    state(lambda: conn.execute("SELECT 1"), "25P02")
    conn.execute("ROLLBACK")
    same(conn.execute(f"SELECT count(*) FROM {table()} WHERE id = 70000").fetchone(), (0,))


def bad_text():
    # Past the driver's own check, with PQsendQueryParams: NUL and invalid UTF-8 in a text parameter.
    for bad in (b"a\x00b", b"\xff\xfe"):
        result = conn.pgconn.exec_params(b"SELECT $1::text", [bad], param_types=[25], param_formats=[1])
        same(result.status, psycopg.pq.ExecStatus.FATAL_ERROR)
        same(result.error_field(psycopg.pq.DiagnosticField.SQLSTATE), b"22021")
    result = conn.pgconn.exec_(b"SELECT '\xff\xfe'")
    same(result.error_field(psycopg.pq.DiagnosticField.SQLSTATE), b"22021")
    same(conn.execute("SELECT 3").fetchone(), (3,))


def big_parameter():
    value = "pä" * (BIG_PARAMETER // 3)
    same(conn.execute("SELECT length(%s::text), md5(%s::text)", (value, value)).fetchone()[0], len(value))


def big_value():
    same(len(conn.execute("SELECT repeat('x', %s)", (BIG_VALUE,)).fetchone()[0]), BIG_VALUE)
    value = os.urandom(BIG_VALUE)
    row = conn.cursor(binary=True).execute("SELECT %b::bytea", (value,)).fetchone()
    same(row[0] == value, True)


def drop_own():
    conn.execute(f"DROP TABLE {table()}")
    conn.close()


def state(call, expected):
    try:
        call()
    except psycopg.Error as error:
        same(error.sqlstate, expected, str(error))
    else:
        raise AssertionError(f"no error, expected {expected}")


run(
    [
        connect, parameters, types, prepared_reuse, transaction_error, pipeline, copy, cursor, cancel, listen_notify,
        denied, bad_text, big_parameter, big_value, drop_own,
    ]
)  # fmt: skip
