/* Parses a made-up JSON document of some 60 KB into nodes, n times, and walks over what it parsed. */
#include "kernel.h"

enum { CAPACITY = 1 << 17, NODES = 1 << 15 };
static char text[CAPACITY];
static u32 length;

enum Kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };
struct Node {
  enum Kind kind;
  u32 start, end;      /* of strings: where they are in `strings` */
  double number;
  struct Node *name;   /* of an object's field */
  struct Node *first, *next;
};
static struct Node nodes[NODES];
static u32 node_count;
static char strings[CAPACITY];
static u32 string_bytes;

static void put(char c) {
  if (length < CAPACITY - 1) text[length++] = c;
}
static void put_text(const char *s) {
  while (*s) put(*s++);
}
static void put_number(u32 value) {
  char digits[12];
  int count = 0;
  do digits[count++] = (char)('0' + value % 10);
  while (value /= 10);
  while (count) put(digits[--count]);
}
static void put_string(void) {
  static const char *const words[] = {"alpha", "beta", "gamma ray", "d\\\"elta", "e\\u00e9", "line\\nbreak", "", "omega-omega-omega"};
  put('"');
  put_text(words[random_bits() & 7]);
  put_number(random_bits() & 1023);
  put('"');
}
static void put_value(int depth) {
  u32 choice = random_bits() % (depth > 0 ? 10 : 6);
  switch (choice) {
    case 0: put_text("null"); break;
    case 1: put_text(random_bits() & 1 ? "true" : "false"); break;
    case 2: case 3:
      if (random_bits() & 1) put('-');
      put_number(random_bits() & 0xffff);
      if (random_bits() & 1) { put('.'); put_number(random_bits() & 0xfff); }
      if ((random_bits() & 7) == 0) { put('e'); put_number(random_bits() & 7); }
      break;
    case 4: case 5: put_string(); break;
    default: {
      int object = choice >= 8;
      put(object ? '{' : '[');
      for (u32 i = 0, count = random_bits() % 9; i < count; i++) {
        if (i) put_text(", ");
        if (object) { put_string(); put_text(": "); }
        put_value(depth - 1);
      }
      put(object ? '}' : ']');
    }
  }
}

static const char *at;
static int failed;

static void spaces(void) {
  while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') at++;
}
static struct Node *node(enum Kind kind) {
  if (node_count == NODES) { failed = 1; node_count = 0; }
  struct Node *n = &nodes[node_count++];
  n->kind = kind;
  n->name = n->first = n->next = 0;
  n->number = 0;
  n->start = n->end = 0;
  return n;
}
static u32 hex(char c) {
  return c <= '9' ? (u32)(c - '0') : (u32)((c | 32) - 'a' + 10);
}
static struct Node *string(void) {
  struct Node *n = node(JSON_STRING);
  n->start = string_bytes;
  at++;
  for (;;) {
    char c = *at++;
    if (c == '"') break;
    if (c == 0) { failed = 1; at--; break; }
    if (c != '\\') { strings[string_bytes++] = c; continue; }
    switch (c = *at++) {
      case 'n': strings[string_bytes++] = '\n'; break;
      case 't': strings[string_bytes++] = '\t'; break;
      case 'u': {
        u32 code = hex(at[0]) << 12 | hex(at[1]) << 8 | hex(at[2]) << 4 | hex(at[3]);
        at += 4;
        if (code < 0x80) {
          strings[string_bytes++] = (char)code;
        } else {
          strings[string_bytes++] = (char)(0xc0 | code >> 6);
          strings[string_bytes++] = (char)(0x80 | (code & 63));
        }
        break;
      }
      default: strings[string_bytes++] = c;
    }
  }
  n->end = string_bytes;
  return n;
}
static struct Node *number(void) {
  struct Node *n = node(JSON_NUMBER);
  int negative = *at == '-';
  if (negative) at++;
  double value = 0, scale = 1;
  while (*at >= '0' && *at <= '9') value = value * 10 + (*at++ - '0');
  if (*at == '.')
    for (at++; *at >= '0' && *at <= '9'; at++) value += (*at - '0') * (scale /= 10);
  if (*at == 'e') {
    int exponent = 0;
    for (at++; *at >= '0' && *at <= '9'; at++) exponent = exponent * 10 + (*at - '0');
    while (exponent-- > 0) value *= 10;
  }
  n->number = negative ? -value : value;
  return n;
}
static struct Node *word(const char *rest, enum Kind kind) {
  while (*rest)
    if (*at++ != *rest++) failed = 1;
  return node(kind);
}
static struct Node *value(void) {
  spaces();
  switch (*at) {
    case 'n': return word("null", JSON_NULL);
    case 't': return word("true", JSON_TRUE);
    case 'f': return word("false", JSON_FALSE);
    case '"': return string();
    case '[': case '{': {
      int object = *at++ == '{';
      struct Node *n = node(object ? JSON_OBJECT : JSON_ARRAY), **link = &n->first;
      spaces();
      while (*at != ']' && *at != '}' && !failed) {
        struct Node *name = 0;
        spaces();
        if (object) {
          name = string();
          spaces();
          if (*at++ != ':') failed = 1;
        }
        struct Node *member = value();
        member->name = name;
        *link = member;
        link = &member->next;
        spaces();
        if (*at == ',') at++;
      }
      at++;
      return n;
    }
    default:
      if (*at == '-' || (*at >= '0' && *at <= '9')) return number();
      failed = 1;
      return node(JSON_NULL);
  }
}
static u64 walk(const struct Node *n, u64 sum) {
  for (; n; n = n->next) {
    sum = mix(sum, n->kind);
    if (n->name)
      for (u32 i = n->name->start; i < n->name->end; i++) sum = sum * 31 + (u8)strings[i];
    if (n->kind == JSON_STRING)
      for (u32 i = n->start; i < n->end; i++) sum = sum * 31 + (u8)strings[i];
    if (n->kind == JSON_NUMBER) sum = mix(sum, (u64)(i64)(n->number * 64));
    sum = walk(n->first, sum);
  }
  return sum;
}

EXPORT("run") i64 run(i32 n) {
  u64 sum = 0;
  if (length == 0) {
    random_state = 4;
    put('[');
    while (length < 60000) {
      if (length > 1) put_text(",\n");
      put_value(5);
    }
    put(']');
    text[length] = 0;
  }
  while (n-- > 0) {
    node_count = string_bytes = 0;
    failed = 0;
    at = text;
    sum = walk(value(), sum);
    if (failed) return -1;
  }
  return (i64)sum;
}
