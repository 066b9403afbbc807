;; app -> lib ns:pkg/iface#func
;; func(text: string)
;; Utf8 to Utf16
;; 1611 bytes
;; site 0: `param "text"`
;; trap of function 1 at its caller's site: string byte length exceeds the maximum of 2^28-1
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: unaligned pointer
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: incomplete utf-8 byte sequence
;; trap of function 1 at its caller's site: invalid utf-8 encoding
;; trap of function 1 at its caller's site: unaligned pointer
;; trap of function 1 at its caller's site: string content out-of-bounds
(module $adapters
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (func (param i32 i32 i32) (result i32 i32)))
  (type (;2;) (func (param i32 i32 i64 i64)))
  (type (;3;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;4;) (func (param i32 i32 i32) (result i32)))
  (import "callee" "f0" (func $"ns:pkg/iface#func of lib" (;0;) (type 0) (param i32 i32)))
  (import "trap" "0" (func $"trap 0" (;1;) (type 2) (param i32 i32 i64 i64)))
  (import "memory" "m0" (memory $"memory of app" (;0;) 0))
  (import "realloc" "f2" (func $"realloc of lib" (;2;) (type 3) (param i32 i32 i32 i32) (result i32)))
  (import "memory" "m1" (memory $"memory of lib" (;1;) 0))
  (import "transcode" "utf8-to-utf16 m0 m1" (func $"utf8-to-utf16 app -> lib" (;3;) (type 1) (param i32 i32 i32) (result i32 i32)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;4;) (type 0) (param i32 i32)
    local.get 0
    local.get 1
    i32.const 0
    call $"string Utf8 to Utf16 app -> lib"
    call $"ns:pkg/iface#func of lib"
  )
  (func $"string Utf8 to Utf16 app -> lib" (;5;) (type 1) (param i32 i32 i32) (result i32 i32)
    (local i32 i32 i32 i32)
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
    memory.size
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
    i32.const 0
    i32.const 0
    i32.const 2
    local.get 1
    i32.const 2
    i32.mul
    call $"realloc of lib"
    local.set 3
    local.get 3
    i32.const 1
    i32.and
    if ;; label = @1
      local.get 2
      i32.const 290
      local.get 3
      i64.extend_i32_u
      i64.const 2
      call $"trap 0"
      unreachable
    end
    local.get 3
    i64.extend_i32_u
    local.get 1
    i64.extend_i32_u
    i64.const 2
    i64.mul
    i64.add
    memory.size $"memory of lib"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      local.get 2
      i32.const 293
      local.get 3
      i64.extend_i32_u
      local.get 1
      i64.extend_i32_u
      i64.const 2
      i64.mul
      call $"trap 0"
      unreachable
    end
    local.get 1
    i32.const 32
    i32.gt_u
    if (result i32) ;; label = @1
      i32.const 1
    else
      local.get 0
      local.get 3
      local.get 1
      call $"short widen of ascii m0 m1"
    end
    if (result i32) ;; label = @1
      block (result i32) ;; label = @2
        local.get 1
        i32.const 32
        i32.gt_u
        i32.eqz
        if ;; label = @3
          local.get 0
          local.get 3
          local.get 1
          call $"short utf8-to-utf16 m0 m1"
          local.tee 5
          i32.const -1
          i32.ne
          if ;; label = @4
            local.get 5
            br 2 (;@2;)
          end
        end
        local.get 0
        local.get 1
        local.get 3
        call $"utf8-to-utf16 app -> lib"
        local.tee 6
        if ;; label = @3
          local.get 6
          i32.const 43
          i32.eq
          if ;; label = @4
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
      end
    else
      local.get 1
    end
    local.tee 4
    local.get 1
    i32.ne
    if ;; label = @1
      local.get 3
      local.get 1
      i32.const 2
      i32.mul
      i32.const 2
      local.get 4
      i32.const 2
      i32.mul
      call $"realloc of lib"
      local.set 3
      local.get 3
      i32.const 1
      i32.and
      if ;; label = @2
        local.get 2
        i32.const 290
        local.get 3
        i64.extend_i32_u
        i64.const 2
        call $"trap 0"
        unreachable
      end
      local.get 3
      i64.extend_i32_u
      local.get 4
      i64.extend_i32_u
      i64.const 2
      i64.mul
      i64.add
      memory.size $"memory of lib"
      i64.extend_i32_u
      i64.const 16
      i64.shl
      i64.gt_u
      if ;; label = @2
        local.get 2
        i32.const 293
        local.get 3
        i64.extend_i32_u
        local.get 4
        i64.extend_i32_u
        i64.const 2
        i64.mul
        call $"trap 0"
        unreachable
      end
    end
    local.get 3
    local.get 4
  )
  (func $"short widen of ascii m0 m1" (;6;) (type 4) (param i32 i32 i32) (result i32)
    (local i32 v128 v128 i32 i32 i32)
    local.get 2
    i32.const 16
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 16
      i32.sub
      i32.add
      local.set 3
      local.get 0
      v128.load align=1
      local.set 4
      local.get 3
      v128.load align=1
      local.set 5
      local.get 4
      local.get 5
      v128.or
      v128.const i32x4 0x80808080 0x80808080 0x80808080 0x80808080
      v128.and
      v128.any_true
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 16
      i32.sub
      i32.const 1
      i32.shl
      i32.add
      local.set 6
      local.get 1
      local.get 4
      i16x8.extend_low_i8x16_u
      v128.store $"memory of lib" align=1
      local.get 1
      local.get 4
      i16x8.extend_high_i8x16_u
      v128.store $"memory of lib" offset=16 align=1
      local.get 6
      local.get 5
      i16x8.extend_low_i8x16_u
      v128.store $"memory of lib" align=1
      local.get 6
      local.get 5
      i16x8.extend_high_i8x16_u
      v128.store $"memory of lib" offset=16 align=1
      i32.const 0
      return
    end
    local.get 2
    i32.const 8
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 8
      i32.sub
      i32.add
      local.set 6
      local.get 0
      v128.load64_zero align=1
      local.set 5
      local.get 6
      v128.load64_zero align=1
      local.set 4
      local.get 5
      local.get 4
      v128.or
      v128.const i32x4 0x80808080 0x80808080 0x80808080 0x80808080
      v128.and
      v128.any_true
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 8
      i32.sub
      i32.const 1
      i32.shl
      i32.add
      local.set 3
      local.get 1
      local.get 5
      i16x8.extend_low_i8x16_u
      v128.store $"memory of lib" align=1
      local.get 3
      local.get 4
      i16x8.extend_low_i8x16_u
      v128.store $"memory of lib" align=1
      i32.const 0
      return
    end
    local.get 2
    i32.const 4
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 4
      i32.sub
      i32.add
      local.set 3
      local.get 0
      v128.load32_zero align=1
      local.set 4
      local.get 3
      v128.load32_zero align=1
      local.set 5
      local.get 4
      local.get 5
      v128.or
      v128.const i32x4 0x80808080 0x80808080 0x80808080 0x80808080
      v128.and
      v128.any_true
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 4
      i32.sub
      i32.const 1
      i32.shl
      i32.add
      local.set 6
      local.get 1
      local.get 4
      i16x8.extend_low_i8x16_u
      v128.store64_lane $"memory of lib" align=1 0
      local.get 6
      local.get 5
      i16x8.extend_low_i8x16_u
      v128.store64_lane $"memory of lib" align=1 0
      i32.const 0
      return
    end
    local.get 2
    i32.const 2
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 2
      i32.sub
      i32.add
      local.set 6
      local.get 0
      i32.load16_u align=1
      local.set 3
      local.get 6
      i32.load16_u align=1
      local.set 7
      local.get 3
      local.get 7
      i32.or
      i32.const -2139062144
      i32.and
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 2
      i32.sub
      i32.const 1
      i32.shl
      i32.add
      local.set 8
      local.get 1
      local.get 3
      local.get 3
      i32.const 8
      i32.shl
      i32.or
      i32.const 16711935
      i32.and
      i32.store $"memory of lib" align=1
      local.get 8
      local.get 7
      local.get 7
      i32.const 8
      i32.shl
      i32.or
      i32.const 16711935
      i32.and
      i32.store $"memory of lib" align=1
      i32.const 0
      return
    end
    local.get 2
    i32.const 1
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 1
      i32.sub
      i32.add
      local.set 8
      local.get 0
      i32.load8_u
      local.set 6
      local.get 8
      i32.load8_u
      local.set 7
      local.get 6
      local.get 7
      i32.or
      i32.const -2139062144
      i32.and
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 1
      i32.sub
      i32.const 1
      i32.shl
      i32.add
      local.set 3
      local.get 1
      local.get 6
      i32.store16 $"memory of lib" align=1
      local.get 3
      local.get 7
      i32.store16 $"memory of lib" align=1
      i32.const 0
      return
    end
    i32.const 0
  )
  (func $"short utf8-to-utf16 m0 m1" (;7;) (type 4) (param i32 i32 i32) (result i32)
    (local i32 i32 i32)
    local.get 1
    local.set 3
    block ;; label = @1
      loop ;; label = @2
        local.get 2
        i32.eqz
        if ;; label = @3
          local.get 3
          local.get 1
          i32.sub
          i32.const 1
          i32.shr_u
          return
        end
        local.get 0
        i32.load8_u
        local.tee 4
        i32.const 128
        i32.lt_u
        if ;; label = @3
          local.get 3
          local.get 4
          i32.store16 $"memory of lib" align=1
          local.get 0
          i32.const 1
          i32.add
          local.set 0
          local.get 3
          i32.const 2
          i32.add
          local.set 3
          local.get 2
          i32.const 1
          i32.sub
          local.set 2
          br 1 (;@2;)
        end
        local.get 4
        i32.const 224
        i32.lt_u
        if ;; label = @3
          local.get 4
          i32.const 194
          i32.lt_u
          br_if 2 (;@1;)
          local.get 2
          i32.const 2
          i32.lt_u
          br_if 2 (;@1;)
          local.get 0
          i32.load8_u offset=1
          local.tee 5
          i32.const 192
          i32.and
          i32.const 128
          i32.ne
          br_if 2 (;@1;)
          local.get 3
          local.get 4
          i32.const 31
          i32.and
          i32.const 6
          i32.shl
          local.get 5
          i32.const 63
          i32.and
          i32.or
          i32.store16 $"memory of lib" align=1
          local.get 0
          i32.const 2
          i32.add
          local.set 0
          local.get 3
          i32.const 2
          i32.add
          local.set 3
          local.get 2
          i32.const 2
          i32.sub
          local.set 2
          br 1 (;@2;)
        end
        local.get 4
        i32.const 240
        i32.ge_u
        br_if 1 (;@1;)
        local.get 2
        i32.const 3
        i32.lt_u
        br_if 1 (;@1;)
        local.get 0
        i32.load16_u offset=1 align=1
        local.tee 5
        i32.const 49344
        i32.and
        i32.const 32896
        i32.ne
        br_if 1 (;@1;)
        local.get 4
        i32.const 15
        i32.and
        i32.const 12
        i32.shl
        local.get 5
        i32.const 63
        i32.and
        i32.const 6
        i32.shl
        i32.or
        local.get 5
        i32.const 8
        i32.shr_u
        i32.const 63
        i32.and
        i32.or
        local.tee 5
        i32.const 63488
        i32.and
        local.tee 4
        i32.eqz
        local.get 4
        i32.const 55296
        i32.eq
        i32.or
        br_if 1 (;@1;)
        local.get 3
        local.get 5
        i32.store16 $"memory of lib" align=1
        local.get 0
        i32.const 3
        i32.add
        local.set 0
        local.get 3
        i32.const 2
        i32.add
        local.set 3
        local.get 2
        i32.const 3
        i32.sub
        local.set 2
        br 0 (;@2;)
      end
    end
    i32.const -1
  )
)
