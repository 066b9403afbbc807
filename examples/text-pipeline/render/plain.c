#include "formats.h"

/* A page of plain text while it is written. */
typedef struct {
  buffer *to;
  size_t width;
  /* The targets of the labelled links so far, which the page ends with. */
  buffer targets;
  uint32_t links;
} page;

/* What stands before the lines of a block: before the first, and before the others. */
typedef struct {
  buffer first;
  buffer others;
} margin;

static renderer_string_t text_of(const buffer *from) {
  return (renderer_string_t){.ptr = from->units, .len = from->length};
}

/* In characters: a low surrogate counts with the one before it. */
static size_t columns(renderer_string_t text) {
  size_t count = 0;
  for (size_t i = 0; i < text.len; i++) count += (text.ptr[i] & 0xFC00) != 0xDC00;
  return count;
}

static void repeat(buffer *to, uint16_t unit, size_t count) {
  while (count-- > 0) buffer_unit(to, unit);
}

/* A blank line between blocks. */
static void part(page *page) {
  if (page->to->length > 0) buffer_unit(page->to, u'\n');
}

static void styled(buffer *to, docs_text_parse_styled_t span) {
  if (span.style & DOCS_TEXT_PARSE_STYLE_STRONG) buffer_unit(to, u'*');
  if (span.style & DOCS_TEXT_PARSE_STYLE_EMPHASIS) buffer_unit(to, u'_');
  if (span.style & DOCS_TEXT_PARSE_STYLE_MONO) buffer_unit(to, u'`');
  buffer_string(to, span.text);
  if (span.style & DOCS_TEXT_PARSE_STYLE_MONO) buffer_unit(to, u'`');
  if (span.style & DOCS_TEXT_PARSE_STYLE_EMPHASIS) buffer_unit(to, u'_');
  if (span.style & DOCS_TEXT_PARSE_STYLE_STRONG) buffer_unit(to, u'*');
}

static void link(page *page, buffer *to, docs_text_parse_link_t link) {
  if (!link.label.is_some) {
    buffer_string(to, link.target);
    return;
  }
  page->links += 1;
  buffer_string(to, link.label.val);
  PUT(to, u" [");
  buffer_number(to, page->links);
  buffer_unit(to, u']');
  buffer_unit(&page->targets, u'[');
  buffer_number(&page->targets, page->links);
  PUT(&page->targets, u"] ");
  buffer_string(&page->targets, link.target);
  buffer_unit(&page->targets, u'\n');
}

static void spans(page *page, buffer *to, docs_text_parse_list_span_t list) {
  for (size_t i = 0; i < list.len; i++) {
    const docs_text_parse_span_t *span = &list.ptr[i];
    switch (span->tag) {
      case DOCS_TEXT_PARSE_SPAN_PLAIN: buffer_string(to, span->val.plain); break;
      case DOCS_TEXT_PARSE_SPAN_STYLED: styled(to, span->val.styled); break;
      case DOCS_TEXT_PARSE_SPAN_LINK: link(page, to, span->val.link); break;
      case DOCS_TEXT_PARSE_SPAN_LINE_BREAK: buffer_unit(to, u'\n'); break;
      default: break; /* the transformer leaves no insert behind */
    }
  }
}

/* Writes lines that are no wider than the page, unless a single word is. */
static void wrap(page *page, renderer_string_t text, margin *margin) {
  buffer *to = page->to;
  size_t column = columns(text_of(&margin->first));
  bool line_has_word = false;
  buffer_string(to, text_of(&margin->first));
  for (size_t at = 0; at < text.len;) {
    if (text.ptr[at] == u' ' || text.ptr[at] == u'\n') {
      if (text.ptr[at] == u'\n') {
        buffer_unit(to, u'\n');
        buffer_string(to, text_of(&margin->others));
        column = columns(text_of(&margin->others));
        line_has_word = false;
      }
      at += 1;
      continue;
    }
    size_t end = at;
    while (end < text.len && text.ptr[end] != u' ' && text.ptr[end] != u'\n') end += 1;
    renderer_string_t word = {.ptr = text.ptr + at, .len = end - at};
    if (line_has_word && column + 1 + columns(word) > page->width) {
      buffer_unit(to, u'\n');
      buffer_string(to, text_of(&margin->others));
      column = columns(text_of(&margin->others));
      line_has_word = false;
    }
    if (line_has_word) {
      buffer_unit(to, u' ');
      column += 1;
    }
    buffer_string(to, word);
    column += columns(word);
    line_has_word = true;
    at = end;
  }
  buffer_unit(to, u'\n');
}

