/* Decompresses a text of 128 KiB, in a format of our own of the LZ77 family: a byte says how many bytes stand for themselves (high half)
   and how long a copy of earlier bytes is (low half, four more); 15 goes on in further bytes; a copy's distance has two bytes. */
#include "kernel.h"

enum { LENGTH = 1 << 17, HASHES = 1 << 13 };
static u8 plain[LENGTH], packed[LENGTH + LENGTH / 128 + 64], unpacked[LENGTH];
static u32 packed_length;
static i32 seen[HASHES];

static void make_text(void) {
  static const char *const words[] = {"the ", "quick", "module ", "table", ", and ", "memory ", "of a", "function", ".\n", "type "};
  random_state = 8;
  u32 at = 0;
  while (at < LENGTH) {
    const char *word = words[random_bits() % 10];
    while (*word && at < LENGTH) plain[at++] = (u8)*word++;
    if (random_bits() % 4 == 0)
      for (u32 i = random_bits() % 12; i > 0 && at < LENGTH; i--) plain[at++] = (u8)random_bits();
  }
}
static u8 *put_length(u8 *out, u32 length) {
  for (; length >= 255; length -= 255) *out++ = 255;
  *out++ = (u8)length;
  return out;
}
static void compress(void) {
  for (int i = 0; i < HASHES; i++) seen[i] = -1;
  u8 *out = packed;
  u32 at = 0, start = 0;
  while (at + 4 <= LENGTH) {
    u32 four = plain[at] | plain[at + 1] << 8 | plain[at + 2] << 16 | (u32)plain[at + 3] << 24;
    u32 h = (four * 2654435761u) >> 19;
    i32 before = seen[h];
    seen[h] = (i32)at;
    u32 length = 0;
    if (before >= 0 && at - (u32)before < 65536)
      while (at + length < LENGTH && plain[(u32)before + length] == plain[at + length]) length++;
    if (length < 4) {
      at++;
      continue;
    }
    u32 literals = at - start;
    *out++ = (u8)((literals < 15 ? literals : 15) << 4 | (length - 4 < 15 ? length - 4 : 15));
    if (literals >= 15) out = put_length(out, literals - 15);
    while (start < at) *out++ = plain[start++];
    *out++ = (u8)(at - (u32)before);
    *out++ = (u8)((at - (u32)before) >> 8);
    if (length - 4 >= 15) out = put_length(out, length - 19);
    at = start = at + length;
  }
  u32 literals = LENGTH - start;
  *out++ = (u8)((literals < 15 ? literals : 15) << 4);
  if (literals >= 15) out = put_length(out, literals - 15);
  while (start < LENGTH) *out++ = plain[start++];
  packed_length = (u32)(out - packed);
}

static NOINLINE u32 decompress(void) {
  const u8 *in = packed, *end = packed + packed_length;
  u8 *out = unpacked;
  while (in < end) {
    u32 token = *in++, length = token >> 4;
    if (length == 15) {
      u32 more;
      do length += more = *in++;
      while (more == 255);
    }
    while (length--) *out++ = *in++;
    if (in >= end) break;
    u32 distance = in[0] | (u32)in[1] << 8;
    in += 2;
    length = (token & 15) + 4;
    if (length == 19) {
      u32 more;
      do length += more = *in++;
      while (more == 255);
    }
    const u8 *from = out - distance;
    if (distance >= 8) {
      /* Eight bytes at a time, as far as they do not meet. */
      while (length >= 8) {
        __builtin_memcpy(out, from, 8);
        out += 8, from += 8, length -= 8;
      }
    }
    while (length--) *out++ = *from++;
  }
  return (u32)(out - unpacked);
}

EXPORT("run") i64 run(i32 n) {
  u64 sum = 0;
  if (packed_length == 0) {
    make_text();
    compress();
  }
  while (n-- > 0) {
    if (decompress() != LENGTH) return -1;
    u64 word;
    for (u32 i = 0; i < LENGTH; i += 512) {
      __builtin_memcpy(&word, unpacked + i, 8);
      sum = mix(sum, word);
      __builtin_memcpy(&word, plain + i, 8);
      sum -= word;
    }
  }
  for (u32 i = 0; i < LENGTH; i++)
    if (plain[i] != unpacked[i]) return -2;
  return (i64)(sum ^ packed_length);
}
