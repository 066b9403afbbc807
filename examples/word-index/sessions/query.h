/* Queries, read from what was typed. */
#pragma once

#include "session_keeper.h"

/* Reads `a b`, `a | b` or `a*`. The words of the query are parts of the text; query_free frees what holds them.
 * Where the text is none of these, returns false and says why, as a static text. */
bool query_read(session_keeper_string_t text, docs_words_indexing_query_t *query, const char16_t **why);

void query_free(docs_words_indexing_query_t *query);
