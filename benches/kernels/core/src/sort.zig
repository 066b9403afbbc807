//! Sorts 20,000 records by their keys: by parts (quicksort), small ones by insertion; and merges two halves of others, stably.

const Record = extern struct { key: u32, value: u32 };
const count = 20_000;

var records: [count]Record = undefined;
var other: [count]Record = undefined;
var random_state: u32 = 0;

fn randomBits() u32 {
    random_state = random_state *% 1664525 +% 1013904223;
    return random_state >> 8;
}

fn fill(seed: u32) void {
    random_state = seed;
    for (&records, 0..) |*record, at| record.* = .{ .key = randomBits() % 50_000, .value = @intCast(at) };
}

fn insertion(part: []Record) void {
    var i: usize = 1;
    while (i < part.len) : (i += 1) {
        const record = part[i];
        var j = i;
        while (j > 0 and part[j - 1].key > record.key) : (j -= 1) part[j] = part[j - 1];
        part[j] = record;
    }
}

fn middle(a: u32, b: u32, c: u32) u32 {
    return @max(@min(a, b), @min(@max(a, b), c));
}

fn quicksort(whole: []Record) void {
    var part = whole;
    while (part.len > 16) {
        const pivot = middle(part[0].key, part[part.len / 2].key, part[part.len - 1].key);
        var low: usize = 0;
        var high: usize = part.len - 1;
        while (true) {
            while (part[low].key < pivot) low += 1;
            while (part[high].key > pivot) high -= 1;
            if (low >= high) break;
            const swapped = part[low];
            part[low] = part[high];
            part[high] = swapped;
            low += 1;
            high -= 1;
        }
        quicksort(part[0..low]);
        part = part[low..];
    }
    insertion(part);
}

fn mergesort(part: []Record, room: []Record) void {
    if (part.len <= 12) return insertion(part);
    const half = part.len / 2;
    mergesort(part[0..half], room[0..half]);
    mergesort(part[half..], room[half..]);
    @memcpy(room[0..half], part[0..half]);
    var left: usize = 0;
    var right: usize = half;
    var out: usize = 0;
    while (left < half) : (out += 1) {
        if (right < part.len and part[right].key < room[left].key) {
            part[out] = part[right];
            right += 1;
        } else {
            part[out] = room[left];
            left += 1;
        }
    }
}

fn checksum(start: u64) u64 {
    var sum = start;
    var last: u32 = 0;
    for (records) |record| {
        if (record.key < last) return 0;
        last = record.key;
        sum = (sum ^ record.key) *% 0x9e3779b97f4a7c15;
    }
    return sum;
}

export fn run(n: u32) u64 {
    var sum: u64 = 1;
    var round: u32 = 0;
    while (round < n) : (round += 1) {
        fill(round + 11);
        quicksort(&records);
        sum = checksum(sum);
        fill(round + 12);
        mergesort(&records, &other);
        sum = checksum(sum);
        for (records[1..], 0..) |record, at| {
            if (record.key == records[at].key and record.value < records[at].value) return 0;
        }
    }
    return sum;
}
