import java.lang.management.ManagementFactory;
import java.util.concurrent.LinkedBlockingQueue;

/** One thread puts numbers into a queue, another one takes them. */
class Queues {
  static long cpu() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  public static void main(String[] args) throws Exception {
    int times = (int) Math.max(1, Math.round(5_000_000 * Double.parseDouble(args[1])));
    move(times / 5);
    long cpu = cpu();
    long start = System.nanoTime();
    move(times);
    System.out.printf("@@sample {\"operations\":%d,\"seconds\":%.9f,\"cpuSeconds\":%.9f}%n", times, (System.nanoTime() - start) / 1e9, (cpu() - cpu) / 1e9);
  }

  static void move(int times) throws InterruptedException {
    LinkedBlockingQueue<Integer> queue = new LinkedBlockingQueue<>();
    Thread producer = new Thread(() -> {
      for (int i = 0; i < times; i++) queue.add(i);
    });
    producer.start();
    for (int i = 0; i < times; i++) queue.take();
    producer.join();
  }
}
