// What all guests have: what they export and import by, and the numbers that both sides of a call make alike. The canonical ABI's core
// functions stand as they are, without bindings between them and the loops.
#pragma once

#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef double f64;

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(interface, name) __attribute__((import_module("gusset:calls/" interface), import_name(name)))

// Spreads the bits of a number by a multiplication.
#define SPREAD 0x9e3779b97f4a7c15ull

static inline u64 spread(u32 x) { return x * SPREAD; }

static inline u64 rotate(u64 x, u32 by) { return x << by | x >> (64 - by); }

static inline u64 bits(f64 x) {
  u64 bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

// The number that an element is made from which no call changes.
static inline u64 original(u32 j) {
  u64 x = (j + 12345ull) * SPREAD;
  return x ^ x >> 29;
}

// Statements: hashes a call's number and every `step`th element, of which the first is one of the first `step`, into `h`.
#define HASH_ELEMENTS(h, i, step, count, element)                 \
  u64 h = (i);                                                    \
  for (u32 j = (i) & ((step) - 1); j < (count); j += (step)) h = h * 31 + (element)

// A loop: `once` for `i` from 1 to `n`, after a turn 0 that does not count.
#define LOOP(export, name, once)                                  \
  EXPORT(export) u64 name(u32 n, u32 step) {                      \
    once(0, step);                                                \
    u64 sum = 0;                                                  \
    for (u32 i = 1; i <= n; i++) sum = rotate(sum, 7) ^ once(i, step); \
    return sum;                                                   \
  }
