"""Many messages in one transaction: while one batch is being made durable, the next one gathers."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from monitor.reads.intake import Answer, Received

MOST = 32
"""Messages in one batch: enough to share a disk's flush, few enough that nobody waits long for the others."""


@dataclass(kw_only=True, slots=True)
class GroupCommit:
    """Hands messages of all connections to `receive`, some at a time, in the order they came.

    There is no waiting for company: a lone message is a batch of one.
    """

    receive: Callable[[Sequence[Received]], Sequence[Answer]]
    _waiting: deque[tuple[Received, "asyncio.Future[Answer]"]] = field(default_factory=deque)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def submit(self, message: Received) -> "asyncio.Future[Answer]":
        """The answer to a message, once it is there. To be called on the event loop that runs `run`."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, answer))
        self._arrived.set()
        return answer

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            await self._arrived.wait()
            batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            if not self._waiting:
                self._arrived.clear()
            answers = await asyncio.to_thread(self.receive, [message for message, _ in batch])
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():  # the connection may be gone
                    future.set_result(answer)
