"""How a standalone cluster scales with its executors, and what it loses when one is killed.

    mvn -DskipTests package
    python notebooks/benchmarks/cluster_scaling --spark SPARK_HOME --executors 1,2,1 --clips 100 --kill --out DIR

Starts a master and one worker on this machine, which gives each executor one of the GPUs that jobs/discover-gpus finds (with
--backend cpu: one core). Runs the job once for each number of executors, with as many clips for each of them, and with --kill
once more with the most of them, ending one by kill -9 in the middle of a clip. A machine changes its speed while it runs: name
the first number again at the end (1,2,1), and ratios are to the mean of its runs. Prints what Spark's event logs, the outputs and the NVIDIA
driver tell, as Markdown. Needs a Spark of the line that the jars were built for, and Python 3.10 or newer.
"""

import argparse
import pathlib

from event_log import EventLog
from job import Job
from standalone import Standalone
from tables import loss_table, placement_table, throughput_table

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]


def arguments():
    parser = argparse.ArgumentParser(
        prog="cluster_scaling", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--spark", type=pathlib.Path, required=True, metavar="SPARK_HOME")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR", help="must not exist")
    parser.add_argument("--model", type=pathlib.Path, default=REPOSITORY / "jobs/sample-model", metavar="DIR")
    parser.add_argument("--backend", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--executors", default="1,2", metavar="N,N,...", help="one run for each, in this order; default: %(default)s")
    parser.add_argument("--clips", type=int, default=100, metavar="N", help="of each executor; default: %(default)s")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="of all clips, as in GenerateVideos")
    parser.add_argument("--conf", action="append", default=[], metavar="KEY=VALUE", help="of all runs, as in spark-submit")
    parser.add_argument("--kill", action="store_true", help="run the greatest number again and kill an executor at half")
    parser.add_argument("--port", type=int, default=17077, help="of the master; the next two are taken too")
    parsed = parser.parse_args()
    parsed.executors = [int(number) for number in parsed.executors.split(",")]
    if parsed.out.exists():
        parser.error(f"{parsed.out} exists; name a directory that does not")
    if not (parsed.spark / "bin/spark-submit").exists():
        parser.error(f"{parsed.spark} has no bin/spark-submit; name the directory of a Spark")
    return parsed


def prompts(count):
    """Pairs of prompt and seed, all different."""
    lines = (REPOSITORY / "jobs/sample-prompts.csv").read_text().splitlines()[1:]
    texts = [line.rsplit(",", 1)[0] for line in lines if line.strip()]
    return [(texts[index % len(texts)], 1000 + index) for index in range(count)]


def jobs(options):
    runs = []
    for index, executors in enumerate(options.executors):
        again = "-again" * options.executors[:index].count(executors)
        runs.append(Job(f"{executors}-executors{again}", executors, prompts(executors * options.clips), options))
    if options.kill:
        most = greatest(runs)
        runs.append(Job(most.name + "-one-killed", most.executors, most.prompts, options, kill_after=len(most.prompts) // 2))
    return runs


def greatest(runs):
    return max(runs, key=lambda run: run.executors)


def main():
    options = arguments()
    options.out = options.out.resolve()
    options.model = options.model.resolve()
    options.out.mkdir(parents=True)
    runs = jobs(options)
    with Standalone(options, max(options.executors), REPOSITORY / "jobs/discover-gpus") as cluster:
        for run in runs:
            run.submit(cluster, REPOSITORY)
    logs = {run.name: EventLog.of(run, options.out / "events") for run in runs}
    unbroken = [run for run in runs if not run.kill_after]
    report = throughput_table(unbroken, logs) + placement_table(runs, logs)
    for run in runs:
        if run.kill_after:
            report += loss_table(run, greatest(unbroken), logs[run.name])
    (options.out / "results.md").write_text(report)
    print(report)
    failed = [run.name for run in runs if run.exit_code != 0]
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}; see {options.out / 'logs'}")


if __name__ == "__main__":
    main()
