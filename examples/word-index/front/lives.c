/* How many indexes and sessions there are, while some are made, lent, merged, given back and dropped. */

#include "shelves.h"

#include <stdlib.h>

typedef exports_docs_words_library_list_count_t count_list;

/* All steps but those of opening, of which there is one for each shelf. */
#define OTHER_STEPS 6

static void count(count_list *counts, const char *step) {
  exports_docs_words_library_count_t *entry = &counts->ptr[counts->len++];
  front_string_dup(&entry->step, step);
  entry->indexes = docs_words_indexing_living();
  entry->sessions = docs_words_sessions_living();
}

/* An index of the shelves' names; without documents where it refuses them. */
static docs_words_indexing_own_index_t catalogue(const shelf_list *shelves) {
  docs_words_indexing_own_index_t index = docs_words_indexing_constructor_index(NULL);
  docs_words_indexing_list_document_t names = {.ptr = room_for(shelves->len, sizeof *names.ptr), .len = shelves->len};
  for (size_t i = 0; i < shelves->len; i++) {
    names.ptr[i] = (docs_words_indexing_document_t){.title = shelves->ptr[i].name, .text = shelves->ptr[i].name};
  }
  uint32_t added;
  docs_words_indexing_problem_t problem;
  if (!docs_words_indexing_method_index_add(docs_words_indexing_borrow_index(index), &names, &added, &problem)) {
    docs_words_indexing_problem_free(&problem);
  }
  free(names.ptr);
  return index;
}

static void absorb(session_list sessions, const shelf_list *shelves, count_list *counts) {
  docs_words_indexing_own_index_t other = catalogue(shelves);
  count(counts, "catalogue made");
  docs_words_indexing_problem_t problem;
  bool absorbed = docs_words_sessions_method_session_absorb(docs_words_sessions_borrow_session(sessions.ptr[0]),
                                                            docs_words_indexing_borrow_index(other), &problem);
  if (!absorbed) docs_words_indexing_problem_free(&problem);
  docs_words_indexing_index_drop_own(other);
  count(counts, absorbed ? "catalogue absorbed and dropped" : "catalogue refused and dropped");
}

static void gather(session_list *sessions, count_list *counts) {
  docs_words_sessions_own_session_t session;
  docs_words_sessions_apart_t apart;
  bool gathered = docs_words_sessions_gather(sessions, &session, &apart);
  free(sessions->ptr);
  if (!gathered) {
    docs_words_indexing_problem_free(&apart.problem);
    count(counts, "kept apart");
    sessions_drop(&apart.sessions);
    return;
  }
  count(counts, "gathered");
  docs_words_sessions_tuple2_own_index_list_asked_t left;
  docs_words_sessions_static_session_finish(session, &left);
  count(counts, "finished");
  docs_words_sessions_list_asked_free(&left.f1);
  docs_words_indexing_index_drop_own(left.f0);
}

void exports_docs_words_library_lives(shelf_list *shelves, count_list *counts) {
  *counts = (count_list){.ptr = room_for(shelves->len + OTHER_STEPS, sizeof *counts->ptr)};
  count(counts, "begun");
  session_list sessions = {.ptr = room_for(shelves->len, sizeof *sessions.ptr)};
  for (size_t i = 0; i < shelves->len; i++) {
    failure why;
    bool opened = shelf_open(&shelves->ptr[i], &sessions.ptr[sessions.len], &why);
    if (opened) {
      sessions.len += 1;
    } else {
      exports_docs_words_library_failure_free(&why);
    }
    count(counts, opened ? "opened" : "refused");
  }
  if (sessions.len > 0) absorb(sessions, shelves, counts);
  gather(&sessions, counts);
  count(counts, "dropped");
  exports_docs_words_library_list_shelf_free(shelves);
}
