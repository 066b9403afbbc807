/* Regular expressions: patterns are compiled for a machine whose states are followed all at once (Thompson), over a made-up text. */
#include "kernel.h"

enum { LENGTH = 8192, CODE = 256 };
static char text[LENGTH + 1];

enum Op { OP_CHAR, OP_ANY, OP_CLASS, OP_SPLIT, OP_JUMP, OP_MATCH };
struct Instr {
  enum Op op;
  u8 c;
  int negated;
  const char *set; /* pairs of first and last */
  int pairs;
  int x, y;
};
static struct Instr code[CODE];
static int size;
static const char *pattern;
static char sets[512];
static int set_bytes;

static int emit(enum Op op) {
  struct Instr *i = &code[size];
  i->op = op;
  i->x = i->y = 0;
  return size++;
}
/* Makes room for one instruction at `from`; targets behind it move along. */
static void insert(int from) {
  for (int i = size; i > from; i--) code[i] = code[i - 1];
  size++;
  for (int i = from + 1; i < size; i++) {
    if (code[i].op != OP_SPLIT && code[i].op != OP_JUMP) continue;
    if (code[i].x >= from) code[i].x++;
    if (code[i].op == OP_SPLIT && code[i].y >= from) code[i].y++;
  }
}
static void alternatives(void);
static void atom(void) {
  char c = *pattern++;
  if (c == '(') {
    alternatives();
    pattern++;
  } else if (c == '.') {
    emit(OP_ANY);
  } else if (c == '[') {
    int i = emit(OP_CLASS);
    code[i].negated = *pattern == '^';
    if (code[i].negated) pattern++;
    code[i].set = sets + set_bytes;
    code[i].pairs = 0;
    while (*pattern != ']') {
      char first = *pattern++, last = first;
      if (*pattern == '-') { last = pattern[1]; pattern += 2; }
      sets[set_bytes++] = first;
      sets[set_bytes++] = last;
      code[i].pairs++;
    }
    pattern++;
  } else {
    code[emit(OP_CHAR)].c = (u8)c;
  }
}
static void sequence(void) {
  while (*pattern && *pattern != '|' && *pattern != ')') {
    int start = size;
    atom();
    char c = *pattern;
    if (c == '*' || c == '+' || c == '?') pattern++;
    if (c == '+') {
      int i = emit(OP_SPLIT);
      code[i].x = start, code[i].y = i + 1;
    } else if (c == '*' || c == '?') {
      insert(start);
      code[start].op = OP_SPLIT;
      if (c == '*') code[emit(OP_JUMP)].x = start;
      code[start].x = start + 1, code[start].y = size;
    }
  }
}
static void alternatives(void) {
  int start = size;
  sequence();
  if (*pattern != '|') return;
  pattern++;
  insert(start);
  code[start].op = OP_SPLIT;
  int jump = emit(OP_JUMP);
  code[start].x = start + 1, code[start].y = size;
  alternatives();
  code[jump].x = size;
}

struct States {
  int count;
  int dense[CODE], sparse[CODE];
};
static struct States now, next;

static int has(const struct States *s, int pc) {
  int i = s->sparse[pc];
  return (u32)i < (u32)s->count && s->dense[i] == pc;
}
static void add(struct States *s, int pc) {
  if (has(s, pc)) return;
  s->sparse[pc] = s->count;
  s->dense[s->count++] = pc;
  if (code[pc].op == OP_JUMP) add(s, code[pc].x);
  if (code[pc].op == OP_SPLIT) { add(s, code[pc].x); add(s, code[pc].y); }
}
static int in_class(const struct Instr *i, u8 c) {
  int in = 0;
  for (int k = 0; k < i->pairs && !in; k++) in = c >= (u8)i->set[2 * k] && c <= (u8)i->set[2 * k + 1];
  return in != i->negated;
}
/* Where the longest match from `start` ends, or -1. */
static NOINLINE int match(int start) {
  int end = -1;
  struct States *from = &now, *to = &next;
  from->count = 0;
  add(from, 0);
  for (int at = start; from->count > 0; at++) {
    u8 c = (u8)text[at];
    to->count = 0;
    for (int i = 0; i < from->count; i++) {
      const struct Instr *instr = &code[from->dense[i]];
      switch (instr->op) {
        case OP_CHAR: if (c == instr->c) add(to, from->dense[i] + 1); break;
        case OP_ANY: if (c && c != '\n') add(to, from->dense[i] + 1); break;
        case OP_CLASS: if (c && in_class(instr, c)) add(to, from->dense[i] + 1); break;
        case OP_MATCH: end = at; break;
        default: break;
      }
    }
    struct States *swap = from;
    from = to, to = swap;
    if (!c) break;
  }
  return end;
}

static const char *const patterns[] = {
    "[a-z]+@[a-z]+[.](com|org|net)",
    "(foo|bar|ba)+z?[0-9][0-9]*",
    "x.*y",
    "[^ \n]*ing",
};

EXPORT("run") i64 run(i32 n) {
  static const char *const words[] = {"walking", "foobarz12", "ann@site.org", "x and y", "bob@host", "baz7", "barbar3", "thing", "42", "string"};
  random_state = 5;
  int length = 0;
  while (length < LENGTH - 16) {
    const char *word = words[random_bits() % 10];
    while (*word) text[length++] = *word++;
    text[length++] = random_bits() % 12 ? ' ' : '\n';
  }
  text[length] = 0;
  u64 sum = 0;
  while (n-- > 0)
    for (int p = 0; p < 4; p++) {
      size = set_bytes = 0;
      pattern = patterns[p];
      alternatives();
      emit(OP_MATCH);
      for (int start = 0; start < length;) {
        int end = match(start);
        if (end > start) sum = mix(sum, (u64)start << 32 | (u32)end);
        start = end > start ? end : start + 1;
      }
    }
  return (i64)sum;
}
