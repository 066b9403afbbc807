// Accounts in C. What a function is given is its own, and what it returns is freed by the bindings.
#include "provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME(name) exports_gusset_ledger_accounts_##name

typedef NAME(account_t) account_t;
typedef NAME(borrow_account_t) borrow_account_t;
typedef NAME(own_account_t) own_account_t;
typedef NAME(entry_t) entry_t;
typedef NAME(list_entry_t) list_entry_t;
typedef NAME(problem_t) problem_t;

struct NAME(account_t) {
  provider_string_t owner;
  int64_t start;
  bool closed;
  list_entry_t written;
};

static uint32_t living = 0;

static void *allocate(void *old, size_t count, size_t size) {
  void *memory = realloc(old, count * size + 1); // Never nothing.
  if (memory == NULL) abort();
  return memory;
}

static provider_string_t copy_text(const provider_string_t *text) {
  provider_string_t copy;
  provider_string_dup_n(&copy, (const char *)text->ptr, text->len);
  return copy;
}

static entry_t copy_entry(const entry_t *entry) {
  entry_t copy = {copy_text(&entry->text), entry->amount, {NULL, entry->tags.len}};
  copy.tags.ptr = allocate(NULL, entry->tags.len, sizeof *copy.tags.ptr);
  for (size_t i = 0; i < entry->tags.len; i++) copy.tags.ptr[i] = copy_text(&entry->tags.ptr[i]);
  return copy;
}

static void push(list_entry_t *list, entry_t entry) {
  list->ptr = allocate(list->ptr, list->len + 1, sizeof *list->ptr);
  list->ptr[list->len++] = entry;
}

static int64_t balance(const account_t *account) {
  int64_t sum = account->start;
  for (size_t i = 0; i < account->written.len; i++) sum += account->written.ptr[i].amount;
  return sum;
}

// Takes the owner's name.
static own_account_t new_account(provider_string_t owner, int64_t start) {
  account_t *account = allocate(NULL, 1, sizeof *account);
  *account = (account_t){owner, start, false, {NULL, 0}};
  living++;
  return NAME(account_new)(account);
}

own_account_t NAME(constructor_account)(provider_string_t *owner, int64_t start) { return new_account(*owner, start); }

void NAME(account_destructor)(account_t *account) {
  provider_string_free(&account->owner);
  NAME(list_entry_free)(&account->written);
  free(account);
  living--;
}

static bool refuses(account_t *account, entry_t *entry, problem_t *problem) {
  if (account->closed) {
    problem->tag = EXPORTS_GUSSET_LEDGER_ACCOUNTS_PROBLEM_CLOSED;
    return true;
  }
  if (entry->text.len == 0) {
    char text[200];
    snprintf(text, sizeof text, "an entry of %.*s says nothing", (int)account->owner.len, account->owner.ptr);
    problem->tag = EXPORTS_GUSSET_LEDGER_ACCOUNTS_PROBLEM_UNKNOWN;
    provider_string_dup(&problem->val.unknown, text);
    return true;
  }
  int64_t then = balance(account) + entry->amount;
  if (then < 0) {
    problem->tag = EXPORTS_GUSSET_LEDGER_ACCOUNTS_PROBLEM_OVERDRAWN;
    problem->val.overdrawn = -then;
    return true;
  }
  return false;
}

bool NAME(method_account_enter)(borrow_account_t self, entry_t *entry, int64_t *ret, problem_t *err) {
  if (refuses(self, entry, err)) {
    NAME(entry_free)(entry);
    return false;
  }
  push(&self->written, *entry);
  *ret = balance(self);
  return true;
}

static int by_amount(const void *a, const void *b) {
  int32_t left = ((const entry_t *)a)->amount, right = ((const entry_t *)b)->amount;
  return (left > right) - (left < right);
}

