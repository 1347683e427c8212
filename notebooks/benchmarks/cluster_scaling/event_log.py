"""What Spark's event log says of the stage that generates."""

import json
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    executor: str
    start: int  # Milliseconds since 1970, like end.
    end: int
    counts: dict  # Reelspark's accumulators without their prefix.


def counts(event):
    """Reelspark's accumulators at the end of a task."""
    found = {}
    for figure in event["Task Info"]["Accumulables"]:
        name, update = figure.get("Name", ""), str(figure.get("Update", ""))
        if name.startswith("reelspark.") and update.isdigit():
            found[name.removeprefix("reelspark.")] = int(update)
    return found


class EventLog:
    def __init__(self):
        self.tasks = []
        self.lost = 0
        self.gpus = {}  # By executor: addresses that Spark assigned.
        self.removed = {}  # By executor: why it left.

    @staticmethod
    def of(run, directory):
        """The log of a run's application."""
        log = EventLog()
        application = re.search(r"app-\d+-\d+", run.log.read_text(errors="replace"))
        files = sorted(directory.glob(application.group(0) + "*")) if application else []
        if files:
            log.read(files[-1])
        return log

    def read(self, file):
        ended = {}  # By stage: the end of each task, by task.
        for line in file.read_text(errors="replace").splitlines():
            event = json.loads(line)
            match event["Event"]:
                case "SparkListenerTaskEnd":
                    # Spark ends the tasks of a lost executor a second time.
                    ended.setdefault(event["Stage ID"], {}).setdefault(event["Task Info"]["Task ID"], event)
                case "SparkListenerExecutorAdded":
                    resources = event["Executor Info"].get("Resources", {})
                    self.gpus[event["Executor ID"]] = ", ".join(resources.get("gpu", {}).get("addresses", []))
                case "SparkListenerExecutorRemoved":
                    self.removed[event["Executor ID"]] = event["Removed Reason"].splitlines()[0]
        for tasks in ended.values():
            if any(counts(event) for event in tasks.values()):
                self.add(tasks.values())

    def add(self, ends):
        """Takes the tasks of a stage that generates."""
        for event in ends:
            info = event["Task Info"]
            if event["Task End Reason"]["Reason"] != "Success" or info["Failed"]:
                self.lost += 1
            else:
                self.tasks.append(Task(info["Executor ID"], info["Launch Time"], info["Finish Time"], counts(event)))

    def total(self, name):
        return sum(task.counts.get(name, 0) for task in self.tasks)

    def made(self, executor=None):
        """Tasks that made a video."""
        return [t for t in self.tasks if t.counts.get("videos", 0) > 0 and executor in (None, t.executor)]

    def rate(self, executor=None):
        """Clips a second from the end of the first to the end of the last, or None for fewer than two."""
        ends = sorted(task.end for task in self.made(executor))
        return (len(ends) - 1) * 1000 / (ends[-1] - ends[0]) if len(ends) > 1 and ends[-1] > ends[0] else None

    def rate_from_launch(self):
        """Clips a second from the launch of the first task to the end of the last."""
        made = self.made()
        return len(made) * 1000 / (max(t.end for t in made) - min(t.start for t in self.tasks)) if made else None

    def summed_rate(self):
        """Sum over executors of their own rates."""
        rates = [self.rate(executor) for executor in {task.executor for task in self.made()}]
        return sum(rates) if rates and None not in rates else None
