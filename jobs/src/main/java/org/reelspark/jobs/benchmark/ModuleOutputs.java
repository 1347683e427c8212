package org.reelspark.jobs.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.reelspark.backend.Backend;
import org.reelspark.jobs.ChosenDevice;
import org.reelspark.jobs.ChosenSize;
import org.reelspark.jobs.ProjectVersion;
import org.reelspark.model.VideoModel;
import org.reelspark.model.checkpoint.Checkpoint;
import org.reelspark.model.registry.VideoModels;
import org.reelspark.model.schedule.SchedulerConfig;
import org.reelspark.model.schedule.SigmaSchedule;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What each module of a model gives for one input, for comparison with other implementations. */
@Command(
    name = "modules",
    mixinStandardHelpOptions = true,
    versionProvider = ProjectVersion.class,
    description = {
      "Runs the text encoder, the transformer and the video decoder once each and writes their"
          + " inputs and outputs to a safetensors file.",
      "notebooks/benchmarks/module_parity.py compares such files with diffusers and transformers."
    })
final class ModuleOutputs implements Callable<Integer> {
  @Option(names = "--model", paramLabel = "DIR", required = true, description = "The model.")
  private Path model;

  @Mixin private final ChosenDevice chosen = new ChosenDevice();

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      defaultValue = "a large blue circle moves down on a gray background",
      description = "Of words that the model's tokenizer knows; default: ${DEFAULT-VALUE}.")
  private String prompt;

  @Mixin private final ChosenSize size = new ChosenSize();

  @Option(
      names = "--decoded-frames",
      paramLabel = "N",
      defaultValue = "17",
      description = "Frames that the decoder makes; default: 17.")
  private int decodedFrames;

  @Option(names = "--out", paramLabel = "FILE", required = true, description = "The file.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    try (ChosenDevice.Opened opened = chosen.open()) {
      run(opened.backend());
    }
    return 0;
  }

  private void run(Backend device) throws IOException {
    SigmaSchedule onlyStep =
        SchedulerConfig.read(Checkpoint.open(model).json("scheduler", "scheduler_config.json"))
            .schedule(1);
    try (VideoModel videoModel = VideoModels.loadWithoutProfile(model, device);
        ModuleRun run = new ModuleRun(videoModel, onlyStep, device)) {
      run.predict(prompt, size.geometry(videoModel));
      run.decode(size.geometry(videoModel, decodedFrames));
      run.write(out);
    }
  }
}
