"""Trials on this machine, a few at a time. Knows nothing of what a trial is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from mbisect.terms import Ask, Trial


class LocalExecutor:
    """Runs up to `jobs` trials at once in threads; the work itself happens in processes of its own."""

    def __init__(self, jobs: int, trial: Callable[[Ask], Trial], stop: Callable[[], None]) -> None:
        self.jobs = jobs
        self._trial = trial
        self._stop = stop
        self._pool = ThreadPoolExecutor(jobs, thread_name_prefix="trial")
        self._running: dict[Future[Trial], Ask] = {}

    @property
    def running(self) -> tuple[Ask, ...]:
        """What is being measured now."""
        return tuple(self._running.values())

    def submit(self, ask: Ask) -> None:
        """Start a trial as soon as there is room."""
        self._running[self._pool.submit(self._trial, ask)] = ask

    def completed(self) -> list[Trial]:
        """Wait until at least one trial has ended; -> those that have. An error in a trial is raised here."""
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        asks = [(self._running.pop(future), future) for future in done]
        return [future.result() for _, future in asks]

    def close(self) -> None:
        """End what is still running; its results are not wanted any more."""
        for future in self._running:
            future.cancel()
        self._stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
