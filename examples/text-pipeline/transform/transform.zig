//! The transformer of the text pipeline: fills in definitions, sets quotes, numbers headings, makes anchors, counts.
//! It reads no source text itself: the values of definitions go back to the parser. It never mixes output format in.

const std = @import("std");
const wit = @import("bindings");
const memory = @import("memory");
const statistics = @import("statistics.zig");
const text = @import("text.zig");

const gpa = memory.gpa;
const Placed = wit.docs_text_parse_placed_t;
const Problem = wit.docs_text_parse_problem_t;
const Span = wit.docs_text_parse_span_t;
const Spans = wit.docs_text_parse_list_span_t;
const Options = wit.exports_docs_text_transform_options_t;
const Document = wit.exports_docs_text_transform_document_t;
const Entry = wit.exports_docs_text_transform_entry_t;

/// `Refused`: the source is at fault, and the problem has been written down.
const Error = error{ OutOfMemory, Refused };

const max_insert_depth = 16;
/// How many inserts one source may make in all, so that definitions of definitions cannot grow without bound.
const max_inserts = 10_000;
const deepest_level = 6;

export fn exports_docs_text_transform_arrange(
    blocks: *wit.exports_docs_text_transform_list_placed_t,
    options: *Options,
    document: *Document,
    problem: *Problem,
) bool {
    var arranger: Arranger = .{ .blocks = text.items(Placed, blocks.*), .options = options.*, .problem = problem };
    defer arranger.deinit();
    document.* = arranger.run() catch |failure| switch (failure) {
        error.Refused => {
            wit.exports_docs_text_transform_list_placed_free(blocks);
            return false;
        },
        error.OutOfMemory => @trap(),
    };
    if (blocks.len > 0) memory.free(blocks.ptr);
    return true;
}

const Definition = struct { line: u32, value: []const u8 };

