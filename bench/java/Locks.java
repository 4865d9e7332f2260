import java.lang.management.ManagementFactory;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.locks.ReentrantLock;

/** One sample of Java's lock: the first argument says what, the second how much. */
class Locks {
  static final ReentrantLock lock = new ReentrantLock();
  static long total = 0;

  static void add(long times) {
    for (long i = 0; i < times; i++) {
      lock.lock();
      try {
        total++;
      } finally {
        lock.unlock();
      }
    }
  }

  static long cpu() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  public static void main(String[] args) throws Exception {
    double scale = Double.parseDouble(args[1]);
    long times = Math.max(1, Math.round((args[0].equals("free") ? 30_000_000 : 10_000_000) * scale));
    for (int i = 0; i < 5; i++) add(times / 10);
    if (args[0].equals("free")) {
      long cpu = cpu();
      long start = System.nanoTime();
      add(times);
      report(times, System.nanoTime() - start, cpu() - cpu);
      return;
    }
    CyclicBarrier gate = new CyclicBarrier(3);
    Thread[] threads = new Thread[2];
    for (int i = 0; i < 2; i++) {
      threads[i] = new Thread(() -> {
        try {
          gate.await();
        } catch (Exception error) {
          throw new RuntimeException(error);
        }
        add(times);
      });
      threads[i].start();
    }
    while (gate.getNumberWaiting() < 2) Thread.sleep(1);
    long cpu = cpu();
    long start = System.nanoTime();
    gate.await();
    for (Thread thread : threads) thread.join();
    report(2 * times, System.nanoTime() - start, cpu() - cpu);
  }

  static void report(long operations, long nanoseconds, long cpu) {
    System.out.printf("@@sample {\"operations\":%d,\"seconds\":%.9f,\"cpuSeconds\":%.9f}%n", operations, nanoseconds / 1e9, cpu / 1e9);
  }
}
