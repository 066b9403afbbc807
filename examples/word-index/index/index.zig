//! The resource `index`: what its handles stand for, and the bindings' lists and strings to Zig's slices and back.

const std = @import("std");
const wit = @import("bindings");
const memory = @import("memory");
const words = @import("words.zig");
const store = @import("store.zig");

const gpa = memory.gpa;
const Store = store.Store;
const Own = wit.exports_docs_words_indexing_own_index_t;
const Borrow = wit.exports_docs_words_indexing_borrow_index_t;
const Document = wit.exports_docs_words_indexing_document_t;
const Documents = wit.exports_docs_words_indexing_list_document_t;
const Frequency = wit.exports_docs_words_indexing_frequency_t;
const Hit = wit.exports_docs_words_indexing_hit_t;
const Hits = wit.exports_docs_words_indexing_list_hit_t;
const Problem = wit.exports_docs_words_indexing_problem_t;
const Query = wit.exports_docs_words_indexing_query_t;
const Refusal = wit.exports_docs_words_indexing_refusal_t;
const Statistics = wit.exports_docs_words_indexing_statistics_t;
const String = wit.indexer_string_t;

var alive: u32 = 0;

export fn exports_docs_words_indexing_living() u32 {
    return alive;
}

export fn exports_docs_words_indexing_constructor_index(shortest: [*c]u32) Own {
    const made = gpa.create(Store) catch @trap();
    made.* = .{ .shortest = if (shortest) |given| given.* else 1 };
    alive += 1;
    return wit.exports_docs_words_indexing_index_new(@ptrCast(made));
}

export fn exports_docs_words_indexing_index_destructor(self: Borrow) void {
    const old = held(self);
    old.deinit();
    gpa.destroy(old);
    alive -= 1;
}

export fn exports_docs_words_indexing_method_index_add(
    self: Borrow,
    documents: *Documents,
    count: *u32,
    problem: *Problem,
) bool {
    defer wit.exports_docs_words_indexing_list_document_free(documents);
    const index = held(self);
    const given = items(Document, documents.*);
    if (fault(index, given) catch @trap()) |found| {
        problem.* = found;
        return false;
    }
    for (given) |document| index.add(bytes(document.title), bytes(document.text)) catch @trap();
    count.* = @intCast(index.titles.items.len);
    return true;
}

/// Why these documents cannot be added, if they cannot.
fn fault(index: *const Store, documents: []const Document) error{OutOfMemory}!?Problem {
    var seen: std.StringHashMapUnmanaged(void) = .empty;
    defer seen.deinit(gpa);
    for (documents, 0..) |document, place| {
        const title = bytes(document.title);
        if (title.len == 0) {
            return .{ .tag = wit.EXPORTS_DOCS_WORDS_INDEXING_PROBLEM_UNTITLED, .val = .{ .untitled = @intCast(place) } };
        }
        const slot = try seen.getOrPut(gpa, title);
        if (slot.found_existing or index.holds(title)) return try sameTitle(title);
    }
    return null;
}

fn sameTitle(title: []const u8) error{OutOfMemory}!Problem {
    return .{
        .tag = wit.EXPORTS_DOCS_WORDS_INDEXING_PROBLEM_SAME_TITLE,
        .val = .{ .same_title = try copied(title) },
    };
}

export fn exports_docs_words_indexing_method_index_find(
    self: Borrow,
    query: *Query,
    hits: *Hits,
    problem: *Problem,
) bool {
    defer wit.exports_docs_words_indexing_query_free(query);
    const found = find(held(self), query.*) catch |failure| switch (failure) {
        error.EmptyQuery => {
            problem.* = .{ .tag = wit.EXPORTS_DOCS_WORDS_INDEXING_PROBLEM_EMPTY_QUERY };
            return false;
        },
        error.OutOfMemory => @trap(),
    };
    hits.* = .{ .ptr = pointer(Hit, found), .len = found.len };
    return true;
}

