/* Looks for words in a text of 64 KiB: by steps of a table (Horspool), and byte by byte. */
#include "kernel.h"
#include "search_text.h"

static NOINLINE u32 find(const u8 *needle, u32 length, u64 *sum) {
  u8 skip[256];
  for (int i = 0; i < 256; i++) skip[i] = (u8)length;
  for (u32 i = 0; i + 1 < length; i++) skip[needle[i]] = (u8)(length - 1 - i);
  u32 found = 0;
  for (u32 at = 0; at + length <= LENGTH;) {
    u8 last = text[at + length - 1];
    if (last == needle[length - 1]) {
      u32 i = 0;
      while (i + 1 < length && text[at + i] == needle[i]) i++;
      if (i + 1 == length) {
        *sum = mix(*sum, at);
        found++;
      }
    }
    at += skip[last];
  }
  return found;
}

static NOINLINE u32 count(u8 byte) {
  u32 found = 0;
  for (const u8 *at = text; *at; at++) found += *at == byte;
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
