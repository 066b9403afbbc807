/* The way in: plain values come and go, and every index and session that is made on the way is dropped again. */

#include "shelves.h"

#include <stdlib.h>

typedef exports_docs_words_library_answer_t answer;
typedef exports_docs_words_library_list_answer_t answer_list;
typedef exports_docs_words_library_option_frequency_t option_frequency;
typedef exports_docs_words_library_whole_t whole;

/* Asks the best of the sessions. The text stays the caller's. */
static bool answer_one(session_list sessions, const shelf_list *shelves, front_string_t text, answer *given,
                       docs_words_sessions_fault_t *why) {
  docs_words_sessions_list_borrow_session_t lent = {.ptr = room_for(sessions.len, sizeof *lent.ptr), .len = sessions.len};
  for (size_t i = 0; i < sessions.len; i++) lent.ptr[i] = docs_words_sessions_borrow_session(sessions.ptr[i]);
  front_option_u32_t place;
  bool answered = docs_words_sessions_best(&lent, &text, &place, why);
  *given = (answer){0};
  if (answered && place.is_some) {
    answered = docs_words_sessions_method_session_ask(lent.ptr[place.val], &text, (void *)&given->hits, why);
    given->shelf.is_some = answered;
    if (answered) given->shelf.val = string_copy(shelves->ptr[place.val].name);
  }
  free(lent.ptr);
  return answered;
}

static bool search(const shelf_list *shelves, const front_list_string_t *queries, answer_list *answers, failure *why) {
  session_list sessions;
  if (!shelves_open(shelves, &sessions, why)) return false;
  *answers = (answer_list){.ptr = room_for(queries->len, sizeof *answers->ptr)};
  bool answered = true;
  while (answered && answers->len < queries->len) {
    answered = answer_one(sessions, shelves, queries->ptr[answers->len], &answers->ptr[answers->len], &why->val.query);
    if (answered) answers->len += 1;
  }
  if (!answered) {
    why->tag = EXPORTS_DOCS_WORDS_LIBRARY_FAILURE_QUERY;
    exports_docs_words_library_list_answer_free(answers);
    if (answers->len == 0) free(answers->ptr);
  }
  sessions_drop(&sessions);
  return answered;
}

bool exports_docs_words_library_search(shelf_list *shelves, front_list_string_t *queries, answer_list *answers,
                                       failure *why) {
  bool answered = search(shelves, queries, answers, why);
  exports_docs_words_library_list_shelf_free(shelves);
  front_list_string_free(queries);
  return answered;
}

/* Takes the sessions over, whether they can be gathered or not. */
static bool gather(session_list *sessions, docs_words_sessions_own_session_t *gathered, failure *why) {
  docs_words_sessions_apart_t apart;
  bool together = docs_words_sessions_gather(sessions, gathered, &apart);
  free(sessions->ptr);
  if (!together) {
    sessions_drop(&apart.sessions);
    why->tag = EXPORTS_DOCS_WORDS_LIBRARY_FAILURE_GATHERING;
    why->val.gathering = apart.problem;
  }
  return together;
}

static void ask_all(docs_words_sessions_own_session_t session, const front_list_string_t *queries) {
  for (size_t i = 0; i < queries->len; i++) {
    docs_words_sessions_list_hit_t hits;
    docs_words_sessions_fault_t fault;
    if (docs_words_sessions_method_session_ask(docs_words_sessions_borrow_session(session), &queries->ptr[i], &hits,
                                               &fault)) {
      docs_words_sessions_list_hit_free(&hits);
    } else {
      docs_words_sessions_fault_free(&fault);
    }
  }
}

bool exports_docs_words_library_survey(shelf_list *shelves, front_list_string_t *queries, front_list_string_t *words,
                                       uint32_t most, whole *result, failure *why) {
  session_list sessions;
  docs_words_sessions_own_session_t session;
  bool gathered = shelves_open(shelves, &sessions, why) && gather(&sessions, &session, why);
  if (gathered) {
    ask_all(session, queries);
    docs_words_sessions_tuple2_own_index_list_asked_t left;
    docs_words_sessions_static_session_finish(session, &left);
    docs_words_indexing_borrow_index_t index = docs_words_indexing_borrow_index(left.f0);
    docs_words_indexing_method_index_statistics(index, most, &result->statistics);
    result->words.ptr = room_for(words->len, sizeof(option_frequency));
    result->words.len = words->len;
    for (size_t i = 0; i < words->len; i++) {
      option_frequency *found = &result->words.ptr[i];
      found->is_some = docs_words_indexing_method_index_look_up(index, &words->ptr[i], &found->val);
    }
    result->asked.ptr = left.f1.ptr;
    result->asked.len = left.f1.len;
    docs_words_indexing_index_drop_own(left.f0);
  }
  exports_docs_words_library_list_shelf_free(shelves);
  front_list_string_free(queries);
  front_list_string_free(words);
  return gathered;
}
