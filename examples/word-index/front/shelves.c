#include "shelves.h"

#include <stdlib.h>

void *room_for(size_t count, size_t size) {
  if (count == 0) return NULL;
  if (count > SIZE_MAX / size) abort();
  void *room = malloc(count * size);
  if (!room) abort();
  return room;
}

front_string_t string_copy(front_string_t text) {
  front_string_t copy = {0};
  if (text.len > 0) front_string_dup_n(&copy, (const char *)text.ptr, text.len);
  return copy;
}

bool shelf_open(const shelf *from, docs_words_sessions_own_session_t *opened, failure *why) {
  uint32_t shortest = from->shortest.val;
  docs_words_indexing_own_index_t index = docs_words_indexing_constructor_index(from->shortest.is_some ? &shortest : NULL);
  uint32_t count;
  docs_words_indexing_list_document_t documents = {.ptr = from->documents.ptr, .len = from->documents.len};
  if (!docs_words_indexing_method_index_add(docs_words_indexing_borrow_index(index), &documents, &count,
                                            &why->val.shelf.f1)) {
    docs_words_indexing_index_drop_own(index);
    why->tag = EXPORTS_DOCS_WORDS_LIBRARY_FAILURE_SHELF;
    why->val.shelf.f0 = string_copy(from->name);
    return false;
  }
  *opened = docs_words_sessions_constructor_session(index);
  return true;
}

bool shelves_open(const shelf_list *shelves, session_list *opened, failure *why) {
  *opened = (session_list){.ptr = room_for(shelves->len, sizeof *opened->ptr)};
  for (size_t i = 0; i < shelves->len; i++) {
    if (!shelf_open(&shelves->ptr[i], &opened->ptr[i], why)) {
      sessions_drop(opened);
      return false;
    }
    opened->len += 1;
  }
  return true;
}

void sessions_drop(session_list *sessions) {
  for (size_t i = 0; i < sessions->len; i++) docs_words_sessions_session_drop_own(sessions->ptr[i]);
  free(sessions->ptr);
  *sessions = (session_list){0};
}
