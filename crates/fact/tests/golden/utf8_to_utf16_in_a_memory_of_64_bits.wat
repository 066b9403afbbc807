;; app -> lib ns:pkg/iface#func
;; func(text: string)
;;   -> list<u8>
;; Utf8 to Utf16
;; 1048 bytes
;; site 0: `param "text"`
;; site 1: `result`
;; trap of function 0 at site 1: unaligned pointer
;; trap of function 0 at site 1: pointer out of bounds of memory
;; trap of function 0 at site 1: unaligned pointer
;; trap of function 0 at site 1: pointer out of bounds of memory
;; trap of function 0 at site 1: list byte length exceeds the maximum of 2^28-1
;; trap of function 0 at site 1: list content out-of-bounds
;; trap of function 0 at site 1: list content out-of-bounds
;; trap of function 1 at its caller's site: string byte length exceeds the maximum of 2^28-1
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: unaligned pointer
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: incomplete utf-8 byte sequence
;; trap of function 1 at its caller's site: invalid utf-8 encoding
;; trap of function 1 at its caller's site: unaligned pointer
;; trap of function 1 at its caller's site: string content out-of-bounds
(module $adapters
  (type (;0;) (func (param i32 i32 i32)))
  (type (;1;) (func (param i32 i32 i32) (result i64 i64)))
  (type (;2;) (func (param i64 i64) (result i64)))
  (type (;3;) (func (param i32 i32 i64 i64)))
  (type (;4;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;5;) (func (param i64)))
  (type (;6;) (func (param i64 i64 i64 i64) (result i64)))
  (type (;7;) (func (param i32 i32 i64) (result i64 i32)))
  (import "callee" "f0" (func $"ns:pkg/iface#func of lib" (;0;) (type 2) (param i64 i64) (result i64)))
  (import "trap" "0" (func $"trap 0" (;1;) (type 3) (param i32 i32 i64 i64)))
  (import "memory" "m0" (memory $"memory of lib" (;0;) i64 0))
  (import "memory" "m1" (memory $"memory of app" (;1;) 0))
  (import "realloc" "f2" (func $"realloc of app" (;2;) (type 4) (param i32 i32 i32 i32) (result i32)))
  (import "post-return" "f3" (func $"post-return of ns:pkg/iface#func of lib" (;3;) (type 5) (param i64)))
  (import "realloc" "f4" (func $"realloc of lib" (;4;) (type 6) (param i64 i64 i64 i64) (result i64)))
  (import "transcode" "utf8-to-utf16 m1 m0" (func $"utf8-to-utf16 app -> lib" (;5;) (type 7) (param i32 i32 i64) (result i64 i32)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;6;) (type 0) (param i32 i32 i32)
    (local i64 i64 i64 i64 i32)
    local.get 0
    local.get 1
    i32.const 0
    call $"string Utf8 to Utf16 app -> lib"
    call $"ns:pkg/iface#func of lib"
    local.set 3
    local.get 3
    i32.wrap_i64
    i32.const 7
    i32.and
    if ;; label = @1
      i32.const 1
      i32.const 34
      local.get 3
      i64.const 8
      call $"trap 0"
      unreachable
    end
    local.get 3
    i64.const 16
    i64.add
    local.tee 4
    memory.size
    i64.const 16
    i64.shl
    i64.gt_u
    local.get 4
    local.get 3
    i64.lt_u
    i32.or
    if ;; label = @1
      i32.const 1
      i32.const 39
      local.get 3
      i64.const 16
      call $"trap 0"
      unreachable
    end
    local.get 2
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 1
      i32.const 34
      local.get 2
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 2
    i64.extend_i32_u
    i64.const 8
    i64.add
    memory.size $"memory of app"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 39
      local.get 2
      i64.extend_i32_u
      i64.const 8
      call $"trap 0"
      unreachable
    end
    local.get 3
    i64.load
    local.get 3
    i64.load offset=8
    local.set 5
    local.set 4
    local.get 5
    i64.const 268435455
    i64.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 36
      local.get 5
      i64.const 1
      call $"trap 0"
      unreachable
    end
    local.get 4
    local.get 5
    i64.add
    local.tee 6
    memory.size
    i64.const 16
    i64.shl
    i64.gt_u
    local.get 6
    local.get 4
    i64.lt_u
    i32.or
    if ;; label = @1
      i32.const 1
      i32.const 35
      local.get 4
      local.get 5
      call $"trap 0"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 1
    local.get 5
    i32.wrap_i64
    call $"realloc of app"
    local.set 7
    local.get 7
    i64.extend_i32_u
    local.get 5
    i64.add
    memory.size $"memory of app"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 291
      local.get 7
      i64.extend_i32_u
      local.get 5
      call $"trap 0"
      unreachable
    end
    local.get 7
    local.get 4
    local.get 5
    i32.wrap_i64
    memory.copy $"memory of app" $"memory of lib"
    local.get 2
    local.get 7
    i32.store $"memory of app"
    local.get 2
    local.get 5
    i32.wrap_i64
    i32.store $"memory of app" offset=4
    local.get 3
    call $"post-return of ns:pkg/iface#func of lib"
  )
  (func $"string Utf8 to Utf16 app -> lib" (;7;) (type 1) (param i32 i32 i32) (result i64 i64)
    (local i64 i64 i32 i64)
    local.get 1
    i32.const 268435455
    i32.gt_u
    if ;; label = @1
      local.get 2
      i32.const 38
      local.get 1
      i64.extend_i32_u
      i64.const 1
      call $"trap 0"
      unreachable
    end
    local.get 0
    i64.extend_i32_u
    local.get 1
    i64.extend_i32_u
    i64.add
    memory.size $"memory of app"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      local.get 2
      i32.const 37
      local.get 0
      i64.extend_i32_u
      local.get 1
      i64.extend_i32_u
      call $"trap 0"
      unreachable
    end
    i64.const 0
    i64.const 0
    i64.const 2
    local.get 1
    i64.extend_i32_u
    i64.const 2
    i64.mul
    call $"realloc of lib"
    local.set 3
    local.get 3
    i32.wrap_i64
    i32.const 1
    i32.and
    if ;; label = @1
      local.get 2
      i32.const 290
      local.get 3
      i64.const 2
      call $"trap 0"
      unreachable
    end
    local.get 3
    local.get 1
    i64.extend_i32_u
    i64.const 2
    i64.mul
    i64.add
    local.tee 4
    memory.size
    i64.const 16
    i64.shl
    i64.gt_u
    local.get 4
    local.get 3
    i64.lt_u
    i32.or
    if ;; label = @1
      local.get 2
      i32.const 293
      local.get 3
      local.get 1
      i64.extend_i32_u
      i64.const 2
      i64.mul
      call $"trap 0"
      unreachable
    end
    local.get 0
    local.get 1
    local.get 3
    call $"utf8-to-utf16 app -> lib"
    local.tee 5
    if ;; label = @1
      local.get 5
      i32.const 43
      i32.eq
      if ;; label = @2
        local.get 2
        i32.const 43
        local.get 0
        i64.extend_i32_u
        local.get 1
        i64.extend_i32_u
        call $"trap 0"
        unreachable
      end
      local.get 2
      i32.const 42
      local.get 0
      i64.extend_i32_u
      local.get 1
      i64.extend_i32_u
      call $"trap 0"
      unreachable
    end
    local.tee 4
    local.get 1
    i64.extend_i32_u
    i64.ne
    if ;; label = @1
      local.get 3
      local.get 1
      i64.extend_i32_u
      i64.const 2
      i64.mul
      i64.const 2
      local.get 4
      i64.const 2
      i64.mul
      call $"realloc of lib"
      local.set 3
      local.get 3
      i32.wrap_i64
      i32.const 1
      i32.and
      if ;; label = @2
        local.get 2
        i32.const 290
        local.get 3
        i64.const 2
        call $"trap 0"
        unreachable
      end
      local.get 3
      local.get 4
      i64.const 2
      i64.mul
      i64.add
      local.tee 6
      memory.size
      i64.const 16
      i64.shl
      i64.gt_u
      local.get 6
      local.get 3
      i64.lt_u
      i32.or
      if ;; label = @2
        local.get 2
        i32.const 293
        local.get 3
        local.get 4
        i64.const 2
        i64.mul
        call $"trap 0"
        unreachable
      end
    end
    local.get 3
    local.get 4
  )
)
