"""Answers requests by eight threads that share one model: paths of images on standard input, a line
each; path, class and probability on standard output, as they come."""

import queue
import sys
import threading

import allconv

WORKERS = 8


def work(model, requests, answers):
    """Each thread has a session of its own, which its first request makes."""
    for path in iter(requests.get, None):
        try:
            row = model.score(path, threads=1, errors="raise")[0]
            answers.put(f"{path}\t{model.classes[row.argmax()]}\t{row.max():.4f}")
        except allconv.Error as error:
            answers.put(f"{path}\terror\t{error}")


def main(model_path):
    model = allconv.load(model_path)
    requests, answers = queue.Queue(), queue.Queue()
    threads = [threading.Thread(target=work, args=(model, requests, answers), daemon=True)
               for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    count = 0
    for line in sys.stdin:
        requests.put(line.rstrip("\n"))
        count += 1
    for _ in range(count):
        print(answers.get(), flush=True)
    for _ in threads:
        requests.put(None)
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
