import java.util.EnumSet;
import javax.servlet.DispatcherType;
import javax.servlet.UnavailableException;
import org.apache.solr.servlet.CoreContainerProvider;
import org.apache.solr.servlet.SolrDispatchFilter;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.DefaultServlet;
import org.eclipse.jetty.servlet.FilterHolder;
import org.eclipse.jetty.servlet.ServletContextHandler;

/** Starts Solr on one port of the loopback address: java -cp … -Dsolr.solr.home=HOME SolrLauncher.java PORT. */
public class SolrLauncher {
  public static void main(String[] arguments) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(Integer.parseInt(arguments[0]));
    server.addConnector(connector);
    ServletContextHandler context = new ServletContextHandler(server, "/solr");
    context.addEventListener(new CoreContainerProvider());
    FilterHolder solr = context.addFilter(SolrDispatchFilter.class, "/*", EnumSet.of(DispatcherType.REQUEST));
    context.addServlet(DefaultServlet.class, "/");
    server.setStopAtShutdown(true);
    server.start();
    try {
      ((SolrDispatchFilter) solr.getFilter()).getCores(); // a Solr that could not start leaves Jetty running
    } catch (UnavailableException failure) {
      System.exit(1);
    }
    server.join();
  }
}
