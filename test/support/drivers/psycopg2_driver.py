import decimal
import io
import os
import select
import threading

import psycopg2
import psycopg2.extensions
import psycopg2.extras
from checks import BIG_PARAMETER, BIG_VALUE, run, same, table

URL = os.environ["DATABASE_URL"]
conn = None


def one(sql, args=None):
    with conn.cursor() as cursor:
        cursor.execute(sql, args)
        return cursor.fetchone()


def do(sql, args=None):
    with conn.cursor() as cursor:
        cursor.execute(sql, args)


def connect():
    global conn
    conn = psycopg2.connect(URL)
    conn.autocommit = True
    same(one("SELECT 1"), (1,))


def parameters():
    same(one("SELECT %s::int + 1, %s || 'ö', %s::bool, %s::text", (41, "it's \\ grün", True, None)), (42, "it's \\ grünö", True, None))


def types():
    same(one("SELECT %s::numeric, %s::int[], '{\"a\":1}'::jsonb", (decimal.Decimal("1.50"), [1, 2])), (decimal.Decimal("1.50"), [1, 2], {"a": 1}))
    same(bytes(one("SELECT %s::bytea", (psycopg2.Binary(b"\x00\xff"),))[0]), b"\x00\xff")


def prepared_reuse():
    do("PREPARE twice (int) AS SELECT $1 * 2")
    for i in range(5):
        same(one("EXECUTE twice (%s)", (i,)), (i * 2,))
    do("DEALLOCATE twice")


def transaction_error():
    do(f"CREATE TABLE {table()} (id int PRIMARY KEY, name text)")
    conn.autocommit = False
    try:
        do(f"INSERT INTO {table()} VALUES (1, 'one')")
        state(lambda: do(f"INSERT INTO {table()} VALUES (1, 'again')"), "23505")
        state(lambda: do("SELECT 1"), "25P02")
        conn.rollback()
        same(one(f"SELECT count(*) FROM {table()}"), (0,))
        do(f"INSERT INTO {table()} VALUES (1, 'one')")
        do("SAVEPOINT s")
        state(lambda: do("SELECT 1/0"), "22012")
        do("ROLLBACK TO SAVEPOINT s")
        conn.commit()
        same(one(f"SELECT count(*) FROM {table()}"), (1,))
        conn.commit()
    finally:
        conn.rollback()
        conn.autocommit = True


def batch():
    with conn.cursor() as cursor:
        psycopg2.extras.execute_values(cursor, f"INSERT INTO {table()} VALUES %s", [(i, "n") for i in range(1000, 1500)])
        psycopg2.extras.execute_batch(cursor, f"INSERT INTO {table()} VALUES (%s, %s)", [(i, "n") for i in range(1500, 1600)])
    same(one(f"SELECT count(*) FROM {table()} WHERE id >= 1000"), (600,))
    # A simple Query with several statements is one transaction: the error takes the INSERT with it.
    state(lambda: do(f"INSERT INTO {table()} VALUES (99, 'never'); SELECT 1/0"), "22012")
    state(lambda: do(f"INSERT INTO {table()} VALUES (99, 'never'); DROP TABLE keep_me"), "42501")
    same(one(f"SELECT count(*) FROM {table()} WHERE id = 99"), (0,))


def copy():
    with conn.cursor() as cursor:
        cursor.copy_expert(f"COPY {table()} FROM STDIN", io.StringIO("".join(f"{i}\trow {i} ä\n" for i in range(2000, 7000))))
        out = io.StringIO()
        cursor.copy_expert(f"COPY (SELECT * FROM {table()} WHERE id >= 2000 ORDER BY id) TO STDOUT CSV", out)
    lines = out.getvalue().splitlines()
    same((len(lines), lines[0]), (5000, "2000,row 2000 ä"))


def cancel():
    def sleep(wait):
        timer = threading.Timer(wait, conn.cancel)
        timer.start()
        try:
            do("SELECT pg_sleep(30)")
        finally:
            timer.join()

    # One that comes before the statement is under way cancels nothing.
    state(lambda: [sleep(wait) for wait in (0.3, 10)], "57014")
    same(one("SELECT 2"), (2,))


def listen_notify():
    do(f"LISTEN {table()}")
    other = psycopg2.connect(URL)
    other.autocommit = True
    with other.cursor() as cursor:
        cursor.execute(f"NOTIFY {table()}, 'hello'")
    other.close()
    for _ in range(100):
        if conn.notifies:
            break
        select.select([conn], [], [], 0.1)
        conn.poll()
    same([(n.channel, n.payload) for n in conn.notifies], [(table(), "hello")])
    do("UNLISTEN *")


def denied():
    state(lambda: do("DROP TABLE keep_me"), "42501")
    same(one("SELECT count(*) FROM keep_me"), (3,))
    do("BEGIN")
    do(f"INSERT INTO {table()} VALUES (70000, 'rolled back')")
    state(lambda: do("DROP TABLE keep_me"), "42501")
    same(conn.info.transaction_status, psycopg2.extensions.TRANSACTION_STATUS_INERROR)
    do("ROLLBACK")
    same(one(f"SELECT count(*) FROM {table()} WHERE id = 70000"), (0,))


def bad_text():
    state(lambda: do(b"SELECT '\xff\xfe'"), "22021")
    same(one("SELECT 3"), (3,))


def big_parameter():
    same(one("SELECT length(%s)", ("p" * BIG_PARAMETER,)), (BIG_PARAMETER,))


def big_value():
    same(len(one("SELECT repeat('x', %s)", (BIG_VALUE,))[0]), BIG_VALUE)


def drop_own():
    do(f"DROP TABLE {table()}")
    conn.close()


def state(call, expected):
    try:
        call()
    except psycopg2.Error as error:
        same(error.pgcode, expected, str(error))
    else:
        raise AssertionError(f"no error, expected {expected}")


run(
    [
        connect, parameters, types, prepared_reuse, transaction_error, batch, copy, cancel, listen_notify, denied,
        bad_text, big_parameter, big_value, drop_own,
    ]
)  # fmt: skip
