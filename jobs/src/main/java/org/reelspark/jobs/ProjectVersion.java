package org.reelspark.jobs;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints: the version that this build was made as. */
public final class ProjectVersion implements IVersionProvider {
  @Override
  public String[] getVersion() throws IOException {
    Properties properties = new Properties();
    try (InputStream stream = ProjectVersion.class.getResourceAsStream("version.properties")) {
      properties.load(stream);
    }
    return new String[] {"Reelspark " + properties.getProperty("version")};
  }
}
