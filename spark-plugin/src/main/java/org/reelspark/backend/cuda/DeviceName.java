package org.reelspark.backend.cuda;

import java.util.List;
import java.util.Locale;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

/**
 * How a GPU of a machine can be called: by its place among those that the process sees, by its UUID
 * ({@code GPU-...}), or by its PCI address ({@code 0000:1b:00.0}).
 */
record DeviceName(int index, String uuid, String pciAddress) {
  /**
   * The one device that a user means.
   *
   * @throws ReelsparkException INVALID_CONFIGURATION when there is none
   */
  static DeviceName find(String wanted, List<DeviceName> devices) {
    String name = wanted.strip().toLowerCase(Locale.ROOT);
    return devices.stream()
        .filter(
            device ->
                name.equals(Integer.toString(device.index))
                    || name.equals(device.uuid.toLowerCase(Locale.ROOT))
                    || name.equals(device.pciAddress.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new ReelsparkException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "no GPU %s on this machine; choose one of %s (an index, UUID or PCI address)"
                        .formatted(wanted, devices)));
  }

  /** The driver's 16 bytes as nvidia-smi prints them. */
  static String uuid(byte[] bytes) {
    StringBuilder text = new StringBuilder("GPU-");
    for (int i = 0; i < bytes.length; i++) {
      if (i == 4 || i == 6 || i == 8 || i == 10) {
        text.append('-');
      }
      text.append(String.format("%02x", bytes[i]));
    }
    return text.toString();
  }

  @Override
  public String toString() {
    return "%d (%s, %s)".formatted(index, uuid, pciAddress);
  }
}
