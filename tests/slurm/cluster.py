"""A cluster of Slurm on this machine, as this user: a controller and two workers, with a munge key, ports and a folder of
their own. Nothing of it outlives the `with`, nor the test's process, however that ends."""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
os.environ["PATH"] += ":/usr/sbin:/sbin"

# Ends the cluster and its jobs and removes its folder once its input ends: when the test says so, or is no more.
GUARD = """
import shutil, signal, sys, time
sys.path.insert(0, sys.argv[1])
from cluster import processes_of, send
sys.stdin.read()
for _ in range(50):
    found = processes_of(sys.argv[2])
    if not found:
        break
    send(found, signal.SIGKILL)
    time.sleep(0.1)
shutil.rmtree(sys.argv[2], ignore_errors=True)
"""

CONFIG = """
ClusterName=tactus
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
# A job of a worker that is lost is not started elsewhere before its credential has run out.
AuthInfo=socket={folder}/munge/socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld
SlurmdLogFile={folder}/log/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
MpiDefault=none
SwitchType=switch/none
MailProg=/bin/true
SlurmdTimeout=3
KillWait=1
MessageTimeout=2
TCPTimeout=1
NodeName=w1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1
NodeName=w2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1
PartitionName=all Nodes=ALL Default=YES State=UP
"""


def missing_programs():
    return [p for p in PROGRAMS if not shutil.which(p)]


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def processes_of(folder, node=None):
    """Of the cluster in that folder, or of one worker and the jobs on it. Jobs have Slurm's variables; the steps' daemons
    write over theirs, and are known by where they were started. Daemons first: none is left to tell how its job ended."""
    mark = {f"TACTUS_CLUSTER={folder}".encode()}
    marks = {f"TACTUS_NODE={node}".encode(), f"SLURMD_NODENAME={node}".encode()}
    below = f"{folder}/{node}" if node else folder
    daemons, jobs = [], []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                variables = set(f.read().split(b"\0"))
            if f"{os.readlink(f'/proc/{pid}/cwd')}/".startswith(f"{below}/"):
                daemons.append(int(pid))
            elif mark <= variables and (not node or marks & variables):
                jobs.append(int(pid))
        except OSError:
            pass  # it has ended, or is somebody else's
    return daemons + jobs


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        self.env = {**os.environ, "TACTUS_CLUSTER": folder, "SLURM_CONF": f"{folder}/slurm.conf"}
        self.started = []

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        self.guard = subprocess.Popen([sys.executable, "-c", GUARD, os.path.dirname(__file__), self.folder],
                                      stdin=subprocess.PIPE, start_new_session=True)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.guard.stdin.close()
        self.guard.wait()
        for p in self.started:
            p.wait()

    def start(self):
        for name in ("munge", "state", "log", "w1", "w2"):
            os.mkdir(f"{self.folder}/{name}", 0o700)
        with open(f"{self.folder}/munge/key", "wb", opener=lambda path, flags: os.open(path, flags, 0o400)) as f:
            f.write(os.urandom(128))
        with open(f"{self.folder}/slurm.conf", "w") as f:
            f.write(CONFIG.format(folder=self.folder, user=pwd.getpwuid(os.getuid()).pw_name, ports=free_ports(3),
                                  host=socket.gethostname().split(".")[0]))
        munge = f"{self.folder}/munge"
        self.daemon("munged", "--foreground", "--force", f"--key-file={munge}/key", f"--socket={munge}/socket",
                    f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed")
        self.until(lambda: os.path.exists(f"{munge}/socket"), "munged listens", 10)
        self.daemon("slurmctld", "-D")
        for node in ("w1", "w2"):
            self.daemon("slurmd", "-D", "-N", node, folder=f"{self.folder}/{node}", TACTUS_NODE=node)
        self.until(lambda: self.ask("sinfo", "--noheader", "--states=idle", "--format=%D").strip() == "2", "two workers", 20)

    def daemon(self, *words, folder=None, **env):
        log = open(f"{self.folder}/log/out", "a")
        self.started.append(subprocess.Popen(words, env={**self.env, **env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             cwd=folder or self.folder, start_new_session=True))
        log.close()

    def ask(self, *words):
        return subprocess.run(words, env=self.env, capture_output=True, text=True).stdout

    def until(self, done, what, seconds):
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what}\n{self.logs()}")
            time.sleep(0.05)

    def logs(self):
        out = ""
        for name in sorted(os.listdir(f"{self.folder}/log")):
            with open(f"{self.folder}/log/{name}", errors="replace") as f:
                out += f"-- {name}\n" + "".join(f.readlines()[-15:])
        return out

    def processes_of(self, node):
        return processes_of(self.folder, node)

    def lose(self, node):
        """As if its power went: everything on it is killed at once."""
        while pids := self.processes_of(node):
            send(pids, signal.SIGKILL)
            for p in self.started:
                p.poll()
