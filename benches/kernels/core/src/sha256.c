/* SHA-256 (FIPS 180-4) of 16 KiB, n times, each time of bytes that the last digest has changed. Its constants are computed: they are the
   first bits of the fractional parts of square and cube roots of primes. */
#include "kernel.h"

enum { LENGTH = 16384 };
static u8 message[LENGTH + 128];
static u32 constants[64], initial[8];

/* The first 32 bits of the fractional part of the square or cube root of p, by Newton's steps: a double has more bits than are asked for. */
static u32 root_bits(u32 p, int degree) {
  double root = degree;
  for (int i = 0; i < 40; i++) root -= degree == 2 ? (root - p / root) / 2 : (root - p / (root * root)) / 3;
  return (u32)(u64)(root * 4294967296.0);
}

static void prepare(void) {
  int count = 0;
  for (u32 p = 2; count < 64; p++) {
    int prime = 1;
    for (u32 d = 2; d * d <= p; d++)
      if (p % d == 0) prime = 0;
    if (!prime) continue;
    if (count < 8) initial[count] = root_bits(p, 2);
    constants[count++] = root_bits(p, 3);
  }
}

static inline u32 rotate(u32 x, int by) { return (x >> by) | (x << (32 - by)); }

static NOINLINE void block(u32 *state, const u8 *bytes) {
  u32 w[64];
  for (int t = 0; t < 16; t++)
    w[t] = (u32)bytes[4 * t] << 24 | (u32)bytes[4 * t + 1] << 16 | (u32)bytes[4 * t + 2] << 8 | bytes[4 * t + 3];
  for (int t = 16; t < 64; t++) {
    u32 s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >> 3);
    u32 s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >> 10);
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  u32 a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (int t = 0; t < 64; t++) {
    u32 t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + constants[t] + w[t];
    u32 t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

static void digest(u32 *state, u32 length) {
  for (int i = 0; i < 8; i++) state[i] = initial[i];
  u32 padded = (length + 9 + 63) / 64 * 64;
  for (u32 i = length; i < padded; i++) message[i] = 0;
  message[length] = 0x80;
  u64 bits = (u64)length * 8;
  for (int i = 0; i < 8; i++) message[padded - 1 - i] = (u8)(bits >> (8 * i));
  for (u32 at = 0; at < padded; at += 64) block(state, message + at);
}

EXPORT("run") i64 run(i32 n) {
  u32 state[8] = {0};
  random_state = 3;
  prepare();
  /* The standard's example. */
  message[0] = 'a', message[1] = 'b', message[2] = 'c';
  digest(state, 3);
  if (state[0] != 0xba7816bf || state[7] != 0xf20015ad) return -1;
  for (int i = 0; i < LENGTH; i++) message[i] = (u8)random_bits();
  while (n-- > 0) {
    digest(state, LENGTH);
    for (int i = 0; i < 8; i++) message[i * 64] ^= (u8)state[i];
  }
  return (i64)((u64)state[0] << 32 | state[7]);
}
