"""Let a system call of a running process fail, or kill it there, by strace: also in the engines."""

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

# Everything that changes a disk. "?": not on every architecture.
WRITING = (
    "write,pwrite64,writev,pwritev,ftruncate,fallocate,fsync,fdatasync,openat,?open,?rename,"
    "renameat,renameat2,?unlink,unlinkat,?mkdir,mkdirat,?rmdir,?link,linkat,fchmod,close"
)


class Tracer:
    """strace, attached to a child that waits; `injection` is the end of `-e inject=CALLS:…`."""

    def __init__(self, pid: int, calls: str, injection: str) -> None:
        handle, name = tempfile.mkstemp(prefix="calls-")
        os.close(handle)
        self._log = Path(name)
        command = ["strace", "-f", "-p", str(pid), "-o", name, "-e", "signal=none"]
        command += ["-e", f"trace={calls}"]
        if injection:
            command += ["-e", f"inject={calls}:{injection}"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        said = self._process.stderr.readline()
        assert "attached" in said, said

    def end(self) -> int:
        """Wait for the end of the process; return how many calls it made."""
        self._process.communicate(timeout=120)
        lines = self._log.read_text(errors="replace").splitlines()
        self._log.unlink()
        self.injected = [line for line in lines if "(INJECTED)" in line]
        return sum(bool(re.match(r"\d+ +\w+\(", line)) for line in lines)


@functools.cache
def tracer_works() -> bool:
    """True where strace is installed and may attach; elsewhere its campaigns are left out."""
    if sys.platform != "linux" or shutil.which("strace") is None:
        return False
    sleeper = subprocess.Popen(["sleep", "30"])
    try:
        tracer = Tracer(sleeper.pid, "write", "")
    except AssertionError:
        return False
    finally:
        sleeper.send_signal(signal.SIGKILL)
        sleeper.wait()
    tracer.end()
    return True
