/* The allocator of the C components: blocks of powers of two, each size with a list of free ones, in memory that only grows.
 * It never merges blocks and gives nothing back: these guests need a few sizes, again and again. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAGE ((size_t)65536)
#define SMALLEST 4 /* 16 bytes, the header among them */
#define CLASSES 32

/* Stands before each allocation; its own size keeps what follows aligned to 8. */
typedef struct block {
  uint32_t class;
  struct block *next;
} block;

_Static_assert(sizeof(block) == 8, "the header keeps allocations aligned");

extern uint8_t __heap_base;

static block *available[CLASSES];
static uintptr_t top;
static uintptr_t end;

static block *carve(uint32_t class) {
  if (top == 0) {
    top = ((uintptr_t)&__heap_base + 7) & ~(uintptr_t)7;
    end = __builtin_wasm_memory_size(0) * PAGE;
  }
  size_t size = (size_t)1 << class;
  if (end - top < size) {
    size_t pages = (size - (end - top) + PAGE - 1) / PAGE;
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) return NULL;
    end += pages * PAGE;
  }
  block *fresh = (block *)top;
  top += size;
  fresh->class = class;
  return fresh;
}

void *malloc(size_t size) {
  if (size > ((size_t)1 << (CLASSES - 2))) return NULL;
  size_t whole = size + sizeof(block);
  uint32_t class = SMALLEST;
  while (((size_t)1 << class) < whole) class += 1;
  block *found = available[class];
  if (found) {
    available[class] = found->next;
  } else {
    found = carve(class);
  }
  return found ? found + 1 : NULL;
}

void free(void *old) {
  if (!old) return;
  block *freed = (block *)old - 1;
  freed->next = available[freed->class];
  available[freed->class] = freed;
}

void *realloc(void *old, size_t size) {
  if (!old) return malloc(size);
  size_t room = ((size_t)1 << ((block *)old - 1)->class) - sizeof(block);
  if (size <= room) return old;
  void *fresh = malloc(size);
  if (!fresh) return NULL;
  memcpy(fresh, old, room);
  free(old);
  return fresh;
}

_Noreturn void abort(void) { __builtin_trap(); }

__attribute__((no_builtin("memcpy"))) void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  uint8_t *target = to;
  const uint8_t *source = from;
  for (size_t i = 0; i < size; i++) target[i] = source[i];
  return to;
}

__attribute__((no_builtin("memset"))) void *memset(void *to, int byte, size_t size) {
  uint8_t *target = to;
  for (size_t i = 0; i < size; i++) target[i] = (uint8_t)byte;
  return to;
}

__attribute__((no_builtin("strlen"))) size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != 0) length += 1;
  return length;
}
