#include "query.h"

#include <stdlib.h>

static bool is_space(uint16_t unit) { return unit == u' ' || unit == u'\t' || unit == u'\n'; }

static bool is(session_keeper_string_t token, uint16_t unit) { return token.len == 1 && token.ptr[0] == unit; }

/* The next stretch without white space; empty at the end. */
static session_keeper_string_t token(session_keeper_string_t text, size_t *at) {
  while (*at < text.len && is_space(text.ptr[*at])) *at += 1;
  size_t start = *at;
  while (*at < text.len && !is_space(text.ptr[*at])) *at += 1;
  return (session_keeper_string_t){.ptr = text.ptr + start, .len = *at - start};
}

static bool holds(session_keeper_string_t word, uint16_t unit) {
  for (size_t i = 0; i < word.len; i++) {
    if (word.ptr[i] == unit) return true;
  }
  return false;
}

/* Whether bars stand between all words or between none. */
static bool set_tag(size_t words, size_t bars, docs_words_indexing_query_t *query, const char16_t **why) {
  query->tag = bars > 0 ? DOCS_WORDS_INDEXING_QUERY_ANY : DOCS_WORDS_INDEXING_QUERY_EVERY;
  if (bars == 0 || bars + 1 == words) return true;
  *why = u"| stands between all words or between none";
  return false;
}

static bool fill(session_keeper_string_t text, session_keeper_list_string_t *words, size_t *bars,
                 const char16_t **why) {
  bool after_bar = true;
  size_t at = 0;
  for (session_keeper_string_t next = token(text, &at); next.len > 0; next = token(text, &at)) {
    if (is(next, u'|')) {
      if (after_bar) {
        *why = u"| has no word before it";
        return false;
      }
      *bars += 1;
      after_bar = true;
      continue;
    }
    if (holds(next, u'|') || holds(next, u'*')) {
      *why = u"* ends a single word, | stands alone";
      return false;
    }
    words->ptr[words->len++] = next;
    after_bar = false;
  }
  return true;
}

bool query_read(session_keeper_string_t text, docs_words_indexing_query_t *query, const char16_t **why) {
  size_t at = 0;
  session_keeper_string_t first = token(text, &at);
  bool alone = token(text, &at).len == 0;
  if (alone && first.len > 0 && first.ptr[first.len - 1] == u'*') {
    first.len -= 1;
    if (!holds(first, u'*') && !holds(first, u'|')) {
      query->tag = DOCS_WORDS_INDEXING_QUERY_PREFIX;
      query->val.prefix = first;
      return true;
    }
  }

  /* Every second unit at most begins a word. */
  session_keeper_list_string_t words = {.ptr = malloc((text.len / 2 + 1) * sizeof(session_keeper_string_t))};
  if (!words.ptr) abort();
  size_t bars = 0;
  if (!fill(text, &words, &bars, why) || !set_tag(words.len, bars, query, why)) {
    free(words.ptr);
    return false;
  }
  query->val.every = words; /* `any` lies at the same place. */
  return true;
}

void query_free(docs_words_indexing_query_t *query) {
  if (query->tag != DOCS_WORDS_INDEXING_QUERY_PREFIX) free(query->val.every.ptr);
}
