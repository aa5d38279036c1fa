import asyncio
import datetime
import decimal
import io
import os
import ssl
import uuid

import asyncpg
from checks import BIG_PARAMETER, BIG_VALUE, run, same, table

loop = asyncio.new_event_loop()
conn = None


async def open_connection():
    options = {}
    if os.environ.get("PGSSLMODE") == "require":
        options["ssl"] = ssl.create_default_context()
        options["ssl"].check_hostname = False
        options["ssl"].verify_mode = ssl.CERT_NONE
    return await asyncpg.connect(
        host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), user=os.environ["PGUSER"],
        password=os.environ["PGPASSWORD"], database=os.environ["PGDATABASE"], **options,
    )  # fmt: skip


def check(coroutine):
    def call():
        loop.run_until_complete(coroutine())

    call.__name__ = coroutine.__name__
    return call


@check
async def connect():
    global conn
    conn = await open_connection()
    same(await conn.fetchval("SELECT 1"), 1)


@check
async def parameters():
    row = await conn.fetchrow("SELECT $1::int + 1, $2 || 'ö', $3::bool, $4::text", 41, "grün", True, None)
    same(tuple(row), (42, "grünö", True, None))


@check
async def types():
    values = (
        decimal.Decimal("12345678901234567890.123456789"),
        datetime.datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=datetime.timezone.utc),
        uuid.UUID("12345678-1234-5678-1234-567812345678"),
        b"\x00\xff\x80",
        [1, None, 3],
        2.5e-300,
    )
    sql = "SELECT $1::numeric, $2::timestamptz, $3::uuid, $4::bytea, $5::int[], $6::float8"
    same(tuple(await conn.fetchrow(sql, *values)), values)
    # An unknown type makes the driver ask the catalog recursively.
    await conn.execute(f"CREATE TYPE {table()}_kind AS ENUM ('a', 'b')")
    await conn.execute(f"CREATE TYPE {table()}_pair AS (kind {table()}_kind, n int[])")
    row = await conn.fetchval(f"SELECT ARRAY[ROW('b', '{{1,2}}')::{table()}_pair]")
    same([tuple(value) for value in row], [("b", [1, 2])])
    await conn.execute(f"DROP TYPE {table()}_pair")
    await conn.execute(f"DROP TYPE {table()}_kind")


@check
async def prepared_reuse():
    statement = await conn.prepare("SELECT $1::int * 2")
    for i in range(10):
        same(await statement.fetchval(i), i * 2)
    same([a.name for a in statement.get_attributes()], ["?column?"])


@check
async def transaction_error():
    await conn.execute(f"CREATE TABLE {table()} (id int PRIMARY KEY, name text)")
    transaction = conn.transaction()
    await transaction.start()
    await conn.execute(f"INSERT INTO {table()} VALUES (1, 'one')")
    await state(conn.execute(f"INSERT INTO {table()} VALUES (1, 'again')"), "23505")
    await state(conn.execute("SELECT 1"), "25P02")
    await transaction.rollback()
    same(await conn.fetchval(f"SELECT count(*) FROM {table()}"), 0)
    async with conn.transaction():
        await conn.execute(f"INSERT INTO {table()} VALUES (1, 'one')")
        try:
            async with conn.transaction():
                await conn.execute("SELECT 1/0")
        except asyncpg.DivisionByZeroError:
            pass
    same(await conn.fetchval(f"SELECT count(*) FROM {table()}"), 1)


@check
async def batch():
    await conn.executemany(f"INSERT INTO {table()} VALUES ($1, $2)", [(i, f"n{i}") for i in range(1000, 1500)])
    same(await conn.fetchval(f"SELECT count(*) FROM {table()} WHERE id >= 1000"), 500)
    await state(conn.executemany(f"INSERT INTO {table()} VALUES ($1, 'x')", [(600,), (601,), (600,)]), "23505")
    same(await conn.fetchval(f"SELECT count(*) FROM {table()} WHERE id IN (600, 601)"), 0)


@check
async def copy():
    await conn.copy_records_to_table(table(), records=[(i, f"row {i} ä") for i in range(2000, 12000)])
    out = io.BytesIO()
    await conn.copy_from_query(f"SELECT * FROM {table()} WHERE id >= $1 ORDER BY id", 2000, output=out)
    lines = out.getvalue().decode().splitlines()
    same((len(lines), lines[0]), (10000, "2000\trow 2000 ä"))
    await state(conn.copy_to_table(table(), source=io.BytesIO(b"not a number\tx\n")), "22P02")


@check
async def cursor():
    async with conn.transaction():
        total = 0
        async for record in conn.cursor("SELECT g FROM generate_series(1, 1000) g", prefetch=70):
            total += record[0]
    same(total, 500500)


@check
async def cancel():
    try:
        await asyncio.wait_for(conn.execute("SELECT pg_sleep(30)"), 2)
        raise AssertionError("not cancelled")
    except asyncio.TimeoutError:
        pass
    same(await asyncio.wait_for(conn.fetchval("SELECT 2"), 25), 2)


@check
async def listen_notify():
    got = asyncio.Queue()
    await conn.add_listener(table(), lambda _conn, _pid, channel, payload: got.put_nowait((channel, payload)))
    other = await open_connection()
    await other.execute(f"NOTIFY {table()}, 'hello'")
    await other.close()
    same(await asyncio.wait_for(got.get(), 10), (table(), "hello"))
    await conn.execute("UNLISTEN *")


@check
async def denied():
    await state(conn.execute("DROP TABLE keep_me"), "42501")
    await state(prepare_and_run("DROP TABLE keep_me"), "42501")
    same(await conn.fetchval("SELECT count(*) FROM keep_me"), 3)
    transaction = conn.transaction()
    await transaction.start()
    await conn.execute(f"INSERT INTO {table()} VALUES (70000, 'rolled back')")
    await state(conn.execute("DROP TABLE keep_me"), "42501")
    await state(conn.execute("SELECT 1"), "25P02")
    await transaction.rollback()
    same(await conn.fetchval(f"SELECT count(*) FROM {table()} WHERE id = 70000"), 0)


@check
async def bad_text():
    await state(conn.fetchval("SELECT $1::text", "a\0b"), "22021")
    await state(conn.fetchval("SELECT convert_from($1, 'UTF8')", b"\xff\xfe"), "22021")
    same(await conn.fetchval("SELECT 3"), 3)


@check
async def big_parameter():
    same(await conn.fetchval("SELECT length($1::text)", "p" * BIG_PARAMETER), BIG_PARAMETER)


@check
async def big_value():
    value = os.urandom(BIG_VALUE)
    same((await conn.fetchval("SELECT $1::bytea", value)) == value, True)
    same(len(await conn.fetchval("SELECT repeat('x', $1)", BIG_VALUE)), BIG_VALUE)


@check
async def drop_own():
    await conn.execute(f"DROP TABLE {table()}")
    await conn.close()


async def prepare_and_run(sql):
    statement = await conn.prepare(sql)
    await statement.fetch()


async def state(awaitable, expected):
    try:
        await awaitable
    except asyncpg.PostgresError as error:
        same(error.sqlstate, expected, str(error))
    else:
        raise AssertionError(f"no error, expected {expected}")


run(
    [
        connect, parameters, types, prepared_reuse, transaction_error, batch, copy, cursor, cancel, listen_notify,
        denied, bad_text, big_parameter, big_value, drop_own,
    ]
)  # fmt: skip
