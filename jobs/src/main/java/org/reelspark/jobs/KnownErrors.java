package org.reelspark.jobs;

import org.reelspark.error.ReelsparkException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** Ends a program with one line, and no stack trace, for an error that its user can mend. */
public final class KnownErrors implements IExecutionExceptionHandler {
  private static final int COULD_NOT_RUN = 2;

  @Override
  public int handleExecutionException(
      Exception exception, CommandLine commandLine, ParseResult parsed) throws Exception {
    if (exception instanceof ReelsparkException known) {
      commandLine.getErr().printf("error: %s: %s%n", known.code(), known.getMessage());
      return COULD_NOT_RUN;
    }
    throw exception;
  }
}
