package org.reelspark.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reelspark.error.ErrorCode;
import org.reelspark.error.ReelsparkException;

class DeviceNameTest {
  private static final List<DeviceName> DEVICES =
      List.of(
          new DeviceName(0, "GPU-00000000-0000-0000-0000-00000000000a", "0000:1B:00.0"),
          new DeviceName(1, "GPU-00000000-0000-0000-0000-00000000000b", "0000:1C:00.0"));

  @ParameterizedTest
  @ValueSource(strings = {"1", "GPU-00000000-0000-0000-0000-00000000000B", "0000:1c:00.0", " 1 "})
  void findsADeviceByAnyOfItsNames(String name) {
    assertThat(DeviceName.find(name, DEVICES)).isEqualTo(DEVICES.get(1));
  }

  @Test
  void namesTheDevicesThatThereAre() {
    ReelsparkException failure =
        catchThrowableOfType(ReelsparkException.class, () -> DeviceName.find("7", DEVICES));

    assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION);
    assertThat(failure)
        .hasMessageContaining("no GPU 7")
        .hasMessageContaining("1 (GPU-00000000-0000-0000-0000-00000000000b, 0000:1C:00.0)");
  }

  @Test
  void writesTheUuidAsTheDriversToolsDo() {
    byte[] bytes = new byte[16];
    for (int i = 0; i < 16; i++) {
      bytes[i] = (byte) (0xf0 + i);
    }

    assertThat(DeviceName.uuid(bytes)).isEqualTo("GPU-f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff");
  }
}
