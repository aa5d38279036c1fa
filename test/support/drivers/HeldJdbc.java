import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Properties;

/**
 * Runs one statement with one bind value, in one transaction behind another if there is a third argument; prints
 * {"rows": n} or {"state": "…"}. A line on stdin cancels it.
 */
public class HeldJdbc {
  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("user", System.getenv("PGUSER"));
    properties.setProperty("password", System.getenv("PGPASSWORD"));
    properties.setProperty("sslmode", System.getenv("PGSSLMODE"));
    Connection conn = DriverManager.getConnection(
        "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE"),
        properties);
    if (!args[2].isEmpty()) {
      conn.setAutoCommit(false);
      conn.createStatement().executeUpdate(args[2]);
    }
    PreparedStatement statement = conn.prepareStatement(args[0]);
    statement.setInt(1, Integer.parseInt(args[1]));
    Thread cancel = new Thread(() -> {
      try {
        if (System.in.read() >= 0) statement.cancel();
      } catch (Exception gone) {
        return;
      }
    });
    cancel.setDaemon(true);
    cancel.start();
    try {
      System.out.println("{\"rows\": " + statement.executeUpdate() + "}");
    } catch (SQLException error) {
      System.out.println("{\"state\": \"" + error.getSQLState() + "\"}");
    }
    System.out.flush();
    System.exit(0);
  }
}
