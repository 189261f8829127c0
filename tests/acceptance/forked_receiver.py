"""Starts a receiver for every line on standard input, in a process of its own, and says its process number and port.

Run as a script with the spool's folder. A fork is ready at once, where a fresh interpreter takes a second.
"""

import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from monitor.ingest.admission import Limits
from monitor.ingest.receiver import Receiver
from monitor.ingest.spool import DiskSpool


class SystemTime:
    """The `Clock` port over the system's clock."""

    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)


def serve(folder: Path) -> None:
    """Receive until killed."""
    spool = DiskSpool(folder)
    spool.sweep()
    receiver = Receiver(spool, SystemTime(), Limits(ae_title="OVERREAD"), lambda _refusal: None)
    port = receiver.start("127.0.0.1", 0)
    sys.stdout.write(f"{os.getpid()} {port}\n")
    sys.stdout.flush()
    time.sleep(60)


def main() -> None:
    """Fork for every line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        if os.fork() == 0:
            serve(Path(sys.argv[1]))
            os._exit(0)


if __name__ == "__main__":
    main()