const Arranger = struct {
    blocks: []Placed,
    options: Options,
    problem: *Problem,
    definitions: std.StringHashMapUnmanaged(Definition) = .empty,
    anchors: std.StringHashMapUnmanaged(void) = .empty,
    inserts: u32 = 0,
    numbers: [deepest_level - 1]u16 = @splat(0),
    quotes: text.Quotes = .{},

    fn deinit(self: *Arranger) void {
        self.definitions.deinit(gpa);
        var names = self.anchors.keyIterator();
        while (names.next()) |name| gpa.free(name.*);
        self.anchors.deinit(gpa);
    }

    /// Nothing leaves `blocks` before the last step that can refuse, so that a refused source is freed as one piece.
    fn run(self: *Arranger) Error!Document {
        try self.collectDefinitions();
        for (self.blocks) |*placed| try self.fillBlock(placed);

        var counter: statistics.Counter = .{};
        defer counter.deinit();
        var contents: std.ArrayList(Entry) = .empty;
        var body: std.ArrayList(Placed) = .empty;
        var title: ?[]u8 = null;
        for (self.blocks) |*placed| {
            if (placed.block.tag == wit.DOCS_TEXT_PARSE_BLOCK_DEFINE) {
                wit.docs_text_parse_placed_free(placed);
                continue;
            }
            self.setQuotes(placed);
            try counter.block(placed);
            if (placed.block.tag == wit.DOCS_TEXT_PARSE_BLOCK_HEADING) {
                const heading = &placed.block.val.heading;
                if (heading.level == 1 and title == null) title = try text.plain(heading.title);
                try self.finishHeading(heading);
                if (self.isListed(heading.level)) try contents.append(gpa, try entry(heading));
            }
            try body.append(gpa, placed.*);
        }

        var document: Document = undefined;
        document.title = if (title) |found| .{ .is_some = true, .val = text.string(found) } else .{ .is_some = false };
        const entries = try contents.toOwnedSlice(gpa);
        document.contents = .{ .ptr = text.pointer(Entry, entries), .len = entries.len };
        const placed = try body.toOwnedSlice(gpa);
        document.body = .{ .ptr = text.pointer(Placed, placed), .len = placed.len };
        document.statistics = try counter.finish();
        return document;
    }

    /// Writes the problem down; `message` holds one `{s}`, for the name.
    fn refuse(self: *Arranger, line: u32, fault: u8, comptime message: []const u8, name: []const u8) Error {
        const written = try std.fmt.allocPrint(gpa, message, .{name});
        self.problem.* = .{ .line = line, .fault = fault, .message = text.string(written) };
        return error.Refused;
    }

    fn collectDefinitions(self: *Arranger) Error!void {
        for (self.blocks) |placed| {
            if (placed.block.tag != wit.DOCS_TEXT_PARSE_BLOCK_DEFINE) continue;
            const define = placed.block.val.define;
            const name = text.bytes(define.name);
            const slot = try self.definitions.getOrPut(gpa, name);
            if (slot.found_existing) {
                return self.refuse(placed.line, wit.DOCS_TEXT_PARSE_FAULT_DUPLICATE_NAME, "`{s}` is defined twice", name);
            }
            slot.value_ptr.* = .{ .line = placed.line, .value = text.bytes(define.value) };
        }
    }

    fn fillBlock(self: *Arranger, placed: *Placed) Error!void {
        switch (placed.block.tag) {
            wit.DOCS_TEXT_PARSE_BLOCK_HEADING => try self.fill(&placed.block.val.heading.title, placed.line),
            wit.DOCS_TEXT_PARSE_BLOCK_PARAGRAPH => try self.fill(&placed.block.val.paragraph, placed.line),
            wit.DOCS_TEXT_PARSE_BLOCK_QUOTE => try self.fill(&placed.block.val.quote, placed.line),
            wit.DOCS_TEXT_PARSE_BLOCK_LISTING => {
                const listed = placed.block.val.listing.items;
                for (text.items(wit.docs_text_parse_item_t, listed)) |*item| try self.fill(&item.spans, placed.line);
            },
            else => {},
        }
    }

    /// Puts into the place of each insert what its name is defined to be.
    fn fill(self: *Arranger, spans: *Spans, line: u32) Error!void {
        for (text.items(Span, spans.*)) |span| {
            if (span.tag == wit.DOCS_TEXT_PARSE_SPAN_INSERT) break;
        } else return;
        var filled: std.ArrayList(Span) = .empty;
        errdefer {
            for (filled.items) |*span| wit.docs_text_parse_span_free(span);
            filled.deinit(gpa);
        }
        try self.expand(&filled, spans.*, 0, line, 0);
        const whole = try filled.toOwnedSlice(gpa);
        if (spans.len > 0) memory.free(spans.ptr);
        spans.* = .{ .ptr = text.pointer(Span, whole), .len = whole.len };
    }

    /// Moves the spans to the end of `filled`; what has moved leaves a line break behind, which owns nothing.
    fn expand(
        self: *Arranger,
        filled: *std.ArrayList(Span),
        spans: Spans,
        style: u8,
        line: u32,
        depth: u32,
    ) Error!void {
        for (text.items(Span, spans)) |*span| {
            if (span.tag == wit.DOCS_TEXT_PARSE_SPAN_INSERT) {
                const insert = span.val.insert;
                try self.expandName(filled, text.bytes(insert.text), style | insert.style, line, depth);
                wit.docs_text_parse_span_free(span);
            } else {
                try filled.append(gpa, restyled(span.*, style));
            }
            span.tag = wit.DOCS_TEXT_PARSE_SPAN_LINE_BREAK;
        }
    }

    fn expandName(
        self: *Arranger,
        filled: *std.ArrayList(Span),
        name: []const u8,
        style: u8,
        line: u32,
        depth: u32,
    ) Error!void {
        const definition = self.definitions.get(name) orelse {
            return self.refuse(line, wit.DOCS_TEXT_PARSE_FAULT_UNKNOWN_NAME, "nothing defines `{s}`", name);
        };
        self.inserts += 1;
        if (depth == max_insert_depth or self.inserts > max_inserts) {
            const message = "`{s}` stands for too much, or for itself";
            return self.refuse(line, wit.DOCS_TEXT_PARSE_FAULT_ENDLESS_INSERT, message, name);
        }
        var value = text.string(definition.value);
        var parsed: Spans = undefined;
        if (!wit.docs_text_parse_spans(&value, definition.line, &parsed, self.problem)) return error.Refused;
        defer wit.docs_text_parse_list_span_free(&parsed);
        try self.expand(filled, parsed, style, line, depth + 1);
    }

    fn setQuotes(self: *Arranger, placed: *Placed) void {
        if (!self.options.quotes.is_some) return;
        const marks = self.options.quotes.val;
        self.quotes = .{ .opening = @intCast(marks.f0), .closing = @intCast(marks.f1) };
        switch (placed.block.tag) {
            wit.DOCS_TEXT_PARSE_BLOCK_HEADING => self.quotes.set(placed.block.val.heading.title),
            wit.DOCS_TEXT_PARSE_BLOCK_PARAGRAPH => self.quotes.set(placed.block.val.paragraph),
            wit.DOCS_TEXT_PARSE_BLOCK_QUOTE => self.quotes.set(placed.block.val.quote),
            wit.DOCS_TEXT_PARSE_BLOCK_LISTING => {
                const listed = placed.block.val.listing.items;
                for (text.items(wit.docs_text_parse_item_t, listed)) |item| self.quotes.set(item.spans);
            },
            else => {},
        }
    }

    fn isListed(self: *const Arranger, level: u8) bool {
        const depth = self.options.contents_depth;
        return level >= 2 and (!depth.is_some or level <= depth.val);
    }

    fn finishHeading(self: *Arranger, heading: *wit.docs_text_parse_heading_t) Error!void {
        const features = self.options.features;
        if (features & wit.EXPORTS_DOCS_TEXT_TRANSFORM_FEATURES_NUMBER_HEADINGS != 0 and heading.level >= 2) {
            const index = heading.level - 2;
            self.numbers[index] += 1;
            @memset(self.numbers[index + 1 ..], 0);
            const number = try gpa.dupe(u16, self.numbers[0 .. index + 1]);
            heading.number = .{ .ptr = text.pointer(u16, number), .len = number.len };
        }
        if (features & wit.EXPORTS_DOCS_TEXT_TRANSFORM_FEATURES_ANCHORS != 0) {
            const title = try text.plain(heading.title);
            defer gpa.free(title);
            heading.anchor = .{ .is_some = true, .val = text.string(try self.anchor(title)) };
        }
    }

    /// A name made of the title's letters and digits, unlike every name before.
    fn anchor(self: *Arranger, title: []const u8) Error![]u8 {
        var name: std.ArrayList(u8) = .empty;
        defer name.deinit(gpa);
        var characters = std.unicode.Utf8View.initUnchecked(title).iterator();
        while (characters.nextCodepointSlice()) |character| {
            if (text.isWordCharacter(std.unicode.utf8Decode(character) catch @trap())) {
                for (character) |byte| try name.append(gpa, std.ascii.toLower(byte));
            } else if (name.items.len > 0 and name.getLast() != '-') {
                try name.append(gpa, '-');
            }
        }
        while (name.items.len > 0 and name.getLast() == '-') name.items.len -= 1;
        if (name.items.len == 0) try name.appendSlice(gpa, "section");

        const stem = name.items.len;
        var count: u32 = 1;
        while (self.anchors.contains(name.items)) {
            count += 1;
            name.items.len = stem;
            const suffix = try std.fmt.allocPrint(gpa, "-{d}", .{count});
            defer gpa.free(suffix);
            try name.appendSlice(gpa, suffix);
        }
        try self.anchors.put(gpa, try gpa.dupe(u8, name.items), {});
        return gpa.dupe(u8, name.items);
    }
};

fn restyled(span: Span, style: u8) Span {
    var result = span;
    if (style == 0) return result;
    if (span.tag == wit.DOCS_TEXT_PARSE_SPAN_PLAIN) {
        result.tag = wit.DOCS_TEXT_PARSE_SPAN_STYLED;
        result.val = .{ .styled = .{ .style = style, .text = span.val.plain } };
    } else if (span.tag == wit.DOCS_TEXT_PARSE_SPAN_STYLED) {
        result.val.styled.style |= style;
    }
    return result;
}

fn entry(heading: *const wit.docs_text_parse_heading_t) Error!Entry {
    const number = try gpa.dupe(u16, text.items(u16, heading.number));
    var copy: Entry = undefined;
    copy.level = heading.level;
    copy.number = .{ .ptr = text.pointer(u16, number), .len = number.len };
    copy.anchor = if (heading.anchor.is_some)
        .{ .is_some = true, .val = text.string(try gpa.dupe(u8, text.bytes(heading.anchor.val))) }
    else
        .{ .is_some = false };
    copy.title = text.string(try text.plain(heading.title));
    return copy;
}
