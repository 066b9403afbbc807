;; app -> lib ns:pkg/iface#func
;; func(data: list<u8>)
;;   -> list<u8>
;; Utf8 to Utf8
;; 1658 bytes
;; site 0: `param "data"`
;; site 1: `result`
;; trap of function 0 at site 0: list byte length exceeds the maximum of 2^28-1
;; trap of function 0 at site 0: list content out-of-bounds
;; trap of function 0 at site 0: list content out-of-bounds
;; trap of function 0 at site 1: unaligned pointer
;; trap of function 0 at site 1: pointer out of bounds of memory
;; trap of function 0 at site 1: unaligned pointer
;; trap of function 0 at site 1: pointer out of bounds of memory
;; trap of function 0 at site 1: list byte length exceeds the maximum of 2^28-1
;; trap of function 0 at site 1: list content out-of-bounds
;; trap of function 0 at site 1: list content out-of-bounds
(module $adapters
  (type (;0;) (func (param i32 i32 i32)))
  (type (;1;) (func (param i32 i32 i64 i64)))
  (type (;2;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;3;) (func (param i32 i32) (result i32)))
  (type (;4;) (func (param i32)))
  (import "trap" "0" (func $"trap 0" (;0;) (type 1) (param i32 i32 i64 i64)))
  (import "memory" "m0" (memory $"memory of app" (;0;) 0))
  (import "realloc" "f1" (func $"realloc of lib" (;1;) (type 2) (param i32 i32 i32 i32) (result i32)))
  (import "memory" "m1" (memory $"memory of lib" (;1;) 0))
  (import "callee" "f2" (func $"ns:pkg/iface#func of lib" (;2;) (type 3) (param i32 i32) (result i32)))
  (import "realloc" "f3" (func $"realloc of app" (;3;) (type 2) (param i32 i32 i32 i32) (result i32)))
  (import "post-return" "f4" (func $"post-return of ns:pkg/iface#func of lib" (;4;) (type 4) (param i32)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;5;) (type 0) (param i32 i32 i32)
    (local i32 i32 i32 i32 i32)
    local.get 0
    local.get 1
    local.set 4
    local.set 3
    local.get 4
    i32.const 268435455
    i32.gt_u
    if ;; label = @1
      i32.const 0
      i32.const 36
      local.get 4
      i64.extend_i32_u
      i64.const 1
      call $"trap 0"
      unreachable
    end
    local.get 3
    i64.extend_i32_u
    local.get 4
    i64.extend_i32_u
    i64.add
    memory.size
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 0
      i32.const 35
      local.get 3
      i64.extend_i32_u
      local.get 4
      i64.extend_i32_u
      call $"trap 0"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 1
    local.get 4
    call $"realloc of lib"
    local.set 5
    local.get 5
    i64.extend_i32_u
    local.get 4
    i64.extend_i32_u
    i64.add
    memory.size $"memory of lib"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 0
      i32.const 291
      local.get 5
      i64.extend_i32_u
      local.get 4
      i64.extend_i32_u
      call $"trap 0"
      unreachable
    end
    local.get 4
    local.tee 6
    i32.const 64
    i32.gt_u
    if ;; label = @1
      local.get 5
      local.get 3
      local.get 6
      memory.copy $"memory of lib" $"memory of app"
    else
      local.get 3
      local.get 5
      local.get 6
      call $"short copy by 1 m0 m1"
    end
    local.get 5
    local.get 4
    call $"ns:pkg/iface#func of lib"
    local.set 4
    local.get 4
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 1
      i32.const 34
      local.get 4
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 4
    i64.extend_i32_u
    i64.const 8
    i64.add
    memory.size $"memory of lib"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 39
      local.get 4
      i64.extend_i32_u
      i64.const 8
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
    memory.size
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
    local.get 4
    i32.load $"memory of lib"
    local.get 4
    i32.load $"memory of lib" offset=4
    local.set 3
    local.set 5
    local.get 3
    i32.const 268435455
    i32.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 36
      local.get 3
      i64.extend_i32_u
      i64.const 1
      call $"trap 0"
      unreachable
    end
    local.get 5
    i64.extend_i32_u
    local.get 3
    i64.extend_i32_u
    i64.add
    memory.size $"memory of lib"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 35
      local.get 5
      i64.extend_i32_u
      local.get 3
      i64.extend_i32_u
      call $"trap 0"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 1
    local.get 3
    call $"realloc of app"
    local.set 6
    local.get 6
    i64.extend_i32_u
    local.get 3
    i64.extend_i32_u
    i64.add
    memory.size
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 1
      i32.const 291
      local.get 6
      i64.extend_i32_u
      local.get 3
      i64.extend_i32_u
      call $"trap 0"
      unreachable
    end
    local.get 3
    local.tee 7
    i32.const 64
    i32.gt_u
    if ;; label = @1
      local.get 6
      local.get 5
      local.get 7
      memory.copy $"memory of app" $"memory of lib"
    else
      local.get 5
      local.get 6
      local.get 7
      call $"short copy by 1 m1 m0"
    end
    local.get 2
    local.get 6
    i32.store
    local.get 2
    local.get 3
    i32.store offset=4
    local.get 4
    call $"post-return of ns:pkg/iface#func of lib"
  )
  (func $"short copy by 1 m0 m1" (;6;) (type 0) (param i32 i32 i32)
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
      return
    end
  )
  (func $"short copy by 1 m1 m0" (;7;) (type 0) (param i32 i32 i32)
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
      v128.load $"memory of lib" align=1
      local.set 4
      local.get 0
      v128.load $"memory of lib" offset=16 align=1
      local.set 5
      local.get 3
      v128.load $"memory of lib" align=1
      local.set 6
      local.get 3
      v128.load $"memory of lib" offset=16 align=1
      local.set 7
      local.get 1
      local.get 2
      i32.const 32
      i32.sub
      i32.add
      local.set 8
      local.get 1
      local.get 4
      v128.store align=1
      local.get 1
      local.get 5
      v128.store offset=16 align=1
      local.get 8
      local.get 6
      v128.store align=1
      local.get 8
      local.get 7
      v128.store offset=16 align=1
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
      v128.load $"memory of lib" align=1
      local.set 7
      local.get 8
      v128.load $"memory of lib" align=1
      local.set 6
      local.get 1
      local.get 2
      i32.const 16
      i32.sub
      i32.add
      local.set 3
      local.get 1
      local.get 7
      v128.store align=1
      local.get 3
      local.get 6
      v128.store align=1
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
      i64.load $"memory of lib" align=1
      local.set 9
      local.get 3
      i64.load $"memory of lib" align=1
      local.set 10
      local.get 1
      local.get 2
      i32.const 8
      i32.sub
      i32.add
      local.set 8
      local.get 1
      local.get 9
      i64.store align=1
      local.get 8
      local.get 10
      i64.store align=1
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
      i32.load $"memory of lib" align=1
      local.set 3
      local.get 8
      i32.load $"memory of lib" align=1
      local.set 11
      local.get 1
      local.get 2
      i32.const 4
      i32.sub
      i32.add
      local.set 12
      local.get 1
      local.get 3
      i32.store align=1
      local.get 12
      local.get 11
      i32.store align=1
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
      i32.load16_u $"memory of lib" align=1
      local.set 8
      local.get 12
      i32.load16_u $"memory of lib" align=1
      local.set 11
      local.get 1
      local.get 2
      i32.const 2
      i32.sub
      i32.add
      local.set 3
      local.get 1
      local.get 8
      i32.store16 align=1
      local.get 3
      local.get 11
      i32.store16 align=1
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
      i32.load8_u $"memory of lib"
      local.set 12
      local.get 3
      i32.load8_u $"memory of lib"
      local.set 11
      local.get 1
      local.get 2
      i32.const 1
      i32.sub
      i32.add
      local.set 8
      local.get 1
      local.get 12
      i32.store8
      local.get 8
      local.get 11
      i32.store8
      return
    end
  )
)
