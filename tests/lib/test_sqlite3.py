"""Writers of one process take turns in the order in which they came."""

import threading
import time

from seminar.lib.sqlite3.base import Turns, turns_of


def wait_until_waiting(turns: Turns, count: int) -> None:
    while len(turns._waiting) < count:
        time.sleep(0.001)


def test_take_a_free_turn_comes_at_once() -> None:
    turns = Turns()
    assert turns.take(0)
    turns.give()
    assert turns.take(0)


def test_take_is_served_first_come_first_served() -> None:
    turns, served = Turns(), []

    def write(name: int) -> None:
        assert turns.take(10)
        served.append(name)
        turns.give()

    assert turns.take(0)
    writers = []
    for name in range(20):
        writers.append(threading.Thread(target=write, args=[name]))
        writers[-1].start()
        wait_until_waiting(turns, name + 1)
    turns.give()
    for writer in writers:
        writer.join(10)
    assert served == list(range(20))


def test_take_gives_up_and_is_not_served_later() -> None:
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)
    turns.give()
    assert turns.take(0)


def test_turns_of_is_one_queue_for_each_file() -> None:
    assert turns_of("a.sqlite3") is turns_of("a.sqlite3")
    assert turns_of("a.sqlite3") is not turns_of("b.sqlite3")
