/* The same words in the same text, sixteen places at a time: where the first and the last byte of a word are, it is looked at. */
#include "kernel.h"
#include "search_text.h"

typedef signed char i8x16 __attribute__((vector_size(16)));
typedef i8x16 unaligned __attribute__((aligned(1)));

static inline i8x16 all(u8 byte) {
  i8x16 v = {0};
  return v + (signed char)byte;
}

static NOINLINE u32 find(const u8 *needle, u32 length, u64 *sum) {
  i8x16 first = all(needle[0]), last = all(needle[length - 1]);
  u32 found = 0;
  for (u32 at = 0; at + length <= LENGTH; at += 16) {
    i8x16 a = *(const unaligned *)(text + at), b = *(const unaligned *)(text + at + length - 1);
    u32 places = (u32)__builtin_wasm_bitmask_i8x16((a == first) & (b == last));
    for (; places; places &= places - 1) {
      u32 start = at + (u32)__builtin_ctz(places);
      if (start + length > LENGTH) break;
      u32 i = 1;
      while (i + 1 < length && text[start + i] == needle[i]) i++;
      if (i + 1 >= length) {
        *sum = mix(*sum, start);
        found++;
      }
    }
  }
  return found;
}

static NOINLINE u32 count(u8 byte) {
  i8x16 wanted = all(byte);
  u32 found = 0;
  for (u32 at = 0; at < LENGTH; at += 16)
    found += (u32)__builtin_popcount((u32)__builtin_wasm_bitmask_i8x16(*(const i8x16 *)(text + at) == wanted));
  return found;
}

EXPORT("run") i64 run(i32 n) {
  u64 sum = 0;
  make_text();
  while (n-- > 0)
    for (int i = 0; i < NEEDLES; i++) {
      u32 length = 0;
      while (needles[i][length]) length++;
      sum += find((const u8 *)needles[i], length, &sum);
      sum = mix(sum, count((u8)needles[i][0]));
    }
  return (i64)sum;
}
