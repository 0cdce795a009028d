package millrace.streams.runner;

import java.io.IOException;
import java.nio.file.Path;
import millrace.streams.plan.StreamsPlan;
import millrace.streams.records.RegistryException;

/**
 * {@code java -jar streams-runner.jar SETTINGS.json}: runs a plan until the process is told to end. Prints {@code listening
 * on PORT} when it has begun.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws Exception {
    if (args.length != 1) {
      System.err.println("usage: java -jar streams-runner.jar SETTINGS.json");
      System.exit(2);
    }
    try {
      run(Settings.read(Path.of(args[0])));
    } catch (IOException | IllegalStateException | RegistryException failure) {
      System.err.println(failure.getMessage());
      System.exit(1);
    } catch (Exception failure) {
      // What has begun already would keep the process alive.
      failure.printStackTrace();
      System.exit(1);
    }
  }

  private static void run(Settings settings) throws Exception {
    if (settings.endsWithInput()) new Thread(Main::endWithInput, "input").start();
    Counters counters = new Counters();
    Runner runner = new Runner(settings, StreamsPlan.read(Path.of(settings.plan())), counters);
    Runtime.getRuntime().addShutdownHook(new Thread(runner::close, "close"));
    runner.start();
    MetricsPage page = new MetricsPage(settings.httpPort(), runner.running(), counters);
    System.out.println("listening on " + page.port());
  }

  private static void endWithInput() {
    try {
      while (System.in.read() >= 0) {}
    } catch (IOException closed) {
      // That is its end, too.
    }
    System.exit(0);
  }
}
