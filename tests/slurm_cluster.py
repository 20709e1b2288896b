"""A real Slurm of one node, with keys, ports and state of its own, for tests and for looking at.

apt-get install slurm-wlm munge
python tests/slurm_cluster.py sbatch --wrap hostname
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["has_slurm", "one_node"]

_DAEMONS = ("munged", "slurmctld", "slurmd")

# Requeued jobs wait until their first credential has run out, two minutes by default.
_CONFIGURATION = """
ClusterName=heschl
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmctldPort={controller}
SlurmdPort={node}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_min_interval=1000000,batch_sched_delay=0
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobRequeue=1
KillWait=2
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={n_processors} RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def has_slurm() -> bool:
    """Return whether Slurm's daemons are installed."""
    return all(_found(name) for name in _DAEMONS)


@contextmanager
def one_node() -> Iterator[dict[str, str]]:
    """Start the daemons, yield the variables by which Slurm's commands find them, and end them."""
    # A socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True) as name:
        folder, host = Path(name), socket.gethostname().partition(".")[0]
        for below in ("state", "spool"):
            (folder / below).mkdir()
        key = folder / "munge.key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o400)
        text = _CONFIGURATION.format(
            host=host,
            user=_user(),
            folder=folder,
            controller=_free_port(),
            node=_free_port(),
            n_processors=os.cpu_count(),
        )
        (folder / "slurm.conf").write_text(text)
        of_munge = [
            f"--{each}={folder}/munge.{each}" for each in ("socket", "seed-file", "pid-file")
        ]
        commands = [
            ["munged", "--foreground", "--force", f"--key-file={key}", *of_munge],
            ["slurmctld", "-D", "-f", f"{folder}/slurm.conf"],
            ["slurmd", "-D", "-f", f"{folder}/slurm.conf", "-N", host],
        ]
        started = []
        try:
            for command in commands:
                with (folder / f"{command[0]}.out").open("wb") as out:
                    words = [_found(command[0]), *command[1:]]
                    started.append(subprocess.Popen(words, stdout=out, stderr=out))
                time.sleep(0.5)
            variables = {"SLURM_CONF": f"{folder}/slurm.conf"}
            _wait_for_node(variables, folder)
            yield variables
        finally:
            for daemon in reversed(started):
                daemon.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    daemon.wait(10)
                daemon.kill()
                daemon.wait()


def _wait_for_node(variables: dict[str, str], folder: Path, patience_s: float = 30.0) -> None:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        answer = subprocess.run(
            ["sinfo", "--noheader", "--format=%T"],
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        if answer.stdout.strip() == "idle":
            return
        time.sleep(0.5)
    logs = "\n".join(path.read_text()[-2000:] for path in folder.glob("*.out"))
    raise RuntimeError(f"Slurm has no idle node after {patience_s} s:\n{logs}")


def _found(name: str) -> str | None:
    """Return where a daemon is: they lie where a user's shell does not look."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    with one_node() as found:
        sys.exit(subprocess.run(sys.argv[1:], env=os.environ | found, check=False).returncode)
