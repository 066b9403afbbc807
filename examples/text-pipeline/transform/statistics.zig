//! Counts words and characters of the text a reader sees; code is not counted.

const std = @import("std");
const wit = @import("bindings");
const memory = @import("memory");
const text = @import("text.zig");

const gpa = memory.gpa;
const Statistics = wit.exports_docs_text_transform_statistics_t;

pub const Counter = struct {
    words: u32 = 0,
    characters: u64 = 0,
    word_characters: u64 = 0,
    longest: std.ArrayList(u8) = .empty,
    longest_characters: usize = 0,

    pub fn deinit(self: *Counter) void {
        self.longest.deinit(gpa);
    }

    pub fn block(self: *Counter, placed: *const wit.docs_text_parse_placed_t) error{OutOfMemory}!void {
        switch (placed.block.tag) {
            wit.DOCS_TEXT_PARSE_BLOCK_HEADING => try self.spans(placed.block.val.heading.title),
            wit.DOCS_TEXT_PARSE_BLOCK_PARAGRAPH => try self.spans(placed.block.val.paragraph),
            wit.DOCS_TEXT_PARSE_BLOCK_QUOTE => try self.spans(placed.block.val.quote),
            wit.DOCS_TEXT_PARSE_BLOCK_LISTING => {
                const listed = placed.block.val.listing.items;
                for (text.items(wit.docs_text_parse_item_t, listed)) |item| try self.spans(item.spans);
            },
            else => {},
        }
    }

    fn spans(self: *Counter, from: wit.docs_text_parse_list_span_t) error{OutOfMemory}!void {
        const whole = try text.plain(from);
        defer gpa.free(whole);
        var start: usize = 0;
        var length: usize = 0;
        var characters = std.unicode.Utf8View.initUnchecked(whole).iterator();
        while (characters.nextCodepointSlice()) |character| {
            self.characters += 1;
            const end = characters.i;
            if (text.isWordCharacter(std.unicode.utf8Decode(character) catch @trap())) {
                length += 1;
                continue;
            }
            try self.word(whole[start .. end - character.len], length);
            start = end;
            length = 0;
        }
        try self.word(whole[start..], length);
    }

    fn word(self: *Counter, found: []const u8, length: usize) error{OutOfMemory}!void {
        if (length == 0) return;
        self.words += 1;
        self.word_characters += length;
        if (length > self.longest_characters) {
            self.longest_characters = length;
            self.longest.clearRetainingCapacity();
            try self.longest.appendSlice(gpa, found);
        }
    }

    pub fn finish(self: *Counter) error{OutOfMemory}!Statistics {
        const words: f32 = @floatFromInt(self.words);
        const letters: f32 = @floatFromInt(self.word_characters);
        return .{
            .words = self.words,
            .characters = self.characters,
            .mean_word_length = if (self.words == 0) 0 else letters / words,
            .longest_word = if (self.words == 0)
                .{ .is_some = false }
            else
                .{ .is_some = true, .val = text.string(try gpa.dupe(u8, self.longest.items)) },
        };
    }
};
