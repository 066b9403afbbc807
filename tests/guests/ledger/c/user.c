// Uses accounts from C. What a function is given stays the caller's, and what it returns is, too.
#include "user.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME(name) gusset_ledger_accounts_##name

typedef NAME(own_account_t) own_account_t;
typedef NAME(borrow_account_t) borrow_account_t;
typedef NAME(entry_t) entry_t;
typedef NAME(problem_t) problem_t;

enum { INCOME = GUSSET_LEDGER_ACCOUNTS_KINDS_INCOME, EXPENSE = GUSSET_LEDGER_ACCOUNTS_KINDS_EXPENSE };
enum { AS_WRITTEN = GUSSET_LEDGER_ACCOUNTS_ORDER_AS_WRITTEN, BY_AMOUNT = GUSSET_LEDGER_ACCOUNTS_ORDER_BY_AMOUNT };

static user_list_string_t *lines;

static void line(const char *format, ...) {
  char text[1000];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  lines->ptr = realloc(lines->ptr, (lines->len + 1) * sizeof *lines->ptr);
  if (lines->ptr == NULL) abort();
  user_string_dup(&lines->ptr[lines->len++], text);
}

static user_string_t text(const char *chars) {
  user_string_t string;
  user_string_set(&string, chars);
  return string;
}

static void problem(const char *before, problem_t *problem) {
  user_tuple2_u8_string_t told;
  NAME(describe)(problem, &told);
  line("%sproblem %d: %.*s", before, told.f0, (int)told.f1.len, told.f1.ptr);
  user_tuple2_u8_string_free(&told);
}

static void show(const entry_t *entry) {
  char tags[600] = "";
  for (size_t i = 0, at = 0; i < entry->tags.len; i++) {
    const user_string_t *tag = &entry->tags.ptr[i];
    at += snprintf(tags + at, sizeof tags - at, "%s%.*s", i > 0 ? "," : "", (int)tag->len, tag->ptr);
  }
  line("%.*s %d [%s]", (int)entry->text.len, entry->text.ptr, (int)entry->amount, tags);
}

static void show_largest(own_account_t account) {
  entry_t largest;
  if (!NAME(method_account_largest)(NAME(borrow_account)(account), &largest)) {
    line("nothing");
    return;
  }
  show(&largest);
  NAME(entry_free)(&largest);
}

static void enter(own_account_t account, const char *what, int32_t amount, size_t count, const char *const *tags) {
  user_string_t list[3];
  for (size_t i = 0; i < count; i++) list[i] = text(tags[i]);
  entry_t entry = {text(what), amount, {list, count}};
  int64_t balance;
  problem_t error;
  char before[100];
  if (NAME(method_account_enter)(NAME(borrow_account)(account), &entry, &balance, &error)) {
    line("%s: %lld", what, (long long)balance);
  } else {
    snprintf(before, sizeof before, "%s: ", what);
    problem(before, &error);
    NAME(problem_free)(&error);
  }
}

static void close_account(own_account_t account) {
  int64_t balance;
  problem_t error;
  if (NAME(method_account_close)(NAME(borrow_account)(account), &balance, &error)) {
    line("closed with %lld", (long long)balance);
  } else {
    problem("", &error);
  }
}

static NAME(list_entry_t) entries(own_account_t account, NAME(order_t) order, NAME(kinds_t) kinds) {
  NAME(list_entry_t) found;
  NAME(method_account_entries)(NAME(borrow_account)(account), order, kinds, &found);
  return found;
}

static void count(own_account_t account, NAME(kinds_t) kinds) {
  NAME(list_entry_t) found = entries(account, AS_WRITTEN, kinds);
  line("%zu", found.len);
  NAME(list_entry_free)(&found);
}

static int64_t total(size_t count, borrow_account_t *accounts) {
  NAME(list_borrow_account_t) list = {accounts, count};
  return NAME(total)(&list);
}

static own_account_t account_of(const char *owner, int64_t balance) {
  user_string_t name = text(owner);
  return NAME(constructor_account)(&name, balance);
}

