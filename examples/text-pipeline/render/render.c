/* The renderer of the text pipeline, and the way in: has a source parsed, has the blocks transformed, and renders them.
 * Its strings are UTF-16; it reads no source text and changes no document. */

#include "formats.h"

#include <stdlib.h>

#define NARROWEST 20
#define USUAL_WIDTH 72

typedef exports_docs_text_pages_settings_t settings;

/* Parses and transforms; takes the source over. */
static bool arrange(renderer_string_t *source, const settings *settings, docs_text_transform_document_t *document,
                    docs_text_parse_problem_t *problem) {
  docs_text_parse_list_placed_t blocks;
  bool parsed = docs_text_parse_blocks(source, &blocks, problem);
  renderer_string_free(source);
  if (!parsed) return false;

  docs_text_transform_options_t options = {.features = settings->features};
  options.quotes.is_some = settings->quotes.is_some;
  options.quotes.val = settings->quotes.val;
  options.contents_depth = settings->contents_depth;
  bool arranged = docs_text_transform_arrange((void *)&blocks, &options, document, problem);
  docs_text_parse_list_placed_free(&blocks);
  return arranged;
}

static renderer_string_t text(const docs_text_transform_document_t *document, const settings *settings) {
  buffer rendered = {0};
  if (settings->format == EXPORTS_DOCS_TEXT_PAGES_FORMAT_HTML) {
    render_html(&rendered, document);
  } else {
    size_t width = settings->width.is_some ? settings->width.val : USUAL_WIDTH;
    render_plain(&rendered, document, width < NARROWEST ? NARROWEST : width);
  }
  return buffer_take(&rendered);
}

bool exports_docs_text_pages_render(renderer_string_t *source, renderer_string_t *rendered,
                                    exports_docs_text_pages_problem_t *problem) {
  settings usual = {
      .format = EXPORTS_DOCS_TEXT_PAGES_FORMAT_HTML,
      .features = DOCS_TEXT_TRANSFORM_FEATURES_NUMBER_HEADINGS | DOCS_TEXT_TRANSFORM_FEATURES_ANCHORS,
      .quotes = {.is_some = true, .val = {.f0 = U'\u201C', .f1 = U'\u201D'}},
  };
  docs_text_transform_document_t document;
  if (!arrange(source, &usual, &document, problem)) return false;
  *rendered = text(&document, &usual);
  docs_text_transform_document_free(&document);
  return true;
}

bool exports_docs_text_pages_render_with(renderer_string_t *source, settings *settings,
                                         exports_docs_text_pages_page_t *page,
                                         exports_docs_text_pages_problem_t *problem) {
  docs_text_transform_document_t document;
  if (!arrange(source, settings, &document, problem)) return false;
  page->text = text(&document, settings);

  /* What the page keeps moves over, so that freeing the document leaves it alone. */
  page->title = document.title;
  page->contents.ptr = document.contents.ptr;
  page->contents.len = document.contents.len;
  page->statistics = document.statistics;
  document.title.is_some = false;
  document.contents.len = 0;
  document.statistics.longest_word.is_some = false;
  docs_text_transform_document_free(&document);
  return true;
}
