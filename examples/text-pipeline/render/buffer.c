#include "buffer.h"

#include <stdlib.h>
#include <string.h>

void buffer_put(buffer *to, const uint16_t *units, size_t length) {
  if (length == 0) return;
  size_t needed = to->length + length;
  if (needed > to->room) {
    size_t room = to->room < 64 ? 64 : to->room;
    while (room < needed) room *= 2;
    to->units = realloc(to->units, room * sizeof(uint16_t));
    if (!to->units) abort();
    to->room = room;
  }
  memcpy(to->units + to->length, units, length * sizeof(uint16_t));
  to->length = needed;
}

void buffer_unit(buffer *to, uint16_t unit) { buffer_put(to, &unit, 1); }

void buffer_string(buffer *to, renderer_string_t text) { buffer_put(to, text.ptr, text.len); }

void buffer_number(buffer *to, uint32_t number) {
  uint16_t digits[10];
  size_t at = sizeof digits / sizeof *digits;
  do {
    digits[--at] = (uint16_t)(u'0' + number % 10);
    number /= 10;
  } while (number > 0);
  buffer_put(to, digits + at, sizeof digits / sizeof *digits - at);
}

void buffer_section(buffer *to, renderer_list_u16_t number) {
  for (size_t i = 0; i < number.len; i++) {
    if (i > 0) buffer_unit(to, u'.');
    buffer_number(to, number.ptr[i]);
  }
  if (number.len > 0) buffer_unit(to, u' ');
}

void buffer_free(buffer *old) {
  free(old->units);
  *old = (buffer){0};
}

renderer_string_t buffer_take(buffer *from) {
  renderer_string_t text = {.ptr = from->units, .len = from->length};
  if (text.len == 0) buffer_free(from);
  *from = (buffer){0};
  return text;
}
