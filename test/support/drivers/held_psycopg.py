"""Runs one statement with one bind value; prints {"rows": n} or {"state": "…"}. A line on stdin cancels it."""

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
    print(json.dumps({"rows": conn.execute(sql.replace("?", "%s"), [value]).rowcount}))
    conn.commit()
except psycopg.Error as error:
    print(json.dumps({"state": error.sqlstate}))
sys.stdout.flush()
os._exit(0)
