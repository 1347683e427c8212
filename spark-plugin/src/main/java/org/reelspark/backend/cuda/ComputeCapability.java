package org.reelspark.backend.cuda;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The instruction set of a GPU, such as 9.0. */
record ComputeCapability(int major, int minor) {
  private static final Pattern CUBIN = Pattern.compile("sm_(\\d+)(\\d)(a?)");
  private static final Pattern PTX = Pattern.compile("compute_(\\d+)(\\d)");

  /**
   * Whether this GPU runs machine code for an architecture: {@code sm_80} runs on every 8.x from
   * 8.0, {@code sm_90a} uses instructions of 9.0 alone.
   */
  boolean runsCubin(String architecture) {
    Matcher matcher = CUBIN.matcher(architecture);
    if (!matcher.matches() || Integer.parseInt(matcher.group(1)) != major) {
      return false;
    }
    int oldest = Integer.parseInt(matcher.group(2));
    return matcher.group(3).isEmpty() ? minor >= oldest : minor == oldest;
  }

  /** Whether the driver can compile PTX for a virtual architecture such as {@code compute_80}. */
  boolean runsPtx(String architecture) {
    Matcher matcher = PTX.matcher(architecture);
    if (!matcher.matches()) {
      return false;
    }
    int oldestMajor = Integer.parseInt(matcher.group(1));
    int oldestMinor = Integer.parseInt(matcher.group(2));
    return major > oldestMajor || major == oldestMajor && minor >= oldestMinor;
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
