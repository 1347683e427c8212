package org.reelspark.spark;

import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** Local files behind a scheme of their own, not renamed onto existing ones, as by HDFS. */
class StrictFileSystem extends RawLocalFileSystem {
  private final String scheme;
  private URI uri;

  StrictFileSystem(String scheme) {
    this.scheme = scheme;
  }

  @Override
  public void initialize(URI name, Configuration configuration) throws IOException {
    super.initialize(name, configuration);
    uri = URI.create(scheme + ":///");
    setWorkingDirectory(new Path(uri));
  }

  @Override
  public URI getUri() {
    return uri == null ? super.getUri() : uri;
  }

  @Override
  public String getScheme() {
    return scheme;
  }

  @Override
  public boolean rename(Path source, Path target) throws IOException {
    return !exists(target) && super.rename(source, target);
  }
}
