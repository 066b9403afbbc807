// Loops around calls with a string, of which the first character is another one in each.
#include "text.h"

IMPORT("texts", "f") u64 pass(u32, u32, const unit *, u32);

// How many characters texts have.
static u32 count;

EXPORT("prepare") void prepare(u32 characters) { count = characters; }

// Characters of ASCII; of Latin-1, a letter in five beyond ASCII; and three bytes of UTF-8 each.
static u32 ascii_character(u32 at) { return at % 6 == 5 ? 0x20 : 0x61 + (at * 7 + at / 26) % 26; }

static u32 latin_character(u32 at) {
  if (at % 6 == 5) return 0x20;
  return at % 5 == 2 ? 0xe0 + (at * 7 + at / 26) % 23 : ascii_character(at);
}

static u32 cjk_character(u32 at) { return 0x4e00 + (at * 7 + at / 26) % 0x5000; }

// Writes a character below 0x10000, and returns where it ends.
static unit *encode(unit *at, u32 character) {
#ifndef UTF16
  if (character >= 0x800) {
    *at++ = 0xe0 | character >> 12;
    *at++ = 0x80 | (character >> 6 & 0x3f);
    character = 0x80 | (character & 0x3f);
  } else if (character >= 0x80) {
    *at++ = 0xc0 | character >> 6;
    character = 0x80 | (character & 0x3f);
  }
#endif
  *at++ = character;
  return at;
}

typedef struct {
  unit *at;
  u32 count;
  // The last unit of the first character.
  unit *changed;
  unit base;
} text;

static text make(u32 first, u32 character(u32)) {
  text made = {allocate(count * 3 * sizeof(unit)), 0, NULL, 0};
  unit *end = encode(made.at, first);
  made.changed = end - 1;
  made.base = *made.changed;
  for (u32 at = 1; at < count; at++) end = encode(end, character(at));
  made.count = end - made.at;
  return made;
}

#define SCRIPT(export, name, first)                                       \
  static text name##_text;                                                \
  static inline u64 name##_once(u32 i, u32 step) {                        \
    if (name##_text.at == NULL) name##_text = make(first, name##_character); \
    *name##_text.changed = name##_text.base + (i & 15);                   \
    return pass(i, step, name##_text.at, name##_text.count);              \
  }                                                                       \
  LOOP(export, name, name##_once)

SCRIPT("ascii", ascii, 0x61)
SCRIPT("latin", latin, 0xe0)
SCRIPT("cjk", cjk, 0x4e00)
