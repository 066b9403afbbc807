//! Counts the words of its standard input in several threads: census [THREADS] [LEAST]
//! One thread reads lines into a queue that holds few of them; the others take them from there and count into a table that they have
//! in common. Words that came at least LEAST times (2) are told, the most frequent first.
//! At the word @trap a thread traps, at @exit it exits.

const std = @import("std");
const Io = std.Io;

/// What a panic prints needs an allocator that there is for one thread only.
pub const panic = std.debug.no_panic;

const Census = struct {
    io: Io,
    gpa: std.mem.Allocator,
    lines: Io.Queue([]const u8),
    mutex: Io.Mutex = .init,
    words: std.StringHashMapUnmanaged(u32) = .empty,
    counted: u32 = 0,
    /// Threads that are still at it.
    busy: std.atomic.Value(u32),

    fn work(census: *Census) void {
        census.countLines() catch @trap();
        _ = census.busy.fetchSub(1, .seq_cst);
    }

    fn countLines(census: *Census) !void {
        while (true) {
            const line = census.lines.getOne(census.io) catch |err| switch (err) {
                error.Closed => return,
                else => return err,
            };
            var words = std.mem.tokenizeAny(u8, line, " \t.,;:!?\"()");
            while (words.next()) |word| {
                if (std.mem.eql(u8, word, "@trap")) @trap();
                if (std.mem.eql(u8, word, "@exit")) std.process.exit(9);
                const lower = try std.ascii.allocLowerString(census.gpa, word);
                try census.mutex.lock(census.io);
                defer census.mutex.unlock(census.io);
                const found = try census.words.getOrPut(census.gpa, lower);
                if (found.found_existing) {
                    census.gpa.free(lower);
                    found.value_ptr.* += 1;
                } else {
                    found.value_ptr.* = 1;
                }
                census.counted += 1;
            }
        }
    }
};

const Entry = struct { word: []const u8, count: u32 };

fn before(_: void, a: Entry, b: Entry) bool {
    return a.count > b.count or (a.count == b.count and std.mem.lessThan(u8, a.word, b.word));
}

/// The standard library's allocators of WebAssembly are for one thread.
var heap: [8 << 20]u8 = undefined;

pub fn main(init: std.process.Init.Minimal) !void {
    var allocator: std.heap.FixedBufferAllocator = .init(&heap);
    const gpa = allocator.threadSafeAllocator();
    var threaded: Io.Threaded = .init(gpa, .{});
    const io = threaded.io();
    const args = try init.args.toSlice(gpa);
    const count = if (args.len > 1) try std.fmt.parseInt(u32, args[1], 10) else 4;
    const least = if (args.len > 2) try std.fmt.parseInt(u32, args[2], 10) else 2;

    var places: [8][]const u8 = undefined;
    var census: Census = .{ .io = io, .gpa = gpa, .lines = .init(&places), .busy = .init(count) };
    const threads = try gpa.alloc(std.Thread, count);
    for (threads) |*thread| thread.* = try std.Thread.spawn(.{ .allocator = gpa, .stack_size = 64 << 10 }, Census.work, .{&census});

    var in_buffer: [4096]u8 = undefined;
    var in = Io.File.stdin().reader(io, &in_buffer);
    var lines: u32 = 0;
    while (try in.interface.takeDelimiter('\n')) |line| {
        try census.lines.putOne(io, try gpa.dupe(u8, line));
        lines += 1;
    }
    census.lines.close(io);
    for (threads) |thread| thread.join();

    var entries: std.ArrayList(Entry) = .empty;
    var words = census.words.iterator();
    while (words.next()) |word| {
        if (word.value_ptr.* >= least) try entries.append(gpa, .{ .word = word.key_ptr.*, .count = word.value_ptr.* });
    }
    std.mem.sortUnstable(Entry, entries.items, {}, before);

    var out_buffer: [4096]u8 = undefined;
    var out = Io.File.stdout().writer(io, &out_buffer);
    for (entries.items) |entry| try out.interface.print("{d} {s}\n", .{ entry.count, entry.word });
    try out.interface.print("{d} words in {d} lines by {d} threads, {d} of them busy\n", .{
        census.counted, lines, count, census.busy.load(.seq_cst),
    });
    try out.interface.flush();
}
