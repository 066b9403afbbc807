// Elements and contents of the interface `lists`, as the canonical ABI lays them out.
#pragma once

#include "allocator.h"

typedef struct {
  u32 a;
  u32 b;
} two_numbers;

typedef struct {
  u8 a;
  u64 b;
} pair;

// A string, or a list of bytes.
typedef struct {
  u8 *at;
  u32 count;
} byte_list;

// A list of lists has so many, of so many bytes each.
#define INNER 512
#define INNER_BYTES 16

static inline u8 letter(u32 x) { return 'a' + (x & 15); }

// Letters that no call changes.
static inline u8 *make_letters(u32 count) {
  u8 *letters = allocate(count);
  for (u32 j = 0; j < count; j++) letters[j] = 'a' + original(j) % 26;
  return letters;
}
