#include "formats.h"

static void escaped(buffer *to, renderer_string_t text) {
  for (size_t i = 0; i < text.len; i++) {
    switch (text.ptr[i]) {
      case u'&': PUT(to, u"&amp;"); break;
      case u'<': PUT(to, u"&lt;"); break;
      case u'>': PUT(to, u"&gt;"); break;
      case u'"': PUT(to, u"&quot;"); break;
      default: buffer_unit(to, text.ptr[i]);
    }
  }
}

static void styled(buffer *to, docs_text_parse_styled_t span) {
  bool strong = span.style & DOCS_TEXT_PARSE_STYLE_STRONG;
  bool emphasis = span.style & DOCS_TEXT_PARSE_STYLE_EMPHASIS;
  bool mono = span.style & DOCS_TEXT_PARSE_STYLE_MONO;
  if (strong) PUT(to, u"<strong>");
  if (emphasis) PUT(to, u"<em>");
  if (mono) PUT(to, u"<code>");
  escaped(to, span.text);
  if (mono) PUT(to, u"</code>");
  if (emphasis) PUT(to, u"</em>");
  if (strong) PUT(to, u"</strong>");
}

static void spans(buffer *to, docs_text_parse_list_span_t list) {
  for (size_t i = 0; i < list.len; i++) {
    const docs_text_parse_span_t *span = &list.ptr[i];
    switch (span->tag) {
      case DOCS_TEXT_PARSE_SPAN_PLAIN: escaped(to, span->val.plain); break;
      case DOCS_TEXT_PARSE_SPAN_STYLED: styled(to, span->val.styled); break;
      case DOCS_TEXT_PARSE_SPAN_LINK:
        PUT(to, u"<a href=\"");
        escaped(to, span->val.link.target);
        PUT(to, u"\">");
        escaped(to, span->val.link.label.is_some ? span->val.link.label.val : span->val.link.target);
        PUT(to, u"</a>");
        break;
      case DOCS_TEXT_PARSE_SPAN_LINE_BREAK: PUT(to, u"<br>"); break;
      default: break; /* the transformer leaves no insert behind */
    }
  }
}

static void heading(buffer *to, const docs_text_parse_heading_t *heading) {
  uint16_t digit = (uint16_t)(u'0' + heading->level);
  PUT(to, u"<h");
  buffer_unit(to, digit);
  if (heading->anchor.is_some) {
    PUT(to, u" id=\"");
    escaped(to, heading->anchor.val);
    buffer_unit(to, u'"');
  }
  buffer_unit(to, u'>');
  buffer_section(to, heading->number);
  spans(to, heading->title);
  PUT(to, u"</h");
  buffer_unit(to, digit);
  PUT(to, u">\n");
}

static void listing(buffer *to, docs_text_parse_listing_t listing) {
  bool numbers = listing.kind == DOCS_TEXT_PARSE_LIST_KIND_NUMBERS;
  if (numbers) PUT(to, u"<ol>\n");
  else PUT(to, u"<ul>\n");
  for (size_t i = 0; i < listing.items.len; i++) {
    const docs_text_parse_item_t *item = &listing.items.ptr[i];
    PUT(to, u"<li>");
    if (item->done.is_some) {
      if (item->done.val) PUT(to, u"\u2611 ");
      else PUT(to, u"\u2610 ");
    }
    spans(to, item->spans);
    PUT(to, u"</li>\n");
  }
  if (numbers) PUT(to, u"</ol>\n");
  else PUT(to, u"</ul>\n");
}

static void code(buffer *to, docs_text_parse_code_t code) {
  PUT(to, u"<pre><code");
  if (code.language.is_some) {
    PUT(to, u" class=\"language-");
    escaped(to, code.language.val);
    buffer_unit(to, u'"');
  }
  buffer_unit(to, u'>');
  escaped(to, code.text);
  PUT(to, u"</code></pre>\n");
}

static void contents(buffer *to, docs_text_transform_list_entry_t entries) {
  PUT(to, u"<ul class=\"contents\">\n");
  for (size_t i = 0; i < entries.len; i++) {
    const docs_text_transform_entry_t *entry = &entries.ptr[i];
    PUT(to, u"<li>");
    if (entry->anchor.is_some) {
      PUT(to, u"<a href=\"#");
      escaped(to, entry->anchor.val);
      PUT(to, u"\">");
    }
    buffer_section(to, entry->number);
    escaped(to, entry->title);
    if (entry->anchor.is_some) PUT(to, u"</a>");
    PUT(to, u"</li>\n");
  }
  PUT(to, u"</ul>\n");
}

void render_html(buffer *to, const docs_text_transform_document_t *document) {
  for (size_t i = 0; i < document->body.len; i++) {
    const docs_text_parse_block_t *block = &document->body.ptr[i].block;
    switch (block->tag) {
      case DOCS_TEXT_PARSE_BLOCK_HEADING: heading(to, &block->val.heading); break;
      case DOCS_TEXT_PARSE_BLOCK_PARAGRAPH:
        PUT(to, u"<p>");
        spans(to, block->val.paragraph);
        PUT(to, u"</p>\n");
        break;
      case DOCS_TEXT_PARSE_BLOCK_LISTING: listing(to, block->val.listing); break;
      case DOCS_TEXT_PARSE_BLOCK_QUOTE:
        PUT(to, u"<blockquote>");
        spans(to, block->val.quote);
        PUT(to, u"</blockquote>\n");
        break;
      case DOCS_TEXT_PARSE_BLOCK_CODE: code(to, block->val.code); break;
      case DOCS_TEXT_PARSE_BLOCK_CONTENTS: contents(to, document->contents); break;
      case DOCS_TEXT_PARSE_BLOCK_RULE: PUT(to, u"<hr>\n"); break;
      default: break; /* the transformer leaves no definition behind */
    }
  }
}
