// Loops around calls, of which each is given something else and answers something else.
#include "compound.h"
#include "lists.h"

// How many elements lists have.
static u32 count;

IMPORT("lists", "prepare") void prepare_callee(u32);

EXPORT("prepare") void prepare(u32 elements) {
  count = elements;
  prepare_callee(elements);
}

IMPORT("scalars", "f") u64 f(u32, u32);

static inline u64 scalar_once(u32 i, u32 step) {
  (void)step;
  return f(i, i ^ 5);
}

LOOP("scalar", scalar, scalar_once)

// Resources.
IMPORT("resources", "[constructor]counter") u32 counter_construct(u32);
IMPORT("resources", "[method]counter.add") u64 counter_add(u32, u32);
IMPORT("resources", "[resource-drop]counter") void counter_drop(u32);
IMPORT("resources", "pass") u32 counter_pass(u32, u32);
IMPORT("resources", "dropped") u64 dropped(void);

EXPORT("borrow") u64 borrow(u32 n, u32 step) {
  (void)step;
  u32 counter = counter_construct(7);
  u64 sum = 0;
  for (u32 i = 1; i <= n; i++) sum = rotate(sum, 7) ^ counter_add(counter, i);
  counter_drop(counter);
  return sum;
}

EXPORT("own") u64 own(u32 n, u32 step) {
  (void)step;
  u32 counter = counter_construct(7);
  for (u32 i = 1; i <= n; i++) counter = counter_pass(counter, i);
  u64 sum = counter_add(counter, 0);
  counter_drop(counter);
  return sum;
}

EXPORT("drop") u64 drop(u32 n, u32 step) {
  (void)step;
  dropped();
  for (u32 i = 1; i <= n; i++) counter_drop(counter_construct(i));
  return dropped();
}

// Values of one or two core values.
IMPORT("compound", "option") void pass_option(u32, u32, option_value *);
IMPORT("compound", "result") void pass_result(u32, u64, result_value *);
IMPORT("compound", "variant") void pass_variant(u32, u64, variant_value *);

static inline u64 option_once(u32 i, u32 step) {
  (void)step;
  option_value value = option_of(spread(i)), result;
  pass_option(value.is_some, value.value, &result);
  return option_hash(result);
}

static inline u64 result_once(u32 i, u32 step) {
  (void)step;
  result_value value = result_of(spread(i)), result;
  pass_result(value.is_error, value.value, &result);
  return result_hash(result);
}

static inline u64 variant_once(u32 i, u32 step) {
  (void)step;
  variant_value value = variant_of(spread(i)), result;
  pass_variant(value.shape, value.value, &result);
  return variant_hash(result);
}

LOOP("option", option, option_once)
LOOP("result", result, result_once)
LOOP("variant", variant, variant_once)

// Records.
IMPORT("compound", "numbers-passed") u64 pass_numbers(const numbers *);
IMPORT("compound", "numbers-returned") void return_numbers(u32, numbers *);
IMPORT("compound", "cases-passed") u64 pass_cases(const cases *);
IMPORT("compound", "cases-returned") void return_cases(u32, cases *);

static inline u64 numbers_passed_once(u32 i, u32 step) {
  (void)step;
  static numbers value;
  make_numbers(&value, spread(i));
  return pass_numbers(&value);
}

static inline u64 numbers_returned_once(u32 i, u32 step) {
  (void)step;
  static numbers result;
  return_numbers(i, &result);
  return numbers_hash(&result);
}

static inline u64 cases_passed_once(u32 i, u32 step) {
  (void)step;
  static cases value;
  make_cases(&value, spread(i));
  return pass_cases(&value);
}

static inline u64 cases_returned_once(u32 i, u32 step) {
  (void)step;
  static cases result;
  return_cases(i, &result);
  return cases_hash(&result);
}

LOOP("numbers-passed", numbers_passed, numbers_passed_once)
LOOP("numbers-returned", numbers_returned, numbers_returned_once)
LOOP("cases-passed", cases_passed, cases_passed_once)
LOOP("cases-returned", cases_returned, cases_returned_once)

