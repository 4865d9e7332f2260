import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        print("getting the pid for one worker")
        first = pool.submit(os.getpid).result()
        print("killing process", first)
        os.kill(first, signal.SIGHUP)
        print("submitting another task")
        try:
            while True:
                pool.submit(os.getpid).result()
        except BrokenProcessPool as error:
            print("could not start new tasks:", error)
