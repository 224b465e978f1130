import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.codelibs.opensearch.runner.node.OpenSearchRunnerNode;
import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.transport.Netty4Plugin;

/**
 * One node of OpenSearch in a process of its own: with its network and the analyzers of languages, without security.
 *
 * Arguments: its folder, then settings as KEY=VALUE. It answers on the loopback address unless they say otherwise, and
 * runs until it is ended.
 */
public final class OneNode {
    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]).toAbsolutePath();
        Path config = Files.createDirectories(home.resolve("config"));
        Map<String, String> settings = new HashMap<>(Map.of(
                "path.home", home.toString(),
                "network.host", "127.0.0.1",
                "http.type", "netty4",
                "transport.type", "netty4",
                // A disk nearly full makes a node refuse shards, which is no matter here.
                "cluster.routing.allocation.disk.threshold_enabled", "false"));
        for (int at = 1; at < arguments.length; at++) {
            String[] pair = arguments[at].split("=", 2);
            settings.put(pair[0], pair[1]);
        }
        var environment = InternalSettingsPreparer.prepareEnvironment(
                Settings.EMPTY, settings, config, () -> settings.getOrDefault("node.name", "node"));
        var node = new OpenSearchRunnerNode(environment, List.of(Netty4Plugin.class, CommonAnalysisPlugin.class));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception problem) {
                problem.printStackTrace();
            }
        }));
        node.start();
        Thread.currentThread().join();
    }
}
