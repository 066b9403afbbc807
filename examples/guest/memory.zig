//! The C allocation functions that the generated bindings call, on Zig's allocator, and their face to Zig code.
//! What one side allocates the other may free: everything that crosses the component's border comes from here.

const std = @import("std");

/// Room in front of each allocation for its size; as wide as the strictest alignment that the bindings need.
const header = 16;
const backing = std.heap.wasm_allocator;

export fn malloc(size: usize) ?*anyopaque {
    const whole = backing.alignedAlloc(u8, .fromByteUnits(header), size + header) catch return null;
    std.mem.writeInt(usize, whole[0..@sizeOf(usize)], size, .little);
    return whole.ptr + header;
}

export fn realloc(old: ?*anyopaque, size: usize) ?*anyopaque {
    const fresh = malloc(size) orelse return null;
    if (old) |pointer| {
        const kept = @min(size, sizeOf(pointer));
        @memcpy(@as([*]u8, @ptrCast(fresh))[0..kept], @as([*]u8, @ptrCast(pointer))[0..kept]);
        free(pointer);
    }
    return fresh;
}

pub export fn free(old: ?*anyopaque) void {
    const pointer = old orelse return;
    const start: [*]align(header) u8 = @alignCast(@as([*]u8, @ptrCast(pointer)) - header);
    backing.free(start[0 .. sizeOf(pointer) + header]);
}

export fn abort() noreturn {
    @trap();
}

fn sizeOf(pointer: *anyopaque) usize {
    const start = @as([*]u8, @ptrCast(pointer)) - header;
    return std.mem.readInt(usize, start[0..@sizeOf(usize)], .little);
}

pub const gpa: std.mem.Allocator = .{
    .ptr = undefined,
    .vtable = &.{ .alloc = allocBytes, .resize = resizeBytes, .remap = remapBytes, .free = freeBytes },
};

fn allocBytes(_: *anyopaque, size: usize, alignment: std.mem.Alignment, _: usize) ?[*]u8 {
    std.debug.assert(alignment.toByteUnits() <= header);
    return @ptrCast(malloc(size));
}

fn resizeBytes(_: *anyopaque, _: []u8, _: std.mem.Alignment, _: usize, _: usize) bool {
    return false;
}

fn remapBytes(_: *anyopaque, _: []u8, _: std.mem.Alignment, _: usize, _: usize) ?[*]u8 {
    return null;
}

fn freeBytes(_: *anyopaque, old: []u8, _: std.mem.Alignment, _: usize) void {
    free(old.ptr);
}
