"""Runs one statement with one bind value, in one transaction behind another if there is a third argument; prints
{"rows": n} or {"state": "…"}. A line on stdin cancels it."""

import json
import os
import sys
import threading

import psycopg

sql, value = sys.argv[1], int(sys.argv[2])
conn = psycopg.connect(os.environ["DATABASE_URL"])


def cancel():
    if sys.stdin.readline():
        conn.cancel()


threading.Thread(target=cancel, daemon=True).start()
try:
    if sys.argv[3]:
        conn.execute(sys.argv[3])
    print(json.dumps({"rows": conn.execute(sql.replace("?", "%s"), [value]).rowcount}))
    conn.commit()
except psycopg.Error as error:
    # libpq may find the end of the connection together with its last error, which then has no SQLSTATE.
    print(json.dumps({"state": error.sqlstate or str(error)}))
sys.stdout.flush()
os._exit(0)
