import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Properties;
import java.util.UUID;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** Runs the checks of pgJDBC; prints one JSON object: name of the check to "ok" or what went wrong. */
public class Jdbc {
  interface Check {
    void run() throws Exception;
  }

  static final StringBuilder results = new StringBuilder();
  static final String table = System.getenv("DRIVER_TABLE");
  static Connection conn;

  static Connection open() throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", System.getenv("PGUSER"));
    properties.setProperty("password", System.getenv("PGPASSWORD"));
    properties.setProperty("sslmode", System.getenv("PGSSLMODE"));
    properties.setProperty("prepareThreshold", "2");
    return DriverManager.getConnection(
        "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE"),
        properties);
  }

  public static void main(String[] args) {
    check("connect", () -> {
      conn = open();
      same(one("SELECT 1"), "1");
    });
    check("parameters", () -> {
      try (PreparedStatement s = conn.prepareStatement("SELECT ?::int + 1, ? || 'ö', ?, ?::text")) {
        s.setInt(1, 41);
        s.setString(2, "grün");
        s.setBoolean(3, true);
        s.setNull(4, Types.VARCHAR);
        ResultSet rows = s.executeQuery();
        rows.next();
        same(rows.getInt(1) + rows.getString(2) + rows.getBoolean(3) + rows.getString(4), "42grünötruenull");
      }
    });
    check("types", () -> {
      try (PreparedStatement s = conn.prepareStatement("SELECT ?::numeric, ?::timestamptz, ?::uuid, ?::bytea, ?::int[], ?::float8")) {
        // Text first, binary once the driver has seen the statement often enough.
        for (int i = 0; i < 6; i++) {
          OffsetDateTime at = OffsetDateTime.parse("2026-11-21T12:00:00.123456Z");
          UUID id = UUID.fromString("12345678-1234-5678-1234-567812345678");
          s.setBigDecimal(1, new BigDecimal("12345678901234567890.123456789"));
          s.setObject(2, at);
          s.setObject(3, id);
          s.setBytes(4, new byte[] {0, -1, 65});
          s.setArray(5, conn.createArrayOf("int4", new Integer[] {1, null, 3}));
          s.setDouble(6, 2.5e-300);
          ResultSet rows = s.executeQuery();
          rows.next();
          same(rows.getBigDecimal(1).toString(), "12345678901234567890.123456789");
          same(rows.getObject(2, OffsetDateTime.class).isEqual(at), true);
          same(rows.getObject(3), id);
          same(Arrays.toString(rows.getBytes(4)), "[0, -1, 65]");
          same(Arrays.toString((Object[]) rows.getArray(5).getArray()), "[1, null, 3]");
          same(rows.getDouble(6), 2.5e-300);
        }
      }
    });
    check("prepared_reuse", () -> {
      try (PreparedStatement s = conn.prepareStatement("SELECT ?::int * 2 AS reused")) {
        for (int i = 0; i < 20; i++) {
          s.setInt(1, i);
          ResultSet rows = s.executeQuery();
          rows.next();
          same(rows.getInt(1), i * 2);
        }
        same(one("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%AS reused'"), "1");
      }
    });
    check("transaction_error", () -> {
      update("CREATE TABLE " + table + " (id int PRIMARY KEY, name text)");
      conn.setAutoCommit(false);
      try {
        update("INSERT INTO " + table + " VALUES (1, 'one')");
        state("23505", () -> update("INSERT INTO " + table + " VALUES (1, 'again')"));
        state("25P02", () -> one("SELECT 1"));
        conn.rollback();
        same(one("SELECT count(*) FROM " + table), "0");
        update("INSERT INTO " + table + " VALUES (1, 'one')");
        var savepoint = conn.setSavepoint();
        state("22012", () -> one("SELECT 1/0"));
        conn.rollback(savepoint);
        conn.commit();
        same(one("SELECT count(*) FROM " + table), "1");
        conn.commit();
      } finally {
        conn.rollback();
        conn.setAutoCommit(true);
      }
    });
    check("batch", () -> {
      try (PreparedStatement s = conn.prepareStatement("INSERT INTO " + table + " VALUES (?, ?)")) {
        for (int i = 1000; i < 1500; i++) {
          s.setInt(1, i);
          s.setString(2, "n" + i);
          s.addBatch();
        }
        same(s.executeBatch().length, 500);
      }
      try (Statement s = conn.createStatement()) {
        s.addBatch("INSERT INTO " + table + " VALUES (98, 'never')");
        s.addBatch("DROP TABLE keep_me");
        s.addBatch("INSERT INTO " + table + " VALUES (99, 'never')");
        state("42501", () -> s.executeBatch());
      }
      same(one("SELECT count(*) FROM " + table + " WHERE id IN (98, 99)"), "0");
      same(one("SELECT count(*) FROM " + table + " WHERE id >= 1000"), "500");
    });
    check("copy", () -> {
      CopyManager copies = conn.unwrap(PGConnection.class).getCopyAPI();
      StringBuilder text = new StringBuilder();
      for (int i = 2000; i < 12000; i++) text.append(i).append("\trow ").append(i).append(" ä\n");
      same(copies.copyIn("COPY " + table + " FROM STDIN", new StringReader(text.toString())), 10000L);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      copies.copyOut("COPY (SELECT * FROM " + table + " WHERE id BETWEEN 2000 AND 11999 ORDER BY id) TO STDOUT", out);
      same(out.toString("UTF-8").equals(text.toString()), true);
      state("22P02", () -> copies.copyIn("COPY " + table + " FROM STDIN", new StringReader("x\ty\n")));
    });
    check("cursor", () -> {
      conn.setAutoCommit(false);
      try (Statement s = conn.createStatement()) {
        // Execute with a row limit: PortalSuspended in between.
        s.setFetchSize(70);
        ResultSet rows = s.executeQuery("SELECT g FROM generate_series(1, 1000) g");
        long total = 0;
        while (rows.next()) total += rows.getInt(1);
        same(total, 500500L);
      } finally {
        conn.rollback();
        conn.setAutoCommit(true);
      }
    });
    check("cancel", () -> {
      try (Statement s = conn.createStatement()) {
        // One that comes before the statement is under way cancels nothing.
        state("57014", () -> {
          for (int waitMs : new int[] {400, 10_000}) {
            Thread canceller = new Thread(() -> {
              try {
                Thread.sleep(waitMs);
                s.cancel();
              } catch (Exception error) {
                throw new RuntimeException(error);
              }
            });
            canceller.start();
            try {
              s.execute("SELECT pg_sleep(30)");
            } finally {
              canceller.join();
            }
          }
        });
      }
      same(one("SELECT 2"), "2");
    });
    check("listen_notify", () -> {
      update("LISTEN " + table);
      try (Connection other = open(); Statement s = other.createStatement()) {
        s.execute("NOTIFY " + table + ", 'hello'");
      }
      var got = conn.unwrap(PGConnection.class).getNotifications(10000);
      same(got.length + got[0].getName() + got[0].getParameter(), "1" + table + "hello");
      update("UNLISTEN *");
    });
    check("denied", () -> {
      state("42501", () -> update("DROP TABLE keep_me"));
      same(one("SELECT count(*) FROM keep_me"), "3");
      conn.setAutoCommit(false);
      try {
        update("INSERT INTO " + table + " VALUES (70000, 'rolled back')");
        state("42501", () -> update("DROP TABLE keep_me"));
        state("25P02", () -> one("SELECT 1"));
        conn.rollback();
        same(one("SELECT count(*) FROM " + table + " WHERE id = 70000"), "0");
      } finally {
        conn.rollback();
        conn.setAutoCommit(true);
      }
    });
    check("bad_text", () -> {
      try (PreparedStatement s = conn.prepareStatement("SELECT ?::text")) {
        s.setString(1, "a\0b");
        state("22021", () -> s.executeQuery());
      }
      same(one("SELECT 3"), "3");
    });
    check("big_parameter", () -> {
      try (PreparedStatement s = conn.prepareStatement("SELECT length(?)")) {
        s.setString(1, "p".repeat(1024 * 1024));
        ResultSet rows = s.executeQuery();
        rows.next();
        same(rows.getInt(1), 1024 * 1024);
      }
    });
    check("big_value", () -> same(one("SELECT repeat('x', 5 * 1024 * 1024)").length(), 5 * 1024 * 1024));
    check("metadata", () -> {
      try (ResultSet columns = conn.getMetaData().getColumns(null, "public", "keep_me", null)) {
        columns.next();
        same(columns.getString("COLUMN_NAME"), "id");
      }
      try (ResultSet keys = conn.getMetaData().getPrimaryKeys(null, "public", "keep_me")) {
        same(keys.next(), true);
      }
    });
    check("drop_own", () -> {
      update("DROP TABLE " + table);
      conn.close();
    });
    System.out.println("{" + results + "}");
  }

  static void check(String name, Check check) {
    String result = "ok";
    try {
      check.run();
    } catch (Throwable error) {
      result = error.toString();
      if (error instanceof SQLException) result = ((SQLException) error).getSQLState() + " " + result;
      for (StackTraceElement frame : error.getStackTrace()) {
        if (frame.getClassName().startsWith("Jdbc")) result += " line " + frame.getLineNumber();
      }
    }
    if (results.length() > 0) results.append(',');
    results.append('"').append(name).append("\":\"");
    for (char c : result.toCharArray()) {
      if (c == '"' || c == '\\') results.append('\\').append(c);
      else if (c < ' ') results.append(' ');
      else results.append(c);
    }
    results.append('"');
  }

  static String one(String sql) throws SQLException {
    try (Statement s = conn.createStatement(); ResultSet rows = s.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  static void update(String sql) throws SQLException {
    try (Statement s = conn.createStatement()) {
      s.execute(sql);
    }
  }

  static void state(String expected, Check call) throws Exception {
    try {
      call.run();
    } catch (SQLException error) {
      SQLException first = error;
      same(first.getSQLState(), expected);
      return;
    }
    throw new AssertionError("no error, expected " + expected);
  }

  static void same(Object actual, Object expected) {
    if (!expected.equals(actual)) throw new AssertionError("expected " + expected + ", got " + actual);
  }
}
