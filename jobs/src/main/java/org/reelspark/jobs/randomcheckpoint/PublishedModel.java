package org.reelspark.jobs.randomcheckpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import org.reelspark.tensor.DType;

/** The checkpoints that can be imitated, with the configuration that each was published with. */
public enum PublishedModel {
  WAN_2_1_1_3B("wan2.1-1.3b", new Types(DType.F32, DType.F32, DType.F32)) {
    @Override
    Map<String, String> resources() {
      return wan21("transformer-1.3b.json");
    }
  },
  WAN_2_1_14B("wan2.1-14b", new Types(DType.F32, DType.F32, DType.F32)) {
    @Override
    Map<String, String> resources() {
      return wan21("transformer-14b.json");
    }
  },
  WAN_2_2_A14B("wan2.2-a14b", new Types(DType.F32, DType.BF16, DType.F32)) {
    @Override
    Map<String, String> resources() {
      Map<String, String> resources = wan21("transformer-14b.json");
      resources.put("model_index.json", "model-index-a14b.json");
      resources.put("transformer_2/config.json", "transformer-14b.json");
      return resources;
    }
  },
  WAN_2_2_5B("wan2.2-5b", new Types(DType.F32, DType.BF16, DType.F32)) {
    @Override
    Map<String, String> resources() {
      Map<String, String> resources = wan21("transformer-5b.json");
      resources.put("model_index.json", "model-index-5b.json");
      resources.put("scheduler/scheduler_config.json", "scheduler-shift-5.json");
      resources.put("vae/config.json", "vae-wan2.2-5b.json");
      return resources;
    }
  },
  SAMPLE("sample", new Types(DType.F16, DType.F16, DType.F16)) {
    @Override
    Map<String, String> resources() {
      Map<String, String> resources = new LinkedHashMap<>();
      for (String file : SAMPLE_FILES) {
        resources.put(file, "sample/" + file);
      }
      return resources;
    }

    @Override
    long shardBytes() {
      return 14 << 20;
    }
  };

  /** All but the weights and what belongs to trained ones. */
  private static final String[] SAMPLE_FILES = {
    "model_index.json",
    "generation_defaults.json",
    "scheduler/scheduler_config.json",
    "tokenizer/tokenizer.json",
    "tokenizer/tokenizer_config.json",
    "text_encoder/config.json",
    "transformer/config.json",
    "vae/config.json"
  };

  private static final long SHARD_BYTES = 5_000_000_000L;

  /** Stored types of the components. */
  record Types(DType transformer, DType textEncoder, DType vae) {
    DType of(String component) {
      return switch (component) {
        case "text_encoder" -> textEncoder;
        case "vae" -> vae;
        default -> transformer;
      };
    }
  }

  private final String label;
  private final Types types;

  PublishedModel(String label, Types types) {
    this.label = label;
    this.types = types;
  }

  /** The name on the command line. */
  @Override
  public String toString() {
    return label;
  }

  Types types() {
    return types;
  }

  /** The most bytes of tensors that a file of weights holds. */
  long shardBytes() {
    return SHARD_BYTES;
  }

  /**
   * The JSON files by their path in the checkpoint. The tokenizer is the sample model's, whose ids
   * are rows of every text encoder's embedding.
   */
  Map<String, ObjectNode> files() {
    Map<String, ObjectNode> files = new LinkedHashMap<>();
    resources().forEach((path, resource) -> files.put(path, JsonFiles.resource(resource)));
    return files;
  }

  /** Where this package keeps each file. */
  abstract Map<String, String> resources();

  private static Map<String, String> wan21(String transformer) {
    Map<String, String> resources = new LinkedHashMap<>();
    resources.put("model_index.json", "model-index-wan2.1.json");
    resources.put("scheduler/scheduler_config.json", "scheduler-shift-3.json");
    resources.put("tokenizer/tokenizer.json", "sample/tokenizer/tokenizer.json");
    resources.put("tokenizer/tokenizer_config.json", "tokenizer-config.json");
    resources.put("text_encoder/config.json", "text-encoder.json");
    resources.put("transformer/config.json", transformer);
    resources.put("vae/config.json", "vae-wan2.1.json");
    return resources;
  }
}
