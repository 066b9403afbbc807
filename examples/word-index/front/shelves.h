/* The sessions of all shelves, in the order of the shelves. */
#pragma once

#include "front.h"

typedef exports_docs_words_library_failure_t failure;
typedef exports_docs_words_library_list_shelf_t shelf_list;
typedef exports_docs_words_library_shelf_t shelf;
typedef docs_words_sessions_list_own_session_t session_list;

/* A session over an index of the shelf's documents. The shelf stays the caller's. */
bool shelf_open(const shelf *from, docs_words_sessions_own_session_t *opened, failure *why);

/* One session for each shelf, or none at all. */
bool shelves_open(const shelf_list *shelves, session_list *opened, failure *why);

void sessions_drop(session_list *sessions);

/* Memory for `count` elements of `size` bytes each; NULL for none. */
void *room_for(size_t count, size_t size);

front_string_t string_copy(front_string_t text);
