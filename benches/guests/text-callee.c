// What is called with a string. It looks at every `step`th code unit.
#include "text.h"

static u64 last;

EXPORT("gusset:calls/texts#f") u64 f(u32 i, u32 step, unit *text, u32 count) {
  HASH_ELEMENTS(hash, i, step, count, text[j]);
  free(text);
  hash = hash * 31 + count;
  u64 answer = last * 31 + hash;
  last = hash;
  return answer;
}