static void wrap_spans(page *page, docs_text_parse_list_span_t list, margin *margin) {
  buffer whole = {0};
  spans(page, &whole, list);
  wrap(page, text_of(&whole), margin);
  buffer_free(&whole);
  buffer_free(&margin->first);
  buffer_free(&margin->others);
}

static void heading(page *page, const docs_text_parse_heading_t *heading) {
  buffer whole = {0};
  buffer_section(&whole, heading->number);
  spans(page, &whole, heading->title);
  buffer_string(page->to, text_of(&whole));
  buffer_unit(page->to, u'\n');
  if (heading->level <= 2) {
    repeat(page->to, heading->level == 1 ? u'=' : u'-', columns(text_of(&whole)));
    buffer_unit(page->to, u'\n');
  }
  buffer_free(&whole);
}

static void listing(page *page, docs_text_parse_listing_t listing) {
  for (size_t i = 0; i < listing.items.len; i++) {
    const docs_text_parse_item_t *item = &listing.items.ptr[i];
    margin margin = {0};
    if (listing.kind == DOCS_TEXT_PARSE_LIST_KIND_NUMBERS) {
      buffer_number(&margin.first, (uint32_t)(i + 1));
      PUT(&margin.first, u". ");
    } else {
      PUT(&margin.first, u"- ");
    }
    repeat(&margin.others, u' ', margin.first.length);
    if (item->done.is_some) {
      if (item->done.val) PUT(&margin.first, u"[x] ");
      else PUT(&margin.first, u"[ ] ");
    }
    wrap_spans(page, item->spans, &margin);
  }
}

static void code(buffer *to, renderer_string_t text) {
  bool line_starts = true;
  for (size_t i = 0; i < text.len; i++) {
    if (line_starts && text.ptr[i] != u'\n') PUT(to, u"    ");
    buffer_unit(to, text.ptr[i]);
    line_starts = text.ptr[i] == u'\n';
  }
}

static void contents(page *page, docs_text_transform_list_entry_t entries) {
  for (size_t i = 0; i < entries.len; i++) {
    const docs_text_transform_entry_t *entry = &entries.ptr[i];
    repeat(page->to, u' ', 2 * (size_t)(entry->level - 1));
    buffer_section(page->to, entry->number);
    buffer_string(page->to, entry->title);
    buffer_unit(page->to, u'\n');
  }
}

static void block(page *page, const docs_text_transform_document_t *document, const docs_text_parse_block_t *block) {
  margin margin = {0};
  switch (block->tag) {
    case DOCS_TEXT_PARSE_BLOCK_HEADING: heading(page, &block->val.heading); break;
    case DOCS_TEXT_PARSE_BLOCK_PARAGRAPH: wrap_spans(page, block->val.paragraph, &margin); break;
    case DOCS_TEXT_PARSE_BLOCK_LISTING: listing(page, block->val.listing); break;
    case DOCS_TEXT_PARSE_BLOCK_QUOTE:
      PUT(&margin.first, u"> ");
      PUT(&margin.others, u"> ");
      wrap_spans(page, block->val.quote, &margin);
      break;
    case DOCS_TEXT_PARSE_BLOCK_CODE: code(page->to, block->val.code.text); break;
    case DOCS_TEXT_PARSE_BLOCK_CONTENTS: contents(page, document->contents); break;
    case DOCS_TEXT_PARSE_BLOCK_RULE:
      repeat(page->to, u'-', page->width);
      buffer_unit(page->to, u'\n');
      break;
    default: break; /* the transformer leaves no definition behind */
  }
}

void render_plain(buffer *to, const docs_text_transform_document_t *document, size_t width) {
  page page = {.to = to, .width = width};
  for (size_t i = 0; i < document->body.len; i++) {
    part(&page);
    block(&page, document, &document->body.ptr[i].block);
  }
  if (page.links > 0) {
    part(&page);
    buffer_string(to, text_of(&page.targets));
  }
  buffer_free(&page.targets);
}
