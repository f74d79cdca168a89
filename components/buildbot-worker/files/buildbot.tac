# The settings of the worker, which are a program in Python. buildbot-worker-start gives it
# the password, and has taken away all access to /run before.
import ctypes
import json
import os
import shutil
import signal
import sys

from buildbot_worker import pb
from twisted.application import service
from twisted.python import log

settings = json.load(sys.stdin)
status = os.fdopen(settings["status"], "w")
basedir = os.getcwd()

# Jobs must not get the password: they find an empty input, and the kernel does not show
# them the memory of this process.
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_DUMPABLE = 4
if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
    raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE)")


def say(text):
    """Writes the status, which the health check reads."""
    status.seek(0)
    status.truncate()
    status.write(text + "\n")
    status.flush()


def empty(folder):
    """Removes all files in a folder."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def empty_ipc():
    """Removes the shared memory, the queues and the semaphores of System V."""
    for kind, control in (("shm", libc.shmctl), ("msg", libc.msgctl), ("sem", libc.semctl)):
        with open("/proc/sysvipc/" + kind) as f:
            for line in list(f)[1:]:
                control(int(line.split()[1]), 0, 0)  # 0 is IPC_RMID


def clean():
    """Removes what former jobs have left. This is process 1 of its container, so it
    can end all others."""
    try:
        os.kill(-1, signal.SIGKILL)
        while True:
            os.waitpid(-1, 0)
    except (ProcessLookupError, ChildProcessError):
        pass  # there is none (any more)
    for folder in (basedir, "/tmp", "/dev/shm", "/dev/mqueue"):
        if os.path.isdir(folder):
            empty(folder)
    empty_ipc()


class Builder(pb.WorkerForBuilderPb):
    """What this worker does for one builder of the server."""

    def remote_startBuild(self):
        builders = list(self.bot.builders.values())
        if any(b.protocol_command for b in builders):
            raise RuntimeError("this worker runs another job: set max_builds=1 for it on the server")
        try:
            clean()
            for b in builders:
                os.makedirs(b.basedir)
        except Exception as e:
            # init starts the container again, without any files, and the server the job.
            print("cannot remove what former jobs have left:", e, flush=True)
            os._exit(1)

    def lostRemote(self, remote):
        say("not connected")
        super().lostRemote(remote)


class Bot(pb.BotPb):
    WorkerForBuilder = Builder

    def remote_setBuilderList(self, wanted):
        log.msg("ready for jobs of", ", ".join(sorted(name for name, _ in pb.decode(wanted))))
        say("ready")
        return super().remote_setBuilderList(wanted)


pb.BotPb = Bot  # Worker makes its bot from this name
application = service.Application("buildbot-worker")
pb.Worker(None, None, settings["name"], settings["password"], basedir, 600, umask=0o077,
          connection_string=settings["connection"]).setServiceParent(application)
