//! Copies a file or a tree within the first folder that the host gives: copy FROM TO [BLOCK]
//! A file is copied from its end to its start in blocks of BLOCK bytes (4096 if it is not said), each read into two buffers at
//! once, and compared afterwards by a sum of what is read in order. Of a tree the sum of all sums is told, in whatever order.

const std = @import("std");
const Io = std.Io;
const Dir = Io.Dir;
const Crc32 = std.hash.Crc32;

const Copied = struct { files: u32 = 0, folders: u32 = 0, bytes: u64 = 0, sums: u32 = 0 };

const Copier = struct {
    io: Io,
    out: *Io.Writer,
    block: []u8,
    copied: Copied = .{},

    fn copyFile(copier: *Copier, from: Dir, from_path: []const u8, to: Dir, to_path: []const u8) !void {
        const io = copier.io;
        const source = try from.openFile(io, from_path, .{});
        defer source.close(io);
        const status = try source.stat(io);
        const target = try to.createFile(io, to_path, .{ .read = true, .exclusive = true });
        defer target.close(io);

        try target.setLength(io, status.size);
        var at = status.size;
        while (at > 0) {
            const length = @min(at, copier.block.len);
            at -= length;
            try copier.copyBlock(source, target, copier.block[0..length], at);
        }
        try target.setTimestamps(io, .{ .modify_timestamp = .{ .new = status.mtime } });
        try target.sync(io);

        const sum = try copier.sumOf(source);
        if (try copier.sumOf(target) != sum) return error.CopyDiffers;
        if (!std.meta.eql((try target.stat(io)).mtime, status.mtime)) return error.TimeDiffers;
        copier.copied.files += 1;
        copier.copied.sums +%= sum;
        copier.copied.bytes += status.size;
    }

    /// Reads by two buffers, which may be filled in part, and writes what came.
    fn copyBlock(copier: *Copier, source: Io.File, target: Io.File, block: []u8, at: u64) !void {
        var done: usize = 0;
        while (done < block.len) {
            const rest = block[done..];
            const halves = [2][]u8{ rest[0 .. rest.len / 2], rest[rest.len / 2 ..] };
            const length = try source.readPositional(copier.io, &halves, at + done);
            if (length == 0) return error.SourceShrank;
            try target.writePositionalAll(copier.io, rest[0..length], at + done);
            done += length;
        }
    }

    fn sumOf(copier: *Copier, file: Io.File) !u32 {
        var buffer: [512]u8 = undefined;
        var sum = Crc32.init();
        var at: u64 = 0;
        while (true) {
            const length = try file.readPositional(copier.io, &.{&buffer}, at);
            if (length == 0) return sum.final();
            sum.update(buffer[0..length]);
            at += length;
        }
    }

    fn copyTree(copier: *Copier, gpa: std.mem.Allocator, from: Dir, to: Dir) !void {
        var walker = try from.walk(gpa);
        defer walker.deinit();
        while (try walker.next(copier.io)) |entry| switch (entry.kind) {
            .directory => {
                try to.createDir(copier.io, entry.path, .default_dir);
                copier.copied.folders += 1;
            },
            .file => try copier.copyFile(entry.dir, entry.basename, to, entry.path),
            else => try copier.out.print("left out: {s}\n", .{entry.path}),
        };
    }
};

fn run(init: std.process.Init, out: *Io.Writer) !void {
    const io = init.io;
    const arguments = try init.minimal.args.toSlice(init.arena.allocator());
    if (arguments.len < 3 or arguments.len > 4) return error.WrongUsage;
    const size = if (arguments.len == 4) try std.fmt.parseInt(usize, arguments[3], 10) else 4096;
    if (size == 0) return error.WrongUsage;

    const root = Dir.cwd();
    const from = arguments[1];
    const to = arguments[2];
    var copier: Copier = .{ .io = io, .out = out, .block = try init.gpa.alloc(u8, size) };
    defer init.gpa.free(copier.block);
    const status = try root.statFile(io, from, .{});
    if (status.kind == .directory) {
        try root.createDir(io, to, .default_dir);
        var source = try root.openDir(io, from, .{ .iterate = true });
        defer source.close(io);
        var target = try root.openDir(io, to, .{});
        defer target.close(io);
        try copier.copyTree(init.gpa, source, target);
    } else {
        try copier.copyFile(root, from, root, to);
    }
    const copied = copier.copied;
    try out.print("{d} files, {d} folders, {d} bytes, {x:0>8}\n", .{ copied.files, copied.folders, copied.bytes, copied.sums });
}

pub fn main(init: std.process.Init) u8 {
    var buffer: [256]u8 = undefined;
    var out = Io.File.stdout().writerStreaming(init.io, &buffer);
    const result = run(init, &out.interface);
    out.interface.flush() catch return 74;
    result catch |err| {
        std.debug.print("copy: {t}\n", .{err});
        return if (err == error.WrongUsage) 64 else 1;
    };
    return 0;
}
