//! Between the bindings' strings and lists and Zig's slices, and what is done to the text of spans.

const std = @import("std");
const wit = @import("bindings");
const memory = @import("memory");

const gpa = memory.gpa;
const Span = wit.docs_text_parse_span_t;
const Spans = wit.docs_text_parse_list_span_t;
const String = wit.transformer_string_t;

pub fn bytes(from: String) []u8 {
    return items(u8, from);
}

/// The slice of a list; an empty list's pointer is never looked at.
pub fn items(comptime T: type, list: anytype) []T {
    return if (list.len == 0) &.{} else list.ptr[0..list.len];
}

pub fn string(from: []const u8) String {
    return .{ .ptr = pointer(u8, from), .len = from.len };
}

/// What a list of this slice points to. Zig's empty slices point outside the memory, which the canonical ABI forbids.
pub fn pointer(comptime T: type, from: []const T) [*c]T {
    return if (from.len == 0) null else @constCast(from.ptr);
}

/// The text of a span, as long as it is text that a reader sees.
fn visible(span: Span) []const u8 {
    return switch (span.tag) {
        wit.DOCS_TEXT_PARSE_SPAN_PLAIN => bytes(span.val.plain),
        wit.DOCS_TEXT_PARSE_SPAN_STYLED => bytes(span.val.styled.text),
        wit.DOCS_TEXT_PARSE_SPAN_LINK => {
            const link = span.val.link;
            return bytes(if (link.label.is_some) link.label.val else link.target);
        },
        wit.DOCS_TEXT_PARSE_SPAN_LINE_BREAK => " ",
        else => "",
    };
}

/// All the text of the spans, without style.
pub fn plain(spans: Spans) error{OutOfMemory}![]u8 {
    var whole: std.ArrayList(u8) = .empty;
    for (items(Span, spans)) |span| try whole.appendSlice(gpa, visible(span));
    return whole.toOwnedSlice(gpa);
}

/// Straight double quotes become an opening or a closing mark, told by what stands before them.
pub const Quotes = struct {
    opening: u21 = '"',
    closing: u21 = '"',

    pub fn set(self: Quotes, spans: Spans) void {
        var before: u21 = ' ';
        for (items(Span, spans)) |*span| {
            switch (span.tag) {
                wit.DOCS_TEXT_PARSE_SPAN_PLAIN => self.replace(&span.val.plain, before),
                wit.DOCS_TEXT_PARSE_SPAN_STYLED => {
                    const mono = span.val.styled.style & wit.DOCS_TEXT_PARSE_STYLE_MONO != 0;
                    if (!mono) self.replace(&span.val.styled.text, before);
                },
                else => {},
            }
            before = lastCharacter(visible(span.*)) orelse before;
        }
    }

    fn replace(self: Quotes, held: *String, first: u21) void {
        const old = bytes(held.*);
        if (std.mem.indexOfScalar(u8, old, '"') == null) return;
        var fresh: std.ArrayList(u8) = .empty;
        var before = first;
        var characters = std.unicode.Utf8View.initUnchecked(old).iterator();
        while (characters.nextCodepoint()) |character| {
            const meant = if (character != '"') character else if (opensAfter(before)) self.opening else self.closing;
            var encoded: [4]u8 = undefined;
            const length = std.unicode.utf8Encode(meant, &encoded) catch @trap();
            fresh.appendSlice(gpa, encoded[0..length]) catch @trap();
            before = character;
        }
        const whole = fresh.toOwnedSlice(gpa) catch @trap();
        memory.free(held.ptr);
        held.* = string(whole);
    }
};

fn opensAfter(before: u21) bool {
    return switch (before) {
        ' ', '\t', '\n', '(', '[', '{', '-', 0x2013, 0x2014 => true,
        else => false,
    };
}

fn lastCharacter(from: []const u8) ?u21 {
    var start = from.len;
    while (start > 0) {
        start -= 1;
        if (from[start] & 0xC0 != 0x80) return std.unicode.utf8Decode(from[start..]) catch null;
    }
    return null;
}

/// Letters and digits of any script, and what joins them. Punctuation, arrows to dingbats, and pictographs part words.
pub fn isWordCharacter(character: u21) bool {
    return switch (character) {
        'a'...'z', 'A'...'Z', '0'...'9', '\'', 0x2019 => true,
        0...0x26, 0x28...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0xBF => false,
        0x2000...0x2018, 0x201A...0x206F, 0x2190...0x2BFF, 0x3000...0x303F => false,
        0xFE00...0xFE0F, 0xFF00...0xFF0F, 0x1F000...0x1FAFF => false,
        else => true,
    };
}
