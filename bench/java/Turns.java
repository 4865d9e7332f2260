import java.lang.management.ManagementFactory;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Two threads hand a turn to and fro: the first argument says by what, the second how often. */
class Turns {
  static final ReentrantLock lock = new ReentrantLock();
  static final Condition changed = lock.newCondition();
  static final LinkedBlockingQueue<Integer> there = new LinkedBlockingQueue<>();
  static final LinkedBlockingQueue<Integer> back = new LinkedBlockingQueue<>();
  static int turn = 0;

  static void play(int me, long rounds) throws InterruptedException {
    lock.lock();
    for (long i = 0; i < rounds; i++) {
      while (turn != me) changed.await();
      turn = 1 - me;
      changed.signal();
    }
    lock.unlock();
  }

  static void ask(long rounds) throws InterruptedException {
    for (long i = 0; i < rounds; i++) {
      there.put((int) i);
      back.take();
    }
  }

  static long cpu() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  public static void main(String[] args) throws Exception {
    boolean isQueue = args[0].equals("queue");
    long times = Math.max(1, Math.round(50_000 * Double.parseDouble(args[1])));
    long warm = times / 2 + 1;
    Thread thread = new Thread(() -> {
      try {
        if (isQueue) for (long i = 0; i < warm + times; i++) back.put(there.take());
        else play(1, warm + times);
      } catch (InterruptedException error) {
        throw new RuntimeException(error);
      }
    });
    thread.start();
    if (isQueue) ask(warm);
    else play(0, warm);
    long cpu = cpu();
    long start = System.nanoTime();
    if (isQueue) ask(times);
    else play(0, times);
    System.out.printf("@@sample {\"operations\":%d,\"seconds\":%.9f,\"cpuSeconds\":%.9f}%n", times, (System.nanoTime() - start) / 1e9, (cpu() - cpu) / 1e9);
    thread.join();
  }
}
