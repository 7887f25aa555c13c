"""What the sender of steady traffic takes for lost: packets, nothing else, however busy it is."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from lab.traffic import SENDER

RATE = 40.0


@contextmanager
def sending(target: str, patience: float) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """Send to it while the block runs; what it told is there afterwards."""
    words = [sys.executable, "-I", str(SENDER), str(RATE), str(patience), target]
    told: dict[str, Any] = {}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield process, told
        finally:
            output, _ = process.communicate()
            told |= json.loads(output)


@contextmanager
def echo(slow: float, every: int = 0) -> Iterator[str]:
    """Answers datagrams after `slow` seconds, each; not each one of `every`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        own.settimeout(0.1)
        waiting: list[tuple[float, bytes, Any]] = []
        ended = False

        def answer() -> None:
            number = 0
            while not ended:
                while waiting and waiting[0][0] <= time.monotonic():
                    _, datagram, sender = waiting.pop(0)
                    own.sendto(datagram, sender)
                try:
                    datagram, sender = own.recvfrom(100)
                except TimeoutError:
                    continue
                number += 1
                if not every or number % every:
                    waiting.append((time.monotonic() + slow, datagram, sender))

        thread = Thread(target=answer)
        thread.start()
        try:
            yield f"udp:127.0.0.1:{own.getsockname()[1]}"
        finally:
            ended = True
            thread.join()


def take(listening: socket.socket, ended: Event) -> None:
    """Take every connection."""
    while not ended.is_set():
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            continue
        connection.close()


def test_an_answer_that_the_sender_was_kept_from_reading_is_none_that_was_lost() -> None:
    with echo(0.3) as target, sending(target, 1) as (process, told):
        time.sleep(0.5)
        # In the time between, answers to what it has just sent come and nobody reads them.
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(1.5)
        os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.5)
    # A second's worth where a processor is free, and on a busy machine some of it.
    assert sum(told["sent"].values()) > RATE * 0.1
    assert told["lost"][target] == []
    assert told["blind"] > 1.4, "it says how long it did not look"
    assert sum(told["sent"].values()) < RATE * 2, "and sends no burst of what it missed"


def test_a_datagram_that_nobody_answers_is_lost_and_one_that_is_answered_late_is_not() -> None:
    with echo(1.2, every=4) as target, sending(target, 3) as (_, told):
        time.sleep(1)
    sent, lost = told["sent"][target], told["lost"][target]
    assert sent > RATE * 0.5
    assert len(lost) == sent // 4


def test_a_connection_whose_first_packet_was_dropped_is_lost_even_if_it_stands_later() -> None:
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        # The kernel drops the SYNs of all that have no room in here, and takes them when there is some.
        own.listen(0)
        target = f"tcp:127.0.0.1:{own.getsockname()[1]}"
        own.settimeout(0.1)
        ended = Event()
        with sending(target, 5) as (_, told):
            time.sleep(0.5)
            taking = Thread(target=take, args=(own, ended))
            taking.start()
            time.sleep(0.3)
        ended.set()
        taking.join()
    lost = told["lost"][target]
    assert lost, "some had to be sent again"
    assert len(lost) < told["sent"][target], "not those that had room at once"
