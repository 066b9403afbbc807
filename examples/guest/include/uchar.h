/* What the generated bindings use of <uchar.h>. */
#pragma once

typedef __CHAR16_TYPE__ char16_t;
