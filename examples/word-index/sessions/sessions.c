/* The resource `session`: owns an index of another component, asks it, and remembers what was asked. */

#include "query.h"

#include <stdlib.h>
#include <string.h>

typedef exports_docs_words_sessions_asked_t asked;
typedef exports_docs_words_sessions_fault_t fault;
typedef exports_docs_words_sessions_list_hit_t hits;
typedef exports_docs_words_sessions_own_session_t own_session;
typedef exports_docs_words_sessions_problem_t problem;
typedef exports_docs_words_sessions_session_t session;

/* No handle has the index 0. */
#define NO_INDEX ((docs_words_indexing_own_index_t){.__handle = 0})

struct exports_docs_words_sessions_session_t {
  docs_words_indexing_own_index_t index;
  exports_docs_words_sessions_list_asked_t history;
  size_t room;
};

static uint32_t alive = 0;

uint32_t exports_docs_words_sessions_living(void) { return alive; }

own_session exports_docs_words_sessions_constructor_session(docs_words_indexing_own_index_t index) {
  session *made = malloc(sizeof *made);
  if (!made) abort();
  *made = (session){.index = index};
  alive += 1;
  return exports_docs_words_sessions_session_new(made);
}

void exports_docs_words_sessions_session_destructor(session *old) {
  if (old->index.__handle != NO_INDEX.__handle) docs_words_indexing_index_drop_own(old->index);
  exports_docs_words_sessions_list_asked_free(&old->history);
  free(old);
  alive -= 1;
}

/* Notes a query, and takes its text over. */
static void note(session *self, asked entry) {
  if (self->history.len == self->room) {
    self->room = self->room == 0 ? 4 : 2 * self->room;
    self->history.ptr = realloc(self->history.ptr, self->room * sizeof(asked));
    if (!self->history.ptr) abort();
  }
  self->history.ptr[self->history.len++] = entry;
}

static bool ask(const session *self, session_keeper_string_t text, hits *found, fault *why) {
  docs_words_indexing_query_t query;
  const char16_t *unreadable;
  if (!query_read(text, &query, &unreadable)) {
    why->tag = EXPORTS_DOCS_WORDS_SESSIONS_FAULT_UNREADABLE;
    session_keeper_string_dup(&why->val.unreadable, unreadable);
    return false;
  }
  why->tag = EXPORTS_DOCS_WORDS_SESSIONS_FAULT_REFUSED;
  bool answered = docs_words_indexing_method_index_find(docs_words_indexing_borrow_index(self->index), &query,
                                                        (void *)found, &why->val.refused);
  query_free(&query);
  return answered;
}

bool exports_docs_words_sessions_method_session_ask(session *self, session_keeper_string_t *text, hits *found,
                                                    fault *why) {
  bool answered = ask(self, *text, found, why);
  asked entry = {.text = *text, .hits = {.is_some = answered}};
  if (answered) entry.hits.val = (uint32_t)found->len;
  note(self, entry);
  return answered;
}

/* Takes over whichever index comes back: the merged one or the old one. */
static bool absorb(docs_words_indexing_own_index_t *into, docs_words_indexing_borrow_index_t other, problem *why) {
  docs_words_indexing_refusal_t refusal;
  if (docs_words_indexing_static_index_merge(*into, other, into, &refusal)) return true;
  *into = refusal.base;
  *why = refusal.problem;
  return false;
}

bool exports_docs_words_sessions_method_session_absorb(session *self, docs_words_indexing_borrow_index_t other,
                                                       problem *why) {
  bool absorbed = absorb(&self->index, other, why);
  docs_words_indexing_index_drop_borrow(other);
  return absorbed;
}

void exports_docs_words_sessions_static_session_finish(
    own_session ended, exports_docs_words_sessions_tuple2_own_index_list_asked_t *left) {
  session *self = exports_docs_words_sessions_session_rep(ended);
  left->f0 = self->index;
  left->f1 = self->history;
  self->index = NO_INDEX;
  self->history = (exports_docs_words_sessions_list_asked_t){0};
  exports_docs_words_sessions_session_drop_own(ended);
}

static bool best(exports_docs_words_sessions_list_borrow_session_t sessions, session_keeper_string_t text,
                 session_keeper_option_u32_t *place, fault *why) {
  size_t most = 0;
  place->is_some = false;
  for (size_t i = 0; i < sessions.len; i++) {
    hits found;
    if (!ask(sessions.ptr[i], text, &found, why)) return false;
    if (found.len > most) {
      most = found.len;
      *place = (session_keeper_option_u32_t){.is_some = true, .val = (uint32_t)i};
    }
    exports_docs_words_sessions_list_hit_free(&found);
  }
  return true;
}

bool exports_docs_words_sessions_best(exports_docs_words_sessions_list_borrow_session_t *sessions,
                                      session_keeper_string_t *text, session_keeper_option_u32_t *place, fault *why) {
  bool answered = best(*sessions, *text, place, why);
  exports_docs_words_sessions_list_borrow_session_free(sessions);
  session_keeper_string_free(text);
  return answered;
}

/* Moves the history of one session behind that of another. */
static void hand_on(session *from, session *to) {
  for (size_t i = 0; i < from->history.len; i++) note(to, from->history.ptr[i]);
  free(from->history.ptr); /* The texts are `to`'s now. */
  from->history = (exports_docs_words_sessions_list_asked_t){0};
  from->room = 0;
}

bool exports_docs_words_sessions_gather(exports_docs_words_sessions_list_own_session_t *sessions,
                                        own_session *gathered, exports_docs_words_sessions_apart_t *apart) {
  docs_words_indexing_own_index_t whole = docs_words_indexing_constructor_index(NULL);
  for (size_t i = 0; i < sessions->len; i++) {
    const session *next = exports_docs_words_sessions_session_rep(sessions->ptr[i]);
    if (absorb(&whole, docs_words_indexing_borrow_index(next->index), &apart->problem)) continue;
    docs_words_indexing_index_drop_own(whole);
    apart->sessions = *sessions;
    return false;
  }

  *gathered = exports_docs_words_sessions_constructor_session(whole);
  session *into = exports_docs_words_sessions_session_rep(*gathered);
  for (size_t i = 0; i < sessions->len; i++) {
    hand_on(exports_docs_words_sessions_session_rep(sessions->ptr[i]), into);
    exports_docs_words_sessions_session_drop_own(sessions->ptr[i]);
  }
  exports_docs_words_sessions_list_own_session_free(sessions);
  return true;
}
