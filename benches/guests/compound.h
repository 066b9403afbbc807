// Values of the interface `compound` in memory, as the canonical ABI lays them out. A field of a record is of the kinds by turns; a turn of
// them takes as much in the record as it does alone.
#pragma once

#include "guest.h"

typedef struct {
  u8 is_some;
  u32 value;
} option_value;

typedef struct {
  u8 is_error;
  u64 value;
} result_value;

typedef struct {
  u8 shape;
  u64 value;
} variant_value;

typedef struct {
  u8 a;
  u16 b;
  u32 c;
  u64 d;
  f64 e;
} five_numbers;

typedef struct {
  five_numbers fields[4];
} numbers;

typedef struct {
  option_value option;
  result_value result;
  variant_value variant;
} three_cases;

typedef struct {
  three_cases fields[6];
  option_value option;
  result_value result;
} cases;

_Static_assert(sizeof(numbers) == 96, "the record has no more padding");
_Static_assert(sizeof(cases) == 264, "the record has no more padding");

static inline f64 number(u64 v) { return (f64)(u32)v; }

static inline option_value option_of(u64 v) { return (option_value){v & 1, (u32)v}; }

static inline u64 option_hash(option_value value) { return value.is_some ? value.value : 9; }

static inline result_value result_of(u64 v) { return (result_value){v & 1, v & 1 ? v : (u16)v}; }

static inline u64 result_hash(result_value value) { return value.is_error ? value.value : (u16)value.value; }

static inline variant_value variant_of(u64 v) {
  switch (v & 3) {
    case 0: return (variant_value){0, (u32)v};
    case 1: return (variant_value){1, bits(number(v))};
    case 2: return (variant_value){2, (u16)v};
    default: return (variant_value){3, 0};
  }
}

static inline u64 variant_hash(variant_value value) {
  switch (value.shape) {
    case 0: return (u32)value.value;
    case 1: return value.value;
    case 2: return (u16)value.value;
    default: return 11;
  }
}

// Both make a record field by field, each from another number.
static inline void make_numbers(numbers *record, u64 v) {
#pragma clang loop unroll(full)
  for (int n = 0; n < 4; n++) {
    five_numbers *fields = &record->fields[n];
    fields->a = (u8)v;
    fields->b = (u16)(v += SPREAD);
    fields->c = (u32)(v += SPREAD);
    fields->d = v += SPREAD;
    fields->e = number(v += SPREAD);
    v += SPREAD;
  }
}

static inline void make_cases(cases *record, u64 v) {
#pragma clang loop unroll(full)
  for (int n = 0; n < 6; n++) {
    three_cases *fields = &record->fields[n];
    fields->option = option_of(v);
    fields->result = result_of(v += SPREAD);
    fields->variant = variant_of(v += SPREAD);
    v += SPREAD;
  }
  record->option = option_of(v);
  record->result = result_of(v + SPREAD);
}

static inline u64 numbers_hash(const numbers *record) {
  u64 h = 0;
#pragma clang loop unroll(full)
  for (int n = 0; n < 4; n++) {
    const five_numbers *fields = &record->fields[n];
    h = h * 31 + fields->a;
    h = h * 31 + fields->b;
    h = h * 31 + fields->c;
    h = h * 31 + fields->d;
    h = h * 31 + bits(fields->e);
  }
  return h;
}

static inline u64 cases_hash(const cases *record) {
  u64 h = 0;
#pragma clang loop unroll(full)
  for (int n = 0; n < 6; n++) {
    const three_cases *fields = &record->fields[n];
    h = h * 31 + option_hash(fields->option);
    h = h * 31 + result_hash(fields->result);
    h = h * 31 + variant_hash(fields->variant);
  }
  h = h * 31 + option_hash(record->option);
  return h * 31 + result_hash(record->result);
}
