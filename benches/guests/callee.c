// What is called: it takes what it is given into its own memory, answers by that and by what it was given before, and frees what was allocated
// for it.
#include "compound.h"
#include "lists.h"

// The hash of the call before.
static u64 last;

static inline u64 answer(u64 hash) {
  u64 answer = last * 31 + hash;
  last = hash;
  return answer;
}

EXPORT("gusset:calls/scalars#f") u64 scalar(u32 a, u32 b) { return answer(a * SPREAD + b); }

// Resources: a counter is represented by its address.
typedef struct {
  u64 sum;
} counter;

static u64 dropped;

__attribute__((import_module("[export]gusset:calls/resources"), import_name("[resource-new]counter"))) u32 counter_new(counter *);
__attribute__((import_module("[export]gusset:calls/resources"), import_name("[resource-rep]counter"))) counter *counter_rep(u32);

EXPORT("gusset:calls/resources#[constructor]counter") u32 construct(u32 x) {
  counter *made = allocate(sizeof *made);
  made->sum = x;
  return counter_new(made);
}

EXPORT("gusset:calls/resources#[method]counter.add") u64 add(counter *counter, u32 x) {
  counter->sum = counter->sum * 31 + x;
  return counter->sum;
}

EXPORT("gusset:calls/resources#pass") u32 pass(u32 handle, u32 x) {
  add(counter_rep(handle), x);
  return handle;
}

EXPORT("gusset:calls/resources#[dtor]counter") void destroy(counter *counter) {
  dropped = dropped * 31 + counter->sum;
  free(counter);
}

EXPORT("gusset:calls/resources#dropped") u64 all_dropped(void) {
  u64 all = dropped;
  dropped = 0;
  return all;
}

// Values of one or two core values, which come back through memory.
EXPORT("gusset:calls/compound#option") option_value *option(u32 is_some, u32 value) {
  static option_value result;
  result = option_of(answer(option_hash((option_value){is_some, value})));
  return &result;
}

EXPORT("gusset:calls/compound#result") result_value *result(u32 is_error, u64 value) {
  static result_value result;
  result = result_of(answer(result_hash((result_value){is_error, value})));
  return &result;
}

EXPORT("gusset:calls/compound#variant") variant_value *variant(u32 shape, u64 value) {
  static variant_value result;
  result = variant_of(answer(variant_hash((variant_value){shape, value})));
  return &result;
}

// Records: one that is given is a block of our allocator.
EXPORT("gusset:calls/compound#numbers-passed") u64 numbers_passed(numbers *value) {
  u64 hash = numbers_hash(value);
  free(value);
  return answer(hash);
}

EXPORT("gusset:calls/compound#numbers-returned") numbers *numbers_returned(u32 i) {
  static numbers result;
  make_numbers(&result, answer(spread(i)));
  return &result;
}

EXPORT("gusset:calls/compound#cases-passed") u64 cases_passed(cases *value) {
  u64 hash = cases_hash(value);
  free(value);
  return answer(hash);
}

EXPORT("gusset:calls/compound#cases-returned") cases *cases_returned(u32 i) {
  static cases result;
  make_cases(&result, answer(spread(i)));
  return &result;
}

// Lists.
#define LIST(export, name, type, element)                                                   \
  EXPORT("gusset:calls/lists#" export) u64 name(u32 i, u32 step, type *values, u32 count) { \
    HASH_ELEMENTS(hash, i, step, count, element);                                           \
    free(values);                                                                           \
    return answer(hash);                                                                    \
  }

LIST("u8s", u8s, u8, values[j])
LIST("u32s", u32s, u32, values[j])
LIST("f64s", f64s, f64, bits(values[j]))
LIST("tuples", tuples, two_numbers, values[j].a + values[j].b * 7ull)
LIST("bools", bools, u8, values[j])
LIST("chars", chars, u32, values[j])
LIST("pairs", pairs, pair, values[j].a + values[j].b * 3)

static inline u64 word(const u8 *at) {
  u64 word;
  memcpy(&word, at, sizeof word);
  return word;
}

static inline u64 nested(u32 i, u32 step, byte_list *values, u32 count) {
  HASH_ELEMENTS(hash, i, step, count, values[j].count * 5ull + word(values[j].at) + word(values[j].at + 8) * 3);
  for (u32 j = 0; j < count; j++) free(values[j].at);
  free(values);
  return answer(hash);
}

EXPORT("gusset:calls/lists#strings") u64 strings(u32 i, u32 step, byte_list *values, u32 count) {
  return nested(i, step, values, count);
}

EXPORT("gusset:calls/lists#byte-lists") u64 byte_lists(u32 i, u32 step, byte_list *values, u32 count) {
  return nested(i, step, values, count);
}

// What is returned stays ours: it is the same bytes in each call but for the first and the last.
static byte_list kept;

EXPORT("gusset:calls/lists#prepare") void prepare(u32 count) { kept = (byte_list){make_letters(count), count}; }

static inline byte_list *returned(u32 i) {
  u64 hash = answer(spread(i));
  kept.at[0] = letter(i);
  kept.at[kept.count - 1] = letter((u32)hash);
  return &kept;
}

EXPORT("gusset:calls/lists#string-returned") byte_list *string_returned(u32 i) { return returned(i); }

EXPORT("gusset:calls/lists#bytes-returned") byte_list *bytes_returned(u32 i) { return returned(i); }

static u32 after_returns;

EXPORT("cabi_post_gusset:calls/lists#string-returned") void after_string(byte_list *result) {
  (void)result;
  after_returns++;
}

EXPORT("cabi_post_gusset:calls/lists#bytes-returned") void after_bytes(byte_list *result) {
  (void)result;
  after_returns++;
}
