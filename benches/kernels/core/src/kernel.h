/* What all kernels in C have: short names of types, and random numbers that are the same everywhere. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;

#define EXPORT(name) __attribute__((export_name(name)))
#define NOINLINE __attribute__((noinline))

static u32 random_state;

/* 24 random bits (a linear congruential generator). */
static inline u32 random_bits(void) {
  random_state = random_state * 1664525u + 1013904223u;
  return random_state >> 8;
}

/* Mixes a value into a checksum. */
static inline u64 mix(u64 sum, u64 value) {
  sum ^= value;
  sum *= 0x9e3779b97f4a7c15ull;
  return sum ^ (sum >> 29);
}
