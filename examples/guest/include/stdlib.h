/* The allocation functions that the generated bindings call; each component brings its own. No C library is linked. */
#pragma once
#include <stddef.h>

void *malloc(size_t size);
void *realloc(void *old, size_t size);
void free(void *old);
_Noreturn void abort(void);
