"""The loop that feeds workers, on workers that are made up: who gets what again, and when it gives up."""

import contextlib
import pickle
from collections import deque

import pytest

from sweeps.errors import InputError, traceback_of
from sweeps.workers import crew as crew_module
from sweeps.workers.crew import OVER, READY, TRIES, Crew, Failed, Hung, Lost, Terms, started
from sweeps.workers.pool import Kind, Pool

pytestmark = pytest.mark.slow


class Scripted:
    """A place whose workers say what the script has next. An entry: READY, OVER, an event, or an exception."""

    def __init__(self, script):
        self.script, self.alive, self.given = deque(script), [], []

    def start(self, kind):
        worker = object()
        self.alive.append(worker)
        return worker

    def wait(self, workers, timeout):
        return workers[:1] if self.script else []

    def hear(self, worker):
        said = self.script.popleft()
        if isinstance(said, Lost):
            raise said
        return [said]

    def give(self, worker, task):
        self.given.append(task)

    def leave(self, workers, timeout):
        self.left = list(workers)

    def end(self, worker):
        self.alive.remove(worker)

    def why_none(self):
        return "because."


def run(script, *tasks, terms=lambda item: Terms()):
    """The place, and what the loop told: (put, failed, said)."""
    place, queue = Scripted(script), deque(tasks)
    put, failed, said = [], [], []

    def take(seen, elsewhere, wants):
        return (task := queue.popleft(), f"structure of {task}", task) if queue else None

    crew = Crew(place, [Kind(many=1)])
    crew.look()
    crew.run(
        take,
        lambda: bool(queue),
        lambda *of: put.append(of),
        lambda item, error: failed.append((item, error)),
        said.append,
        terms,
    )
    return place, put, failed, said


def test_events_belong_to_the_item_that_was_given():
    place, put, failed, _ = run([READY, "half", OVER, "all", OVER], "a", "b")
    assert put == [("a", "half"), ("b", "all")]
    assert place.given == ["a", "b"]
    assert failed == []


def test_the_exception_of_a_task_is_told_once_and_the_worker_goes_on():
    cause = ValueError("no")
    place, _, failed, said = run([READY, Failed(cause, "in the worker"), OVER], "a", "b")
    assert failed == [("a", cause)]
    assert traceback_of(cause) == "in the worker"
    assert place.given == ["a", "b"]
    assert len(place.alive) == 1
    assert said == []


def test_what_a_lost_worker_was_doing_runs_again_on_another_one():
    place, _, failed, said = run([READY, "half", Lost("signal 9"), READY, "half", OVER], "a")
    assert place.given == ["a", "a"]
    assert failed == []
    assert len(place.alive) == 1
    assert said == ["A worker was lost (signal 9); its cohort runs again."]


def test_what_is_lost_too_often_is_given_up_and_the_rest_runs():
    place, _, failed, said = run([*[READY, Lost("gone")] * TRIES, READY, OVER], "a", "b")
    assert place.given == ["a"] * TRIES + ["b"]
    assert [(item, str(error)) for item, error in failed] == [("a", "gone")]
    assert said[-1] == "A worker was lost (gone); its cohort is abandoned."


def test_what_is_lost_is_started_again_as_often_as_its_terms_say():
    place, _, failed, _ = run([READY, Lost("gone"), READY, OVER], "a", "b", terms=lambda item: Terms(tries=1))
    assert place.given == ["a", "b"]
    assert [item for item, _ in failed] == ["a"]


def test_what_takes_longer_than_it_may_is_given_up_and_its_worker_replaced():
    class Silent(Scripted):
        """Says nothing about a."""

        def wait(self, workers, timeout):
            assert timeout <= 120
            return [] if self.given == ["a"] and self.alive == [first] else workers[-1:]

    place, queue, failed = Silent([READY, READY, OVER]), deque(["a", "b"]), []
    crew = Crew(place, [Kind(many=1)])
    crew.look()
    first = place.alive[0]
    crew.run(
        lambda seen, elsewhere, wants: (task := queue.popleft(), task, task) if queue else None,
        lambda: bool(queue),
        lambda *of: None,
        lambda item, error: failed.append((item, error)),
        print,
        lambda item: Terms(seconds=0.0 if item == "a" else None),
    )
    assert [(item, type(error)) for item, error in failed] == [("a", Hung)]
    assert "No result within 0 s" in str(failed[0][1])
    assert place.given == ["a", "b"]
    assert first not in place.alive


def test_an_exception_that_cannot_be_sent_is_told_in_one_that_can():
    class Odd(Exception):
        def __reduce__(self):
            raise TypeError("no")

    told = Failed.by(Odd("it broke"))
    assert (type(told.cause), str(told.cause)) == (RuntimeError, "Odd: it broke")
    again = pickle.loads(pickle.dumps(told))
    assert "Odd: it broke" in traceback_of(again.cause)


def test_busy_workers_are_asked_to_keep_what_they_have_when_the_loop_is_interrupted(monkeypatch):
    place = Scripted([READY])
    monkeypatch.setattr(crew_module, "backend", lambda pool: contextlib.nullcontext(place))

    def interrupted():
        with started(Pool(workers=2)) as crew:
            crew.handles[0].given = "a"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(place.left) == 1
    assert place.alive == []


def test_workers_for_which_there_is_room_later_join_while_the_others_work(monkeypatch):
    monkeypatch.setattr(crew_module, "LOOK", 0.0)

    class Growing(Scripted):
        def room(self, kind):
            return 1 + len(self.given)

        def wait(self, workers, timeout):
            return workers[-1:]

    place, queue = Growing([READY, "half", READY, OVER, OVER]), deque(["a", "b"])
    crew = Crew(place, [Kind(many=None)])
    crew.run(
        lambda seen, elsewhere, wants: (task := queue.popleft(), task, task) if queue else None,
        lambda: bool(queue),
        lambda *of: None,
        lambda item, error: None,
        print,
    )
    assert place.given == ["a", "b"]
    assert crew.ready == 2


def test_workers_that_started_once_are_asked_for_again_where_none_starts_any_more(monkeypatch):
    monkeypatch.setattr(crew_module, "LOOK", 0.01)
    place, _, failed, said = run([READY, *[Lost("gone")] * 5, READY, OVER], "a")
    assert place.given == ["a", "a"]
    assert failed == []
    assert said[-1] == "No worker starts any more (gone); they are asked for every 0 s."


def test_kinds_of_workers_are_told_apart_by_what_they_want():
    class Both(Scripted):
        def wait(self, workers, timeout):
            return workers[:1] if len(self.script) > 3 else workers[-1:]

        def start(self, kind):
            self.kinds = [*getattr(self, "kinds", []), kind.gpus]
            return super().start(kind)

    place, wanted = Both([READY, READY, OVER, OVER]), []

    def take(seen, elsewhere, wants):
        wanted.append(wants)
        return (wants, wants, wants) if len(wanted) <= 2 else None

    crew = Crew(place, Pool(workers=1, gpu_workers=1, address="auto").kinds)
    crew.look()
    crew.run(take, lambda: len(wanted) < 2, lambda *of: None, lambda *of: None, print)
    assert place.kinds == [1.0, 0.0]
    assert wanted[:2] == ["wide", "narrow"]
    assert [kind.wants for kind in Pool(workers=0, gpu_workers=2).kinds] == [None]


def test_workers_that_never_start_end_the_loop_in_words():
    with pytest.raises(InputError, match=r"No worker starts: exit code 1\. because\."):
        run([Lost("exit code 1")] * 4, "a")
    with pytest.raises(InputError, match=r"No worker could start within 120 s: because\."):
        run([], "a")
