//! The documents and words of one index. Knows nothing of handles and bindings.

const std = @import("std");
const memory = @import("memory");
const words = @import("words.zig");

const gpa = memory.gpa;
const Error = error{OutOfMemory};

/// Where a word stands: how often in a document, and where first.
const Posting = struct { document: u32, times: u32, line: u32 };

/// What a query finds in one document.
pub const Tally = struct {
    times: u32 = 0,
    line: u32 = 0,
    /// How many of the query's words are there.
    matched: u32 = 0,

    fn add(self: *Tally, posting: Posting) void {
        self.line = if (self.matched == 0) posting.line else @min(self.line, posting.line);
        self.times += posting.times;
        self.matched += 1;
    }
};

pub const Frequency = struct { word: []const u8, times: u32, documents: u32 };

pub const Store = struct {
    shortest: u32,
    titles: std.ArrayList([]u8) = .empty,
    places: std.StringHashMapUnmanaged(std.ArrayList(Posting)) = .empty,
    /// How many words there are, each as often as it stands somewhere.
    total: u64 = 0,

    pub fn deinit(self: *Store) void {
        for (self.titles.items) |title| gpa.free(title);
        self.titles.deinit(gpa);
        var entries = self.places.iterator();
        while (entries.next()) |entry| {
            gpa.free(entry.key_ptr.*);
            entry.value_ptr.deinit(gpa);
        }
        self.places.deinit(gpa);
    }

    pub fn holds(self: *const Store, title: []const u8) bool {
        for (self.titles.items) |held| {
            if (std.mem.eql(u8, held, title)) return true;
        }
        return false;
    }

    /// Folds the text on the way.
    pub fn add(self: *Store, title: []const u8, text: []u8) Error!void {
        const document: u32 = @intCast(self.titles.items.len);
        try self.titles.append(gpa, try gpa.dupe(u8, title));
        words.fold(text);
        var found: words.Words = .{ .text = text };
        while (found.next()) |word| {
            try self.count(word.text, .{ .document = document, .times = 1, .line = word.line });
        }
    }

    /// Adds copies of all documents of another index.
    pub fn addAll(self: *Store, other: *const Store) Error!void {
        const first: u32 = @intCast(self.titles.items.len);
        for (other.titles.items) |title| try self.titles.append(gpa, try gpa.dupe(u8, title));
        var entries = other.places.iterator();
        while (entries.next()) |entry| {
            for (entry.value_ptr.items) |posting| {
                var moved = posting;
                moved.document += first;
                try self.count(entry.key_ptr.*, moved);
            }
        }
    }

    fn count(self: *Store, word: []const u8, posting: Posting) Error!void {
        if (words.characters(word) < self.shortest) return;
        const slot = try self.places.getOrPut(gpa, word);
        if (!slot.found_existing) {
            slot.key_ptr.* = try gpa.dupe(u8, word);
            slot.value_ptr.* = .empty;
        }
        self.total += posting.times;
        const postings = slot.value_ptr;
        if (postings.items.len > 0) {
            const last = &postings.items[postings.items.len - 1];
            if (last.document == posting.document) {
                last.times += posting.times;
                return;
            }
        }
        try postings.append(gpa, posting);
    }

    /// A tally for each document.
    pub fn tally(self: *const Store, wanted: []const []const u8) Error![]Tally {
        const tallies = try self.blank();
        for (wanted) |word| {
            const postings = self.places.get(word) orelse continue;
            for (postings.items) |posting| tallies[posting.document].add(posting);
        }
        return tallies;
    }

    pub fn tallyPrefix(self: *const Store, prefix: []const u8) Error![]Tally {
        const tallies = try self.blank();
        var entries = self.places.iterator();
        while (entries.next()) |entry| {
            if (!std.mem.startsWith(u8, entry.key_ptr.*, prefix)) continue;
            for (entry.value_ptr.items) |posting| tallies[posting.document].add(posting);
        }
        return tallies;
    }

    fn blank(self: *const Store) Error![]Tally {
        const tallies = try gpa.alloc(Tally, self.titles.items.len);
        @memset(tallies, .{});
        return tallies;
    }

    pub fn frequency(self: *const Store, word: []const u8) ?Frequency {
        const postings = self.places.get(word) orelse return null;
        var times: u32 = 0;
        for (postings.items) |posting| times += posting.times;
        return .{ .word = word, .times = times, .documents = @intCast(postings.items.len) };
    }

    /// Of all words, the most frequent first, and equally frequent ones by their bytes.
    pub fn frequencies(self: *const Store) Error![]Frequency {
        var all: std.ArrayList(Frequency) = .empty;
        var entries = self.places.keyIterator();
        while (entries.next()) |word| try all.append(gpa, self.frequency(word.*).?);
        std.sort.heap(Frequency, all.items, {}, comesFirst);
        return all.toOwnedSlice(gpa);
    }
};

fn comesFirst(_: void, a: Frequency, b: Frequency) bool {
    if (a.times != b.times) return a.times > b.times;
    return std.mem.lessThan(u8, a.word, b.word);
}
