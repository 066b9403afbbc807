//! What a word is: a run of letters and digits of any script, in small letters as far as ASCII goes.

const std = @import("std");

pub const Word = struct { text: []const u8, line: u32 };

/// The words of a text, with their lines counted from 1. They are parts of the text.
pub const Words = struct {
    text: []const u8,
    at: usize = 0,
    line: u32 = 1,

    pub fn next(self: *Words) ?Word {
        var start = self.at;
        while (self.at < self.text.len) {
            const character = std.unicode.utf8ByteSequenceLength(self.text[self.at]) catch @trap();
            const code = std.unicode.utf8Decode(self.text[self.at..][0..character]) catch @trap();
            if (isWordCharacter(code)) {
                self.at += character;
                continue;
            }
            if (start < self.at) return .{ .text = self.text[start..self.at], .line = self.line };
            self.at += character;
            start = self.at;
            if (code == '\n') self.line += 1;
        }
        return if (start < self.at) .{ .text = self.text[start..], .line = self.line } else null;
    }
};

/// Beyond ASCII everything joins but the signs of Latin-1, general punctuation and that of East Asia.
fn isWordCharacter(code: u21) bool {
    return switch (code) {
        '0'...'9', 'A'...'Z', 'a'...'z' => true,
        0...'/', ':'...'@', '['...'`', '{'...0xBF => false,
        0x2000...0x206F, 0x3000...0x303F => false,
        else => true,
    };
}

/// In small letters, in place.
pub fn fold(text: []u8) void {
    for (text) |*byte| byte.* = std.ascii.toLower(byte.*);
}

pub fn characters(text: []const u8) usize {
    return std.unicode.utf8CountCodepoints(text) catch @trap();
}
