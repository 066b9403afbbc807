;; app -> lib ns:pkg/iface#func
;; func(text: string)
;; Latin1Utf16 to Utf8
;; 3134 bytes
;; site 0: `param "text"`
;; trap of function 1 at its caller's site: string byte length exceeds the maximum of 2^28-1
;; trap of function 1 at its caller's site: unaligned pointer
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: invalid utf-16 encoding
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: string byte length exceeds the maximum of 2^28-1
;; trap of function 1 at its caller's site: unaligned pointer
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: string content out-of-bounds
;; trap of function 1 at its caller's site: string content out-of-bounds
(module $adapters
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (func (param i32 i32 i32) (result i32 i32)))
  (type (;2;) (func))
  (type (;3;) (func (result i32 i32)))
  (type (;4;) (func (param i32 i32 i64 i64)))
  (type (;5;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;6;) (func (param i32 i32 i32) (result i32)))
  (import "callee" "f0" (func $"ns:pkg/iface#func of lib" (;0;) (type 0) (param i32 i32)))
  (import "post-return" "f1" (func $"post-return of ns:pkg/iface#func of lib" (;1;) (type 2)))
  (import "trap" "0" (func $"trap 0" (;2;) (type 4) (param i32 i32 i64 i64)))
  (import "memory" "m0" (memory $"memory of app" (;0;) 0))
  (import "realloc" "f3" (func $"realloc of lib" (;3;) (type 5) (param i32 i32 i32 i32) (result i32)))
  (import "memory" "m1" (memory $"memory of lib" (;1;) 0))
  (import "transcode" "utf16-to-ascii m0 m1" (func $"utf16-to-ascii app -> lib" (;4;) (type 6) (param i32 i32 i32) (result i32)))
  (import "transcode" "utf16-to-utf8 m0 m1" (func $"utf16-to-utf8 app -> lib" (;5;) (type 1) (param i32 i32 i32) (result i32 i32)))
  (import "transcode" "latin1-to-ascii m0 m1" (func $"latin1-to-ascii app -> lib" (;6;) (type 6) (param i32 i32 i32) (result i32)))
  (import "transcode" "latin1-to-utf8 m0 m1" (func $"latin1-to-utf8 app -> lib" (;7;) (type 6) (param i32 i32 i32) (result i32)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;8;) (type 0) (param i32 i32)
    local.get 0
    local.get 1
    i32.const 0
    call $"string Latin1Utf16 to Utf8 app -> lib"
    call $"ns:pkg/iface#func of lib"
    call $"post-return of ns:pkg/iface#func of lib"
  )
  (func $"string Latin1Utf16 to Utf8 app -> lib" (;9;) (type 1) (param i32 i32 i32) (result i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32)
    local.get 1
    i32.const -2147483648
    i32.and
    if (type 3) (result i32 i32) ;; label = @1
      local.get 1
      i32.const -2147483648
      i32.xor
      local.set 3
      local.get 3
      i32.const 134217727
      i32.gt_u
      if ;; label = @2
        local.get 2
        i32.const 38
        local.get 3
        i64.extend_i32_u
        i64.const 2
        call $"trap 0"
        unreachable
      end
      local.get 0
      i32.const 1
      i32.and
      if ;; label = @2
        local.get 2
        i32.const 34
        local.get 0
        i64.extend_i32_u
        i64.const 2
        call $"trap 0"
        unreachable
      end
      local.get 0
      i64.extend_i32_u
      local.get 3
      i64.extend_i32_u
      i64.const 2
      i64.mul
      i64.add
      memory.size
      i64.extend_i32_u
      i64.const 16
      i64.shl
      i64.gt_u
      if ;; label = @2
        local.get 2
        i32.const 37
        local.get 0
        i64.extend_i32_u
        local.get 3
        i64.extend_i32_u
        i64.const 2
        i64.mul
        call $"trap 0"
        unreachable
      end
      i32.const 0
      i32.const 0
      i32.const 1
      local.get 3
      call $"realloc of lib"
      local.set 4
      local.get 4
      i64.extend_i32_u
      local.get 3
      i64.extend_i32_u
      i64.add
      memory.size $"memory of lib"
      i64.extend_i32_u
      i64.const 16
      i64.shl
      i64.gt_u
      if ;; label = @2
        local.get 2
        i32.const 293
        local.get 4
        i64.extend_i32_u
        local.get 3
        i64.extend_i32_u
        call $"trap 0"
        unreachable
      end
      local.get 3
      local.set 7
      local.get 3
      i32.const 32
      i32.gt_u
      if ;; label = @2
        local.get 0
        local.get 3
        local.get 4
        call $"utf16-to-ascii app -> lib"
        local.set 7
      else
        local.get 0
        local.get 4
        local.get 3
        i32.const 2
        i32.mul
        call $"short narrow of ascii m0 m1"
        if ;; label = @3
          i32.const 0
          local.set 7
          loop ;; label = @4
            local.get 0
            local.get 7
            i32.const 2
            i32.mul
            i32.add
            i32.load16_u align=1
            i32.const 127
            i32.le_u
            if ;; label = @5
              local.get 7
              i32.const 1
              i32.add
              local.set 7
              br 1 (;@4;)
            end
          end
          local.get 0
          local.get 4
          local.get 7
          i32.const 2
          i32.mul
          call $"short narrow of ascii m0 m1"
          drop
        end
      end
      local.get 7
      local.set 5
      local.get 5
      local.set 6
      local.get 5
      local.get 3
      i32.ne
      if ;; label = @2
        local.get 4
        local.get 3
        i32.const 1
        local.get 3
        i32.const 3
        i32.mul
        call $"realloc of lib"
        local.set 4
        local.get 4
        i64.extend_i32_u
        local.get 3
        i64.extend_i32_u
        i64.const 3
        i64.mul
        i64.add
        memory.size $"memory of lib"
        i64.extend_i32_u
        i64.const 16
        i64.shl
        i64.gt_u
        if ;; label = @3
          local.get 2
          i32.const 293
          local.get 4
          i64.extend_i32_u
          local.get 3
          i64.extend_i32_u
          i64.const 3
          i64.mul
          call $"trap 0"
          unreachable
        end
        local.get 0
        local.get 5
        i32.const 2
        i32.mul
        i32.add
        local.get 3
        local.get 5
        i32.sub
        local.set 8
        local.set 7
        local.get 4
        local.get 6
        i32.add
        local.set 9
        block (result i32) ;; label = @3
          local.get 8
          i32.const 16
          i32.gt_u
          i32.eqz
          if ;; label = @4
            local.get 7
            local.get 9
            local.get 8
            call $"short utf16-to-utf8 m0 m1"
            local.tee 10
            i32.const -1
            i32.ne
            if ;; label = @5
              local.get 10
              br 2 (;@3;)
            end
          end
          local.get 7
          local.get 8
          local.get 9
          call $"utf16-to-utf8 app -> lib"
          local.tee 11
          if ;; label = @4
            local.get 2
            i32.const 44
            local.get 0
            i64.extend_i32_u
            local.get 3
            i64.extend_i32_u
            i64.const 2
            i64.mul
            call $"trap 0"
            unreachable
          end
        end
        local.get 6
        i32.add
        local.set 6
        local.get 3
        i32.const 3
        i32.mul
        local.get 6
        i32.ne
        if ;; label = @3
          local.get 4
          local.get 3
          i32.const 3
          i32.mul
          i32.const 1
          local.get 6
          call $"realloc of lib"
          local.set 4
          local.get 4
          i64.extend_i32_u
          local.get 6
          i64.extend_i32_u
          i64.add
          memory.size $"memory of lib"
          i64.extend_i32_u
          i64.const 16
          i64.shl
          i64.gt_u
          if ;; label = @4
            local.get 2
            i32.const 293
            local.get 4
            i64.extend_i32_u
            local.get 6
            i64.extend_i32_u
            call $"trap 0"
            unreachable
          end
        end
      end
      local.get 4
      local.get 6
    else
      local.get 1
      i32.const 268435455
      i32.gt_u
      if ;; label = @2
        local.get 2
        i32.const 38
        local.get 1
        i64.extend_i32_u
        i64.const 1
        call $"trap 0"
        unreachable
      end
      local.get 0
      i32.const 1
      i32.and
      if ;; label = @2
        local.get 2
        i32.const 34
        local.get 0
        i64.extend_i32_u
        i64.const 2
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
      if ;; label = @2
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
      i32.const 1
      local.get 1
      call $"realloc of lib"
      local.set 6
      local.get 6
      i64.extend_i32_u
      local.get 1
      i64.extend_i32_u
      i64.add
      memory.size $"memory of lib"
      i64.extend_i32_u
      i64.const 16
      i64.shl
      i64.gt_u
      if ;; label = @2
        local.get 2
        i32.const 293
        local.get 6
        i64.extend_i32_u
        local.get 1
        i64.extend_i32_u
        call $"trap 0"
        unreachable
      end
      local.get 1
      local.set 9
      local.get 1
      i32.const 64
      i32.gt_u
      if ;; label = @2
        local.get 0
        local.get 1
        local.get 6
        call $"latin1-to-ascii app -> lib"
        local.set 9
      else
        local.get 0
        local.get 6
        local.get 1
        call $"short copy by 1 of ascii m0 m1"
        if ;; label = @3
          i32.const 0
          local.set 9
          loop ;; label = @4
            local.get 0
            local.get 9
            i32.add
            i32.load8_u
            i32.const 127
            i32.le_u
            if ;; label = @5
              local.get 9
              i32.const 1
              i32.add
              local.set 9
              br 1 (;@4;)
            end
          end
          local.get 0
          local.get 6
          local.get 9
          call $"short copy by 1 of ascii m0 m1"
          drop
        end
      end
      local.get 9
      local.set 5
      local.get 5
      local.set 4
      local.get 5
      local.get 1
      i32.ne
      if ;; label = @2
        local.get 6
        local.get 1
        i32.const 1
        local.get 1
        i32.const 2
        i32.mul
        call $"realloc of lib"
        local.set 6
        local.get 6
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
        if ;; label = @3
          local.get 2
          i32.const 293
          local.get 6
          i64.extend_i32_u
          local.get 1
          i64.extend_i32_u
          i64.const 2
          i64.mul
          call $"trap 0"
          unreachable
        end
        local.get 0
        local.get 5
        i32.add
        local.get 1
        local.get 5
        i32.sub
        local.set 8
        local.set 9
        local.get 6
        local.get 4
        i32.add
        local.set 7
        block (result i32) ;; label = @3
          local.get 8
          i32.const 32
          i32.gt_u
          i32.eqz
          if ;; label = @4
            local.get 9
            local.get 7
            local.get 8
            call $"short latin1-to-utf8 m0 m1"
            local.tee 10
            i32.const -1
            i32.ne
            if ;; label = @5
              local.get 10
              br 2 (;@3;)
            end
          end
          local.get 9
          local.get 8
          local.get 7
          call $"latin1-to-utf8 app -> lib"
        end
        local.get 4
        i32.add
        local.set 4
        local.get 1
        i32.const 2
        i32.mul
        local.get 4
        i32.ne
        if ;; label = @3
          local.get 6
          local.get 1
          i32.const 2
          i32.mul
          i32.const 1
          local.get 4
          call $"realloc of lib"
          local.set 6
          local.get 6
          i64.extend_i32_u
          local.get 4
          i64.extend_i32_u
          i64.add
          memory.size $"memory of lib"
          i64.extend_i32_u
          i64.const 16
          i64.shl
          i64.gt_u
          if ;; label = @4
            local.get 2
            i32.const 293
            local.get 6
            i64.extend_i32_u
            local.get 4
            i64.extend_i32_u
            call $"trap 0"
            unreachable
          end
        end
      end
      local.get 6
      local.get 4
    end
  )
  (func $"short narrow of ascii m0 m1" (;10;) (type 6) (param i32 i32 i32) (result i32)
    (local i32 v128 v128 v128 v128 i32 i32 i32)
    local.get 2
    i32.const 32
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 32
      i32.sub
      i32.add
      local.set 3
      local.get 0
      v128.load align=1
      local.set 4
      local.get 0
      v128.load offset=16 align=1
      local.set 5
      local.get 3
      v128.load align=1
      local.set 6
      local.get 3
      v128.load offset=16 align=1
      local.set 7
      local.get 4
      local.get 5
      v128.or
      local.get 6
      v128.or
      local.get 7
      v128.or
      v128.const i32x4 0xff80ff80 0xff80ff80 0xff80ff80 0xff80ff80
      v128.and
      v128.any_true
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 32
      i32.sub
      i32.const 1
      i32.shr_u
      i32.add
      local.set 8
      local.get 1
      local.get 4
      local.get 4
      i8x16.narrow_i16x8_u
      v128.store64_lane $"memory of lib" align=1 0
      local.get 1
      local.get 5
      local.get 5
      i8x16.narrow_i16x8_u
      v128.store64_lane $"memory of lib" offset=8 align=1 0
      local.get 8
      local.get 6
      local.get 6
      i8x16.narrow_i16x8_u
      v128.store64_lane $"memory of lib" align=1 0
      local.get 8
      local.get 7
      local.get 7
      i8x16.narrow_i16x8_u
      v128.store64_lane $"memory of lib" offset=8 align=1 0
      i32.const 0
      return
    end
    local.get 2
    i32.const 16
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 16
      i32.sub
      i32.add
      local.set 8
      local.get 0
      v128.load align=1
      local.set 7
      local.get 8
      v128.load align=1
      local.set 6
      local.get 7
      local.get 6
      v128.or
      v128.const i32x4 0xff80ff80 0xff80ff80 0xff80ff80 0xff80ff80
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
      i32.shr_u
      i32.add
      local.set 3
      local.get 1
      local.get 7
      local.get 7
      i8x16.narrow_i16x8_u
      v128.store64_lane $"memory of lib" align=1 0
      local.get 3
      local.get 6
      local.get 6
      i8x16.narrow_i16x8_u
      v128.store64_lane $"memory of lib" align=1 0
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
      local.set 3
      local.get 0
      v128.load64_zero align=1
      local.set 6
      local.get 3
      v128.load64_zero align=1
      local.set 7
      local.get 6
      local.get 7
      v128.or
      v128.const i32x4 0xff80ff80 0xff80ff80 0xff80ff80 0xff80ff80
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
      i32.shr_u
      i32.add
      local.set 8
      local.get 1
      local.get 6
      local.get 6
      i8x16.narrow_i16x8_u
      v128.store32_lane $"memory of lib" align=1 0
      local.get 8
      local.get 7
      local.get 7
      i8x16.narrow_i16x8_u
      v128.store32_lane $"memory of lib" align=1 0
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
      local.set 8
      local.get 0
      v128.load32_zero align=1
      local.set 7
      local.get 8
      v128.load32_zero align=1
      local.set 6
      local.get 7
      local.get 6
      v128.or
      v128.const i32x4 0xff80ff80 0xff80ff80 0xff80ff80 0xff80ff80
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
      i32.shr_u
      i32.add
      local.set 3
      local.get 1
      local.get 7
      local.get 7
      i8x16.narrow_i16x8_u
      v128.store16_lane $"memory of lib" align=1 0
      local.get 3
      local.get 6
      local.get 6
      i8x16.narrow_i16x8_u
      v128.store16_lane $"memory of lib" align=1 0
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
      local.set 3
      local.get 0
      i32.load16_u align=1
      local.set 8
      local.get 3
      i32.load16_u align=1
      local.set 9
      local.get 8
      local.get 9
      i32.or
      i32.const -8323200
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
      i32.shr_u
      i32.add
      local.set 10
      local.get 1
      local.get 8
      i32.store8 $"memory of lib"
      local.get 10
      local.get 9
      i32.store8 $"memory of lib"
      i32.const 0
      return
    end
    i32.const 0
  )
  (func $"short utf16-to-utf8 m0 m1" (;11;) (type 6) (param i32 i32 i32) (result i32)
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
          return
        end
        local.get 0
        i32.load16_u align=1
        local.tee 4
        i32.const 128
        i32.lt_u
        if ;; label = @3
          local.get 3
          local.get 4
          i32.store8 $"memory of lib"
          local.get 0
          i32.const 2
          i32.add
          local.set 0
          local.get 3
          i32.const 1
          i32.add
          local.set 3
          local.get 2
          i32.const 1
          i32.sub
          local.set 2
          br 1 (;@2;)
        end
        local.get 4
        i32.const 2048
        i32.lt_u
        if ;; label = @3
          local.get 3
          local.get 4
          i32.const 6
          i32.shr_u
          local.get 4
          i32.const 8
          i32.shl
          i32.const 16128
          i32.and
          i32.or
          i32.const 32960
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
          i32.const 1
          i32.sub
          local.set 2
          br 1 (;@2;)
        end
        local.get 4
        i32.const 63488
        i32.and
        i32.const 55296
        i32.eq
        br_if 1 (;@1;)
        local.get 3
        local.get 4
        i32.const 12
        i32.shr_u
        local.get 4
        i32.const 2
        i32.shl
        i32.const 16128
        i32.and
        i32.or
        i32.const 32992
        i32.or
        i32.store16 $"memory of lib" align=1
        local.get 3
        local.get 4
        i32.const 63
        i32.and
        i32.const 128
        i32.or
        i32.store8 $"memory of lib" offset=2
        local.get 0
        i32.const 2
        i32.add
        local.set 0
        local.get 3
        i32.const 3
        i32.add
        local.set 3
        local.get 2
        i32.const 1
        i32.sub
        local.set 2
        br 0 (;@2;)
      end
    end
    i32.const -1
  )
  (func $"short copy by 1 of ascii m0 m1" (;12;) (type 6) (param i32 i32 i32) (result i32)
    (local i32 v128 v128 v128 v128 i32 i64 i64 i32 i32)
    local.get 2
    i32.const 32
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 32
      i32.sub
      i32.add
      local.set 3
      local.get 0
      v128.load align=1
      local.set 4
      local.get 0
      v128.load offset=16 align=1
      local.set 5
      local.get 3
      v128.load align=1
      local.set 6
      local.get 3
      v128.load offset=16 align=1
      local.set 7
      local.get 4
      local.get 5
      v128.or
      local.get 6
      v128.or
      local.get 7
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
      i32.const 32
      i32.sub
      i32.add
      local.set 8
      local.get 1
      local.get 4
      v128.store $"memory of lib" align=1
      local.get 1
      local.get 5
      v128.store $"memory of lib" offset=16 align=1
      local.get 8
      local.get 6
      v128.store $"memory of lib" align=1
      local.get 8
      local.get 7
      v128.store $"memory of lib" offset=16 align=1
      i32.const 0
      return
    end
    local.get 2
    i32.const 16
    i32.ge_u
    if ;; label = @1
      local.get 0
      local.get 2
      i32.const 16
      i32.sub
      i32.add
      local.set 8
      local.get 0
      v128.load align=1
      local.set 7
      local.get 8
      v128.load align=1
      local.set 6
      local.get 7
      local.get 6
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
      i32.add
      local.set 3
      local.get 1
      local.get 7
      v128.store $"memory of lib" align=1
      local.get 3
      local.get 6
      v128.store $"memory of lib" align=1
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
      local.set 3
      local.get 0
      i64.load align=1
      local.set 9
      local.get 3
      i64.load align=1
      local.set 10
      local.get 9
      local.get 10
      i64.or
      i64.const -9187201950435737472
      i64.and
      i64.const 0
      i64.ne
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 8
      i32.sub
      i32.add
      local.set 8
      local.get 1
      local.get 9
      i64.store $"memory of lib" align=1
      local.get 8
      local.get 10
      i64.store $"memory of lib" align=1
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
      local.set 8
      local.get 0
      i32.load align=1
      local.set 3
      local.get 8
      i32.load align=1
      local.set 11
      local.get 3
      local.get 11
      i32.or
      i32.const -2139062144
      i32.and
      if ;; label = @2
        i32.const 1
        return
      end
      local.get 1
      local.get 2
      i32.const 4
      i32.sub
      i32.add
      local.set 12
      local.get 1
      local.get 3
      i32.store $"memory of lib" align=1
      local.get 12
      local.get 11
      i32.store $"memory of lib" align=1
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
      local.set 12
      local.get 0
      i32.load16_u align=1
      local.set 8
      local.get 12
      i32.load16_u align=1
      local.set 11
      local.get 8
      local.get 11
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
      i32.add
      local.set 3
      local.get 1
      local.get 8
      i32.store16 $"memory of lib" align=1
      local.get 3
      local.get 11
      i32.store16 $"memory of lib" align=1
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
      local.set 3
      local.get 0
      i32.load8_u
      local.set 12
      local.get 3
      i32.load8_u
      local.set 11
      local.get 12
      local.get 11
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
      i32.add
      local.set 8
      local.get 1
      local.get 12
      i32.store8 $"memory of lib"
      local.get 8
      local.get 11
      i32.store8 $"memory of lib"
      i32.const 0
      return
    end
    i32.const 0
  )
  (func $"short latin1-to-utf8 m0 m1" (;13;) (type 6) (param i32 i32 i32) (result i32)
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
          i32.store8 $"memory of lib"
          local.get 0
          i32.const 1
          i32.add
          local.set 0
          local.get 3
          i32.const 1
          i32.add
          local.set 3
          local.get 2
          i32.const 1
          i32.sub
          local.set 2
          br 1 (;@2;)
        end
        local.get 3
        local.get 4
        i32.const 6
        i32.shr_u
        local.get 4
        i32.const 8
        i32.shl
        i32.const 16128
        i32.and
        i32.or
        i32.const 32960
        i32.or
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
        br 0 (;@2;)
      end
    end
    i32.const -1
  )
)
