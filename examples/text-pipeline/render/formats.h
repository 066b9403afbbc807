/* The formats a document can be rendered to. Each appends to a buffer and frees nothing of the document. */
#pragma once

#include "buffer.h"

void render_html(buffer *to, const docs_text_transform_document_t *document);

/* Text in columns of at most `width` characters, where words allow it. */
void render_plain(buffer *to, const docs_text_transform_document_t *document, size_t width);