// Lists: the first and the last element are others in each call. `element` is made from a number `v`.
#define LIST(export, name, type, element)                                                      \
  IMPORT("lists", export) u64 pass_##name(u32, u32, const type *, u32);                        \
  static inline type name##_element(u64 v) { return element; }                                 \
  static type *name##_values;                                                                  \
  static void make_##name(void) {                                                              \
    name##_values = allocate(count * sizeof(type));                                            \
    for (u32 j = 0; j < count; j++) name##_values[j] = name##_element(original(j));            \
  }                                                                                            \
  static inline u64 name##_once(u32 i, u32 step) {                                             \
    if (name##_values == NULL) make_##name();                                                  \
    name##_values[0] = name##_element(spread(i));                                              \
    name##_values[count - 1] = name##_element(spread(i) + SPREAD);                             \
    return pass_##name(i, step, name##_values, count);                                         \
  }                                                                                            \
  LOOP(export, name, name##_once)

LIST("u8s", u8s, u8, (u8)v)
LIST("u32s", u32s, u32, (u32)v)
LIST("f64s", f64s, f64, number(v))
LIST("tuples", tuples, two_numbers, ((two_numbers){(u32)v, (u32)(v >> 32)}))
LIST("bools", bools, u8, v & 1)
LIST("chars", chars, u32, 0x41 + (v & 0x3fff))
LIST("pairs", pairs, pair, ((pair){(u8)v, rotate(v, 13)}))

// Lists of lists: the first byte of the first and of the last of them are others in each call.
static byte_list inner[INNER];

IMPORT("lists", "strings") u64 pass_strings(u32, u32, const byte_list *, u32);
IMPORT("lists", "byte-lists") u64 pass_byte_lists(u32, u32, const byte_list *, u32);

static inline void change_inner(u32 i) {
  if (inner[0].at == NULL) {
    u8 *letters = make_letters(INNER * INNER_BYTES);
    for (u32 j = 0; j < INNER; j++) inner[j] = (byte_list){letters + j * INNER_BYTES, INNER_BYTES};
  }
  inner[0].at[0] = letter(i);
  inner[INNER - 1].at[0] = letter(i);
}

static inline u64 strings_once(u32 i, u32 step) {
  change_inner(i);
  return pass_strings(i, step, inner, INNER);
}

static inline u64 byte_lists_once(u32 i, u32 step) {
  change_inner(i);
  return pass_byte_lists(i, step, inner, INNER);
}

LOOP("strings", strings, strings_once)
LOOP("byte-lists", byte_lists, byte_lists_once)

// What is returned is ours.
IMPORT("lists", "string-returned") void return_string(u32, byte_list *);
IMPORT("lists", "bytes-returned") void return_bytes(u32, byte_list *);

static inline u64 take(u32 i, u32 step, byte_list list) {
  HASH_ELEMENTS(hash, i, step, list.count, list.at[j]);
  free(list.at);
  return hash;
}

static inline u64 string_returned_once(u32 i, u32 step) {
  byte_list result;
  return_string(i, &result);
  return take(i, step, result);
}

static inline u64 bytes_returned_once(u32 i, u32 step) {
  byte_list result;
  return_bytes(i, &result);
  return take(i, step, result);
}

LOOP("string-returned", string_returned, string_returned_once)
LOOP("bytes-returned", bytes_returned, bytes_returned_once)

// What the allocator takes alone. The first byte of each block is written and read again.
static u8 *volatile block;

static inline u64 allocate_once(u32 i, u32 step) {
  (void)step;
  block = cabi_realloc(NULL, 0, 1, count);
  block[0] = (u8)i;
  u64 first = block[0];
  free(block);
  return first;
}

static inline u64 allocate_many_once(u32 i, u32 step) {
  (void)step;
  static byte_list blocks[INNER];
  for (u32 j = 0; j < INNER; j++) {
    blocks[j].at = cabi_realloc(NULL, 0, 1, INNER_BYTES);
    blocks[j].at[0] = (u8)(i + j);
  }
  u64 hash = 0;
  for (u32 j = 0; j < INNER; j++) {
    hash = hash * 31 + blocks[j].at[0];
    free(blocks[j].at);
  }
  return hash;
}

LOOP("allocate", allocate_loop, allocate_once)
LOOP("allocate-many", allocate_many, allocate_many_once)