fn find(index: *const Store, query: Query) error{ OutOfMemory, EmptyQuery }![]Hit {
    var needed: u32 = 1;
    const tallies = switch (query.tag) {
        wit.EXPORTS_DOCS_WORDS_INDEXING_QUERY_PREFIX => prefix: {
            const prefix = bytes(query.val.prefix);
            if (prefix.len == 0) return error.EmptyQuery;
            words.fold(prefix);
            break :prefix try index.tallyPrefix(prefix);
        },
        else => listed: {
            const every = query.tag == wit.EXPORTS_DOCS_WORDS_INDEXING_QUERY_EVERY;
            const given = items(String, if (every) query.val.every else query.val.any);
            if (given.len == 0) return error.EmptyQuery;
            const wanted = try gpa.alloc([]const u8, given.len);
            defer gpa.free(wanted);
            for (given, wanted) |word, *slot| {
                words.fold(bytes(word));
                slot.* = bytes(word);
            }
            if (every) needed = @intCast(wanted.len);
            break :listed try index.tally(wanted);
        },
    };
    defer gpa.free(tallies);

    var hits: std.ArrayList(Hit) = .empty;
    for (tallies, index.titles.items) |tally, title| {
        if (tally.matched < needed) continue;
        try hits.append(gpa, .{ .title = try copied(title), .times = tally.times, .line = tally.line });
    }
    std.sort.heap(Hit, hits.items, {}, hasMore);
    return hits.toOwnedSlice(gpa);
}

fn hasMore(_: void, a: Hit, b: Hit) bool {
    if (a.times != b.times) return a.times > b.times;
    return std.mem.lessThan(u8, bytes(a.title), bytes(b.title));
}

export fn exports_docs_words_indexing_method_index_look_up(self: Borrow, word: *String, found: *Frequency) bool {
    defer wit.indexer_string_free(word);
    words.fold(bytes(word.*));
    found.* = shown(held(self).frequency(bytes(word.*)) orelse return false) catch @trap();
    return true;
}

export fn exports_docs_words_indexing_method_index_statistics(self: Borrow, most: u32, result: *Statistics) void {
    result.* = statistics(held(self), most) catch @trap();
}

fn statistics(index: *const Store, most: u32) error{OutOfMemory}!Statistics {
    const all = try index.frequencies();
    defer gpa.free(all);
    const listed = try gpa.alloc(Frequency, @min(most, all.len));
    for (all[0..listed.len], listed) |from, *to| to.* = try shown(from);
    var longest: []const u8 = "";
    for (all) |each| {
        if (words.characters(each.word) > words.characters(longest)) longest = each.word;
    }
    return .{
        .documents = @intCast(index.titles.items.len),
        .words = index.total,
        .distinct = @intCast(all.len),
        .longest = if (all.len == 0) .{ .is_some = false } else .{ .is_some = true, .val = try copied(longest) },
        .most_frequent = .{ .ptr = pointer(Frequency, listed), .len = listed.len },
    };
}

export fn exports_docs_words_indexing_static_index_merge(
    base: Own,
    other: Borrow,
    merged: *Own,
    refusal: *Refusal,
) bool {
    const index = held(wit.exports_docs_words_indexing_index_rep(base));
    for (held(other).titles.items) |title| {
        if (!index.holds(title)) continue;
        refusal.* = .{ .problem = sameTitle(title) catch @trap(), .base = base };
        return false;
    }
    index.addAll(held(other)) catch @trap();
    merged.* = base;
    return true;
}

/// What a handle stands for.
fn held(handle: Borrow) *Store {
    return @ptrCast(@alignCast(handle.?));
}

fn shown(from: store.Frequency) error{OutOfMemory}!Frequency {
    return .{ .word = try copied(from.word), .times = from.times, .documents = from.documents };
}

fn copied(text: []const u8) error{OutOfMemory}!String {
    const copy = try gpa.dupe(u8, text);
    return .{ .ptr = pointer(u8, copy), .len = copy.len };
}

fn bytes(from: String) []u8 {
    return items(u8, from);
}

/// The slice of a list; an empty list's pointer is never looked at.
fn items(comptime T: type, list: anytype) []T {
    return if (list.len == 0) &.{} else list.ptr[0..list.len];
}

/// What a list of this slice points to. Zig's empty slices point outside the memory, which the canonical ABI forbids.
fn pointer(comptime T: type, from: []const T) [*c]T {
    return if (from.len == 0) null else @constCast(from.ptr);
}
