"""Markdown of what was found."""

STAGES = ("text", "denoise", "decode", "encode", "write")


def number(value, digits=3):
    return "-" if value is None else f"{value:.{digits}f}"


def table(title, header, rows):
    lines = ["", f"### {title}", "", "| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def throughput_table(runs, logs):
    """Ratios are to the mean rate, for each executor, of the runs with as many executors as the first."""
    first = [run for run in runs if run.executors == runs[0].executors]
    rates = {
        "from first launch to last end": lambda log: log.rate_from_launch(),
        "from first end to last end": lambda log: log.rate(),
        "sum of executors' own": lambda log: log.summed_rate(),
    }
    rows = []
    for run in runs:
        cells = []
        for rate in rates.values():
            mine, base = rate(logs[run.name]), [rate(logs[one.name]) for one in first]
            ratio = mine / run.executors * sum(one.executors for one in first) / sum(base) if mine and all(base) else None
            cells.append(f"{number(mine)} ({number(ratio)})")
        rows.append([run.name, len(logs[run.name].made()), number(run.seconds, 1), *cells])
    header = ["run", "clips", "s, whole job", *(f"clips/s, {name} (for each executor, to the mean with {runs[0].executors})" for name in rates)]
    return table("Throughput", header, rows)


def placement_table(runs, logs):
    rows = []
    for run in runs:
        log, devices = logs[run.name], run.devices()
        for executor in sorted(log.gpus, key=int):
            made = log.made(executor)
            later = made[1:] or made  # The first clip also loads the model.
            millis = [sum(t.counts.get(stage + "Millis", 0) for t in later) / max(1, len(later)) for stage in STAGES]
            rows.append(
                [run.name, executor, log.gpus[executor] or "-", devices.get(executor, "-").strip()]
                + [", ".join(sorted(run.gpus.get(executor, []))) or "-", len(made), number(log.rate(executor))]
                + [", ".join(f"{value:.0f}" for value in millis)]
            )
    header = ["run", "executor", "GPU that Spark assigned", "opened by the plugin", "seen there by the NVIDIA driver"]
    return table("Executors", header + ["clips", "clips/s", f"ms of a clip: {', '.join(STAGES)}"], rows)


def loss_table(run, unbroken, log):
    wanted, found = unbroken.objects(), run.objects()
    equal = sum(wanted.get(name) == digest for name, digest in found.items())
    videos = [digest for name, digest in found.items() if name.endswith(".mp4")]
    left = [f"executor {executor}: {reason}" for executor, reason in log.removed.items() if "killed by driver" not in reason]
    rows = [
        ["killed", run.killed or "NOTHING: the run ended before as many clips as executors had a checkpoint"],
        ["executors that left", "; ".join(left) or "-"],
        ["exit code of the job", run.exit_code],
        ["clips asked for; videos; different ones", f"{len(run.prompts)}; {len(videos)}; {len(set(videos))}"],
        [f"videos and previews equal to those of {unbroken.name}", f"{equal} of {len(wanted)}"],
        ["generating tasks lost", log.lost],
        ["sampler steps taken by tasks that ended; spared by checkpoints", f"{log.total('steps')}; {log.total('stepsResumed')}"],
        ["clips whose checkpoints are left", len(run.checkpoints())],
    ]
    return table("kill -9 of an executor", ["", run.name], rows)
