// Preparation for heads of up to 128 dimensions, see preparation/prepare.h.
#include "preparation/prepare.h"

PREPARE_EACH_TYPE(128)