static own_account_t first_account(void) {
  own_account_t ada = account_of("Ada", 0);
  enter(ada, "wage", 1200, 2, (const char *[]){"work", "may"});
  enter(ada, "rent", -700, 1, (const char *[]){"home"});
  enter(ada, "car", -800, 0, NULL);
  enter(ada, "", 1, 0, NULL);
  NAME(list_entry_t) all = entries(ada, BY_AMOUNT, INCOME | EXPENSE);
  for (size_t i = 0; i < all.len; i++) show(&all.ptr[i]);
  NAME(list_entry_free)(&all);
  count(ada, EXPENSE);
  count(ada, 0);
  show_largest(ada);
  return ada;
}

static void several_accounts(own_account_t ada) {
  user_string_t owners[] = {text("Grace"), text("Barbara")};
  user_list_string_t names = {owners, 2};
  NAME(list_own_account_t) opened;
  NAME(open)(&names, &opened);
  own_account_t grace = opened.ptr[0], barbara = opened.ptr[1];
  free(opened.ptr);
  show_largest(grace);
  enter(barbara, "book", 30, 2, (const char *[]){"a", "b"});
  own_account_t rich = account_of("Größe 🦀", 9007199254740992);
  char many[301];
  memset(many, 'x', 300);
  many[300] = '\0';
  enter(rich, "größe 🦀", 1, 3, (const char *[]){"ü", "", many});
  show_largest(rich);
  borrow_account_t lent = NAME(borrow_account)(barbara);
  int64_t sum = total(4, (borrow_account_t[]){NAME(borrow_account)(ada), NAME(borrow_account)(grace), lent, NAME(borrow_account)(rich)});
  line("total %lld of %u", (long long)sum, NAME(alive)());
  own_account_t both = NAME(static_account_merge)(ada, lent);
  borrow_account_t merged = NAME(borrow_account)(both);
  line("total %lld", (long long)total(3, (borrow_account_t[]){merged, lent, merged}));
  NAME(list_entry_t) income = entries(both, AS_WRITTEN, INCOME);
  show(&income.ptr[income.len - 1]);
  NAME(list_entry_free)(&income);
  NAME(account_drop_own)(barbara);
  line("alive %u", NAME(alive)());
  close_account(both);
  close_account(both);
  enter(both, "late", 1, 0, NULL);
  NAME(account_drop_own)(both);
  NAME(account_drop_own)(grace);
  NAME(account_drop_own)(rich);
  line("alive %u", NAME(alive)());
}

static void many_accounts(void) {
  for (int number = 0; number < 50; number++) {
    char name[20];
    snprintf(name, sizeof name, "%d", number);
    own_account_t account = account_of(name, 0);
    user_string_t tags[50];
    for (int i = 0; i < number; i++) tags[i] = text(name);
    entry_t entry = {text("x"), number, {tags, number}};
    int64_t balance;
    problem_t error;
    if (!NAME(method_account_enter)(NAME(borrow_account)(account), &entry, &balance, &error)) problem("", &error);
    NAME(account_drop_own)(account);
  }
  line("alive %u", NAME(alive)());
}

void exports_user_transcript(user_list_string_t *ret) {
  *ret = (user_list_string_t){NULL, 0};
  lines = ret;
  several_accounts(first_account());

  user_string_t sentence = text("  über den\tWolken \n muss "), nothing = text("");
  user_list_string_t words;
  NAME(split)(&sentence, &words);
  char joined[100] = "";
  for (size_t i = 0, at = 0; i < words.len; i++) {
    at += snprintf(joined + at, sizeof joined - at, "%s%.*s", i > 0 ? "|" : "", (int)words.ptr[i].len, words.ptr[i].ptr);
  }
  line("%s", joined);
  user_list_string_free(&words);
  NAME(split)(&nothing, &words);
  line("%zu", words.len);
  user_list_string_free(&words);
  problem("", NULL);
  problem_t unknown = {.tag = GUSSET_LEDGER_ACCOUNTS_PROBLEM_UNKNOWN, .val = {.unknown = text("é")}};
  problem("", &unknown);
  many_accounts();
}

void exports_user_ask_to_fail(user_string_t *message) {
  NAME(fail)(message);
  user_string_free(message);
}
