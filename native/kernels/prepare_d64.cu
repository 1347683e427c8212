// Preparation for heads of up to 64 dimensions, see preparation/prepare.h.
#include "preparation/prepare.h"

PREPARE_EACH_TYPE(64)
