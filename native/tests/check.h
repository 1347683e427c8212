// The little that the tests need to check and to report.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>

// Ends the test program when the condition does not hold.
#define CHECK(condition)                                                               \
  do {                                                                                 \
    if (!(condition)) {                                                                \
      std::fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);     \
      std::exit(1);                                                                    \
    }                                                                                  \
  } while (false)

// Ends the test program unless |actual - expected| <= tolerance; NaN never passes.
#define CHECK_NEAR(actual, expected, tolerance)                                                                      \
  do {                                                                                                               \
    const double actual_value = (actual);                                                                            \
    const double expected_value = (expected);                                                                        \
    if (!(std::fabs(actual_value - expected_value) <= (tolerance))) {                                                \
      std::fprintf(stderr, "%s:%d: failed: %s is %.9g, expected %.9g\n", __FILE__, __LINE__, #actual, actual_value,  \
                   expected_value);                                                                                  \
      std::exit(1);                                                                                                  \
    }                                                                                                                \
  } while (false)
