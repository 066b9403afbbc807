// The C library's allocator, as the guest uses it and as the canonical ABI asks for it.
#pragma once

#include "guest.h"

#include <stdlib.h>

static inline void *allocate(size_t size) {
  void *memory = malloc(size);
  if (memory == NULL) abort();
  return memory;
}

// Blocks of malloc have any alignment that the canonical ABI asks for.
EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  (void)old_size;
  if (size == 0) return (void *)align;
  void *memory = realloc(old, size);
  if (memory == NULL) abort();
  return memory;
}
