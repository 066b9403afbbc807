/* UTF-16 text that grows at its end. */
#pragma once

#include "renderer.h"

typedef struct {
  uint16_t *units;
  size_t length;
  size_t room;
} buffer;

/* Appends a literal such as u"<p>". */
#define PUT(to, literal) buffer_put((to), (const uint16_t *)(literal), sizeof(literal) / sizeof(uint16_t) - 1)

void buffer_put(buffer *to, const uint16_t *units, size_t length);
void buffer_unit(buffer *to, uint16_t unit);
void buffer_string(buffer *to, renderer_string_t text);
/* In decimal. */
void buffer_number(buffer *to, uint32_t number);
/* "1.2.3 ", or nothing for a heading without a number. */
void buffer_section(buffer *to, renderer_list_u16_t number);
void buffer_free(buffer *old);

/* Hands the text over to the caller. */
renderer_string_t buffer_take(buffer *from);
