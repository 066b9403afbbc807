// Strings in memory: their code units are bytes, or with UTF16 defined those of UTF-16.
#pragma once

#include "allocator.h"

#ifdef UTF16
typedef u16 unit;
#else
typedef u8 unit;
#endif
