import multiprocessing


def child(connection):
    print("child received:", connection.recv(), flush=True)
    connection.send("hello parent")
    connection.close()


if __name__ == "__main__":
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=child, args=(there,))
    process.start()
    there.close()
    here.send("hello child")
    print("parent received:", here.recv(), flush=True)
    process.join()
    try:
        here.recv()
    except EOFError:
        print("the child has closed its end")
