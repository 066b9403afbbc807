;; app -> lib ns:pkg/iface#func
;; func(flat: variant { a(f32), b, c(u64) }, list: list<variant { a(f32), b, c(u64) }>)
;; Utf8 to Utf8
;; 673 bytes
;; site 0: `param "flat"`
;; site 1: `param "list"`
;; site 2: `param "list"[]`
;; trap of function 0 at site 0: invalid variant discriminant
;; trap of function 0 at site 1: list byte length exceeds the maximum of 2^28-1
;; trap of function 0 at site 1: unaligned pointer
;; trap of function 0 at site 1: list content out-of-bounds
;; trap of function 0 at site 1: unaligned pointer
;; trap of function 0 at site 1: list content out-of-bounds
;; trap of function 0 at site 2: invalid variant discriminant
(module $adapters
  (type (;0;) (func (param i32 i64 i32 i32)))
  (type (;1;) (func (param i32 i32 i64 i64)))
  (type (;2;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;3;) (func (param i32 i32 i64 i64 i64)))
  (import "trap" "0" (func $"trap 0" (;0;) (type 1) (param i32 i32 i64 i64)))
  (import "memory" "m0" (memory $"memory of app" (;0;) 0))
  (import "realloc" "f1" (func $"realloc of lib" (;1;) (type 2) (param i32 i32 i32 i32) (result i32)))
  (import "memory" "m1" (memory $"memory of lib" (;1;) 0))
  (import "trap" "1" (func $"trap 1" (;2;) (type 3) (param i32 i32 i64 i64 i64)))
  (import "callee" "f3" (func $"ns:pkg/iface#func of lib" (;3;) (type 0) (param i32 i64 i32 i32)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;4;) (type 0) (param i32 i64 i32 i32)
    (local i32 i32 i32 i32 i32 i32)
    local.get 0
    local.tee 4
    i32.const 3
    i32.ge_u
    if ;; label = @1
      i32.const 0
      i32.const 41
      local.get 4
      i64.extend_i32_u
      i64.const 3
      call $"trap 0"
      unreachable
    end
    local.get 4
    block (result i64) ;; label = @1
      block ;; label = @2
        block ;; label = @3
          block ;; label = @4
            local.get 4
            br_table 0 (;@4;) 2 (;@2;) 1 (;@3;) 2 (;@2;)
          end
          local.get 1
          i32.wrap_i64
          f32.reinterpret_i32
          i32.reinterpret_f32
          i64.extend_i32_u
          br 2 (;@1;)
        end
        local.get 1
        br 1 (;@1;)
      end
      i64.const 0
    end
    local.get 2
    local.get 3
    local.set 5
    local.set 4
    local.get 5
    i32.const 16777215
    i32.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 36
      local.get 5
      i64.extend_i32_u
      i64.const 16
      call $"trap 0"
      unreachable
    end
    local.get 4
    i32.const 7
    i32.and
    if ;; label = @1
      i32.const 1
      i32.const 34
      local.get 4
      i64.extend_i32_u
      i64.const 8
      call $"trap 0"
      unreachable
    end
    local.get 4
    i64.extend_i32_u
    local.get 5
    i64.extend_i32_u
    i64.const 16
    i64.mul
    i64.add
    memory.size
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 35
      local.get 4
      i64.extend_i32_u
      local.get 5
      i64.extend_i32_u
      i64.const 16
      i64.mul
      call $"trap 0"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 8
    local.get 5
    i32.const 16
    i32.mul
    call $"realloc of lib"
    local.set 6
    local.get 6
    i32.const 7
    i32.and
    if ;; label = @1
      i32.const 1
      i32.const 290
      local.get 6
      i64.extend_i32_u
      i64.const 8
      call $"trap 0"
      unreachable
    end
    local.get 6
    i64.extend_i32_u
    local.get 5
    i64.extend_i32_u
    i64.const 16
    i64.mul
    i64.add
    memory.size $"memory of lib"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 291
      local.get 6
      i64.extend_i32_u
      local.get 5
      i64.extend_i32_u
      i64.const 16
      i64.mul
      call $"trap 0"
      unreachable
    end
    local.get 6
    local.set 7
    i32.const 0
    local.set 8
    block ;; label = @1
      local.get 5
      local.get 8
      i32.eq
      br_if 0 (;@1;)
      loop ;; label = @2
        local.get 4
        i32.load8_u
        local.tee 9
        i32.const 3
        i32.ge_u
        if ;; label = @3
          i32.const 2
          i32.const 41
          local.get 9
          i64.extend_i32_u
          i64.const 3
          local.get 8
          i64.extend_i32_u
          call $"trap 1"
          unreachable
        end
        local.get 7
        local.get 9
        i32.store8 $"memory of lib"
        block ;; label = @3
          block ;; label = @4
            block ;; label = @5
              block ;; label = @6
                local.get 9
                br_table 0 (;@6;) 2 (;@4;) 1 (;@5;) 2 (;@4;)
              end
              local.get 7
              local.get 4
              f32.load offset=8
              f32.store $"memory of lib" offset=8
              br 2 (;@3;)
            end
            local.get 7
            local.get 4
            i64.load offset=8
            i64.store $"memory of lib" offset=8
            br 1 (;@3;)
          end
        end
        local.get 4
        i32.const 16
        i32.add
        local.set 4
        local.get 7
        i32.const 16
        i32.add
        local.set 7
        local.get 8
        i32.const 1
        i32.add
        local.set 8
        local.get 8
        local.get 5
        i32.ne
        br_if 0 (;@2;)
      end
    end
    local.get 6
    local.get 5
    call $"ns:pkg/iface#func of lib"
  )
)