void NAME(method_account_entries)(borrow_account_t self, NAME(order_t) order, NAME(kinds_t) kinds, list_entry_t *ret) {
  *ret = (list_entry_t){NULL, 0};
  for (size_t i = 0; i < self->written.len; i++) {
    entry_t *entry = &self->written.ptr[i];
    int kind = entry->amount >= 0 ? EXPORTS_GUSSET_LEDGER_ACCOUNTS_KINDS_INCOME : EXPORTS_GUSSET_LEDGER_ACCOUNTS_KINDS_EXPENSE;
    if (kinds & kind) push(ret, copy_entry(entry));
  }
  if (order == EXPORTS_GUSSET_LEDGER_ACCOUNTS_ORDER_BY_AMOUNT && ret->len > 0) {
    qsort(ret->ptr, ret->len, sizeof *ret->ptr, by_amount);
  }
}

bool NAME(method_account_largest)(borrow_account_t self, entry_t *ret) {
  const entry_t *best = NULL;
  for (size_t i = 0; i < self->written.len; i++) {
    const entry_t *entry = &self->written.ptr[i];
    if (best == NULL || labs(entry->amount) > labs(best->amount)) best = entry;
  }
  if (best != NULL) *ret = copy_entry(best);
  return best != NULL;
}

bool NAME(method_account_close)(borrow_account_t self, int64_t *ret, problem_t *err) {
  err->tag = EXPORTS_GUSSET_LEDGER_ACCOUNTS_PROBLEM_CLOSED;
  if (self->closed) return false;
  self->closed = true;
  *ret = balance(self);
  return true;
}

own_account_t NAME(static_account_merge)(own_account_t into, borrow_account_t from) {
  account_t *account = NAME(account_rep)(into);
  for (size_t i = 0; i < from->written.len; i++) push(&account->written, copy_entry(&from->written.ptr[i]));
  return into;
}

void NAME(open)(provider_list_string_t *owners, NAME(list_own_account_t) *ret) {
  ret->len = owners->len;
  ret->ptr = allocate(NULL, owners->len, sizeof *ret->ptr);
  for (size_t i = 0; i < owners->len; i++) ret->ptr[i] = new_account(owners->ptr[i], 0);
  free(owners->ptr); // The names in it belong to the accounts.
}

int64_t NAME(total)(NAME(list_borrow_account_t) *accounts) {
  int64_t sum = 0;
  for (size_t i = 0; i < accounts->len; i++) sum += balance(accounts->ptr[i]);
  NAME(list_borrow_account_free)(accounts);
  return sum;
}

void NAME(describe)(problem_t *problem, provider_tuple2_u8_string_t *ret) {
  if (problem == NULL) {
    ret->f0 = 0;
    provider_string_dup(&ret->f1, "none");
    return;
  }
  char text[400] = "closed";
  provider_string_t *unknown = &problem->val.unknown;
  switch (problem->tag) {
    case EXPORTS_GUSSET_LEDGER_ACCOUNTS_PROBLEM_OVERDRAWN:
      snprintf(text, sizeof text, "overdrawn by %lld", (long long)problem->val.overdrawn);
      break;
    case EXPORTS_GUSSET_LEDGER_ACCOUNTS_PROBLEM_UNKNOWN:
      snprintf(text, sizeof text, "unknown: %.*s", (int)unknown->len, unknown->ptr);
      break;
  }
  ret->f0 = problem->tag + 1;
  provider_string_dup(&ret->f1, text);
  NAME(problem_free)(problem);
}

void NAME(split)(provider_string_t *text, provider_list_string_t *ret) {
  *ret = (provider_list_string_t){NULL, 0};
  for (size_t at = 0; at < text->len;) {
    size_t start = at;
    while (at < text->len && strchr(" \t\n", text->ptr[at]) == NULL) at++;
    if (at > start) {
      ret->ptr = allocate(ret->ptr, ret->len + 1, sizeof *ret->ptr);
      provider_string_dup_n(&ret->ptr[ret->len++], (const char *)&text->ptr[start], at - start);
    }
    at++;
  }
  provider_string_free(text);
}

uint32_t NAME(alive)(void) { return living; }

void NAME(fail)(provider_string_t *message) {
  fprintf(stderr, "%.*s\n", (int)message->len, message->ptr);
  abort();
}
