"""A master and one worker on this machine."""

import os
import pathlib
import subprocess
import time

HOST = "127.0.0.1"
CORES_PER_EXECUTOR = 4
SECONDS_TO_START = 60


class Standalone:
    def __init__(self, options, executors, discovery_script):
        self.options = options
        self.executors = executors
        self.discovery_script = discovery_script
        self.url = f"spark://{HOST}:{options.port}"
        self.worker_port = options.port + 2
        self.processes = []

    def __enter__(self):
        for name in ("conf", "events", "logs", "local", "work", "videos"):
            (self.options.out / name).mkdir()
        self.write_settings()
        try:
            self.start("master", "deploy.master.Master", "--port", self.options.port, "--webui-port", self.options.port + 1)
            self.start(
                "worker",
                "deploy.worker.Worker",
                *("--port", self.worker_port, "--webui-port", self.worker_port + 1),
                *("--cores", CORES_PER_EXECUTOR * self.executors, "--memory", f"{10 * self.executors}g"),
                *("--work-dir", self.options.out / "work", self.url),
            )
            self.await_worker()
        except BaseException:
            self.__exit__()
            raise
        return self

    def write_settings(self):
        settings = {
            "spark.plugins": "org.reelspark.spark.ReelsparkPlugin",
            "spark.reelspark.backend": self.options.backend,
            "spark.executor.cores": CORES_PER_EXECUTOR,
            "spark.executor.memory": "8g",
            "spark.ui.enabled": "false",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": (self.options.out / "events").as_uri(),
            "spark.eventLog.compress": "false",
            "spark.eventLog.rolling.enabled": "false",
        }
        if self.options.backend == "cuda":
            settings |= {
                "spark.executor.resource.gpu.amount": 1,
                "spark.task.resource.gpu.amount": 1 / CORES_PER_EXECUTOR,
                "spark.worker.resource.gpu.amount": self.executors,
                "spark.worker.resource.gpu.discoveryScript": self.discovery_script,
            }
            libraries = os.environ.get("LD_LIBRARY_PATH")
            if libraries:
                settings["spark.executorEnv.LD_LIBRARY_PATH"] = libraries
        else:
            settings["spark.reelspark.cpu.threads"] = 1
        lines = [f"{key} {value}\n" for key, value in settings.items()]
        (self.options.out / "conf/spark-defaults.conf").write_text("".join(lines))

    def environment(self):
        return os.environ | {
            "SPARK_HOME": str(self.options.spark),
            "SPARK_CONF_DIR": str(self.options.out / "conf"),
            "SPARK_LOCAL_DIRS": str(self.options.out / "local"),
            "SPARK_LOCAL_IP": HOST,
        }

    def start(self, name, main, *arguments):
        command = [self.options.spark / "bin/spark-class", "org.apache.spark." + main, "--host", HOST, *arguments]
        with open(self.log(name), "wb") as log:
            process = subprocess.Popen(
                [str(word) for word in command], env=self.environment(), stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(process)

    def log(self, name):
        return self.options.out / "logs" / f"{name}.log"

    def await_worker(self):
        end = time.monotonic() + SECONDS_TO_START
        while "Successfully registered with master" not in self.log("worker").read_text(errors="replace"):
            if time.monotonic() > end or any(process.poll() is not None for process in self.processes):
                raise SystemExit(f"the cluster did not start; see {self.log('master')} and {self.log('worker')}")
            time.sleep(0.1)

    def executor_processes(self):
        """Process ids of this cluster's executors, by executor."""
        found = {}
        worker = f"spark://Worker@{HOST}:{self.worker_port}"
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue  # It has ended meanwhile.
            if "org.apache.spark.executor.CoarseGrainedExecutorBackend" in words and worker in words:
                found[words[words.index("--executor-id") + 1]] = int(entry.name)
        return found

    def __exit__(self, *error):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
