/* Two tables with open addressing: numbers as keys, put in, looked up, taken out; and words, counted. */
#include "kernel.h"

enum { SLOTS = 1 << 15, KEYS = 18000, WORDS = 1 << 12 };
struct Slot {
  u64 key; /* 0: free */
  u64 value;
};
static struct Slot slots[SLOTS];

static inline u32 hash(u64 key) {
  key *= 0x9e3779b97f4a7c15ull;
  return (u32)(key >> 40) & (SLOTS - 1);
}
static NOINLINE u64 *get(u64 key) {
  for (u32 i = hash(key);; i = (i + 1) & (SLOTS - 1)) {
    if (slots[i].key == key) return &slots[i].value;
    if (slots[i].key == 0) return 0;
  }
}
static NOINLINE void put(u64 key, u64 value) {
  u32 i = hash(key);
  while (slots[i].key && slots[i].key != key) i = (i + 1) & (SLOTS - 1);
  slots[i].key = key;
  slots[i].value = value;
}
/* What follows is moved back, as far as it belongs there. */
static NOINLINE void take_out(u64 key) {
  u32 i = hash(key);
  while (slots[i].key != key) {
    if (slots[i].key == 0) return;
    i = (i + 1) & (SLOTS - 1);
  }
  for (u32 j = i;;) {
    j = (j + 1) & (SLOTS - 1);
    if (slots[j].key == 0) break;
    u32 home = hash(slots[j].key);
    if (((j - home) & (SLOTS - 1)) >= ((j - i) & (SLOTS - 1))) {
      slots[i] = slots[j];
      i = j;
    }
  }
  slots[i].key = 0;
}

struct Word {
  char bytes[12];
  u32 length, count;
};
static struct Word counted[WORDS];

static NOINLINE u32 count(const char *bytes, u32 length) {
  u32 h = 2166136261u;
  for (u32 i = 0; i < length; i++) h = (h ^ (u8)bytes[i]) * 16777619u;
  for (u32 i = h & (WORDS - 1);; i = (i + 1) & (WORDS - 1)) {
    struct Word *word = &counted[i];
    if (word->count == 0) {
      for (u32 k = 0; k < length; k++) word->bytes[k] = bytes[k];
      word->length = length;
      return word->count = 1;
    }
    if (word->length != length) continue;
    u32 k = 0;
    while (k < length && word->bytes[k] == bytes[k]) k++;
    if (k == length) return ++word->count;
  }
}

EXPORT("run") i64 run(i32 n) {
  u64 sum = 0;
  while (n-- > 0) {
    for (int i = 0; i < SLOTS; i++) slots[i].key = 0;
    for (int i = 0; i < WORDS; i++) counted[i].count = 0;
    random_state = 6 + (u32)n;
    for (int i = 0; i < KEYS; i++) put((u64)random_bits() << 16 | 1, (u64)i);
    random_state = 6 + (u32)n;
    for (int i = 0; i < KEYS; i++) {
      u64 *value = get((u64)random_bits() << 16 | 1);
      if (value) sum = mix(sum, *value);
      if (get((u64)random_bits() << 16 | 3)) sum++;
      if (i & 1) random_bits();
    }
    random_state = 6 + (u32)n;
    for (int i = 0; i < KEYS / 2; i++) take_out((u64)random_bits() << 16 | 1);
    for (int i = 0; i < KEYS / 2; i++) sum += get((u64)random_bits() << 16 | 1) != 0;
    for (int i = 0; i < KEYS; i++) {
      char word[12];
      u32 bits = random_bits() % 2000, length = 0;
      do word[length++] = (char)('a' + bits % 7);
      while (bits /= 7);
      sum += count(word, length);
    }
  }
  return (i64)sum;
}
