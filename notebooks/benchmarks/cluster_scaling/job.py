"""One run of the job, watched while it runs."""

import hashlib
import os
import re
import signal
import subprocess
import time

from standalone import CORES_PER_EXECUTOR

SECONDS_BETWEEN_LOOKS = 2


class Job:
    """
    :param prompts: pairs of prompt and seed
    :param kill_after: clips after which one executor is killed; 0 for none
    """

    def __init__(self, name, executors, prompts, options, kill_after=0):
        self.name = name
        self.executors = executors
        self.prompts = prompts
        self.options = options
        self.kill_after = kill_after
        self.out = options.out / "videos" / name
        self.log = options.out / "logs" / f"{name}.log"
        self.exit_code = None
        self.seconds = None
        self.killed = None
        self.gpus = {}  # By executor: UUIDs of the GPUs that the NVIDIA driver saw its process on.

    def submit(self, cluster, repository):
        file = self.options.out / f"{self.name}.csv"
        file.write_text("prompt,seed\n" + "".join(f"{text},{seed}\n" for text, seed in self.prompts))
        (plugin,) = repository.glob("spark-plugin/target/reelspark-spark_*-all.jar")
        (program,) = (jar for jar in repository.glob("jobs/target/reelspark-jobs-*.jar") if "-tests" not in jar.name)
        conf = [f"spark.cores.max={CORES_PER_EXECUTOR * self.executors}", *self.options.conf]
        command = [
            *(self.options.spark / "bin/spark-submit", "--master", cluster.url),
            *("--class", "org.reelspark.jobs.GenerateVideos"),
            *(word for setting in conf for word in ("--conf", setting)),
            *("--jars", plugin, program, "--prompts", file, "--model", self.options.model, "--out", self.out),
            *(word for option in self.options.set for word in ("--set", option)),
        ]
        print(f"{self.name}: {len(self.prompts)} clips", flush=True)
        start = time.monotonic()
        with open(self.log, "wb") as log:
            process = subprocess.Popen([str(word) for word in command], env=cluster.environment(), stdout=log, stderr=log)
            try:
                self.watch(process, cluster)
            finally:
                process.kill()
        self.exit_code = process.returncode
        self.seconds = time.monotonic() - start
        print(f"{self.name}: exit code {self.exit_code} after {self.seconds:.1f} s", flush=True)

    def watch(self, process, cluster):
        next_look = 0
        while process.poll() is None:
            if self.finished() and time.monotonic() > next_look:
                next_look = time.monotonic() + SECONDS_BETWEEN_LOOKS
                self.look_at_gpus(cluster)
            if self.kill_after and not self.killed:
                self.kill_when_due(cluster)
            time.sleep(0.01 if self.kill_after and not self.killed else 0.2)

    def look_at_gpus(self, cluster):
        if self.options.backend == "cpu":
            return
        query = ["nvidia-smi", "--query-compute-apps=pid,gpu_uuid", "--format=csv,noheader"]
        answer = subprocess.run(query, capture_output=True, text=True).stdout
        executors = {process: executor for executor, process in cluster.executor_processes().items()}
        for process, uuid in re.findall(r"^(\d+), (\S+)", answer, re.M):
            if int(process) in executors:
                self.gpus.setdefault(executors[int(process)], set()).add(uuid)

    def kill_when_due(self, cluster):
        """Kills once enough clips are done and as many others as there are executors have a checkpoint."""
        finished = self.finished()
        if len(finished) < self.kill_after or len(self.checkpoints() - finished) < self.executors:
            return
        running = cluster.executor_processes()
        executor = max(running, key=int)
        os.kill(running[executor], signal.SIGKILL)
        self.killed = f"executor {executor}, process {running[executor]}, with {len(finished)} clips done"
        print(f"{self.name}: killed {self.killed}", flush=True)

    def finished(self):
        """Keys of the clips that have their commit mark."""
        return {path.stem for path in self.out.glob("[0-9a-f][0-9a-f]/*.json") if not path.name.startswith(".")}

    def checkpoints(self):
        """Keys of the clips that have a checkpoint."""
        try:
            return {name.split(".")[0] for name in os.listdir(self.out / "_checkpoints") if not name.startswith(".")}
        except FileNotFoundError:
            return set()

    def objects(self):
        """SHA-256 of each video and preview, by path."""
        return {
            str(path.relative_to(self.out)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.out.glob("[0-9a-f][0-9a-f]/*")
            if path.suffix in (".mp4", ".png") and not path.name.startswith(".")
        }

    def devices(self):
        """What each executor said that it computes with."""
        return dict(re.findall(r"Executor (\d+) computes with (.+)", self.log.read_text(errors="replace")))
