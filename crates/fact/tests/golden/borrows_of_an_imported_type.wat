;; app -> lib ns:pkg/iface#func
;; func(self: borrow<resource 0>)
;;   -> char
;; Utf8 to Utf8
;; 1359 bytes
;; site 0: `params`
;; site 1: `param "self"`
;; site 2: `result`
;; site 3: ``
;; trap of function 0 at site 0: handle table is full
;; trap of function 0 at site 1: handle table is full
;; trap of function 0 at site 2: invalid `char` bit pattern
;; trap of function 0 at site 3: borrow handles still remain at the end of the call
;; trap of function 3 at its caller's site: unknown handle index
;; trap of function 3 at its caller's site: handle index used with the wrong type
;; trap of function 3 at its caller's site: cannot remove owned resource while borrowed
;; trap of function 3 at its caller's site: cannot lift own resource from a borrow
(module $adapters
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func (param i32 i32 i64 i64)))
  (type (;3;) (func (param i32 i32 i32) (result i32 i32)))
  (type (;4;) (func (param i32 i32 i32 i32)))
  (type (;5;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;6;) (func (param i32)))
  (type (;7;) (func (param i32 i32)))
  (import "state" "state" (memory $state (;0;) 0))
  (import "trap" "0" (func $"trap 0" (;0;) (type 2) (param i32 i32 i64 i64)))
  (import "resource-type" "r0" (global $"type file" (;0;) i32))
  (import "callee" "f1" (func $"ns:pkg/iface#func of lib" (;1;) (type 0) (param i32) (result i32)))
  (import "post-return" "f2" (func $"post-return of ns:pkg/iface#func of lib" (;2;) (type 6) (param i32)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;3;) (type 0) (param i32) (result i32)
    (local i32 i32 i32 i32)
    call $"borrow scope new"
    local.tee 1
    i32.eqz
    if ;; label = @1
      i32.const 0
      i32.load offset=24
      local.set 2
      i32.const 0
      i32.const 54
      local.get 2
      i64.extend_i32_u
      i64.const 0
      call $"trap 0"
      unreachable
    end
    local.get 0
    local.set 3
    i32.const 16
    local.get 3
    global.get $"type file"
    i32.const 4
    i32.shl
    i32.const 1
    i32.or
    call $"handle lift borrow"
    if ;; label = @1
      i32.const 16
      local.get 3
      global.get $"type file"
      i32.const 4
      i32.shl
      i32.const 1
      i32.or
      i32.const 1
      call $"handle fail"
      unreachable
    end
    i32.const 48
    global.get $"type file"
    i32.const 4
    i32.shl
    i32.const 2
    i32.or
    local.get 1
    call $"handle add borrow"
    local.tee 2
    i32.eqz
    if ;; label = @1
      i32.const 0
      i32.load offset=56
      local.set 4
      i32.const 1
      i32.const 54
      local.get 4
      i64.extend_i32_u
      i64.const 0
      call $"trap 0"
      unreachable
    end
    local.get 2
    call $"ns:pkg/iface#func of lib"
    local.set 2
    local.get 2
    local.tee 4
    i32.const 55296
    i32.xor
    i32.const 2048
    i32.sub
    i32.const 1112064
    i32.ge_u
    if ;; label = @1
      i32.const 2
      i32.const 40
      local.get 4
      i64.extend_i32_u
      i64.const 0
      call $"trap 0"
      unreachable
    end
    local.get 4
    local.get 1
    i32.load
    local.tee 4
    if ;; label = @1
      i32.const 3
      i32.const 53
      local.get 4
      i64.extend_i32_u
      i64.const 0
      call $"trap 0"
      unreachable
    end
    local.get 2
    call $"post-return of ns:pkg/iface#func of lib"
    i32.const 16
    local.get 3
    call $"handle end lend"
    i32.const 16
    local.get 1
    call $"borrow scope end"
  )
  (func $"borrow scope new" (;4;) (type 1) (result i32)
    (local i32)
    i32.const 0
    i32.load offset=4
    local.tee 0
    if ;; label = @1
      i32.const 0
      local.get 0
      i32.load offset=12
      i32.store offset=4
    else
      i32.const 16
      call $"state allocate"
      local.set 0
      local.get 0
      i32.eqz
      if ;; label = @2
        i32.const 0
        return
      end
    end
    local.get 0
    i32.const 0
    i32.store
    local.get 0
    i32.const 0
    i32.store offset=4
    local.get 0
  )
  (func $"handle lift borrow" (;5;) (type 3) (param i32 i32 i32) (result i32 i32)
    (local i32)
    local.get 1
    i32.const 0
    local.get 1
    local.get 0
    i32.load offset=8
    i32.lt_u
    select
    i32.const 4
    i32.shl
    local.get 0
    i32.load offset=4
    i32.add
    local.set 3
    local.get 3
    i32.load
    local.get 2
    i32.sub
    i32.const 1
    i32.gt_u
    if ;; label = @1
      i32.const 0
      i32.const 1
      return
    end
    local.get 3
    local.get 3
    i32.load offset=8
    i32.const 1
    i32.add
    i32.store offset=8
    local.get 3
    i32.load offset=4
    i32.const 0
  )
  (func $"handle fail" (;6;) (type 4) (param i32 i32 i32 i32)
    (local i32 i32)
    local.get 1
    i32.const 0
    local.get 1
    local.get 0
    i32.load offset=8
    i32.lt_u
    select
    i32.const 4
    i32.shl
    local.get 0
    i32.load offset=4
    i32.add
    local.set 4
    local.get 4
    i32.load
    local.tee 5
    i32.const 15
    i32.and
    i32.eqz
    if ;; label = @1
      local.get 3
      i32.const 49
      local.get 1
      i64.extend_i32_u
      i64.const 0
      call $"trap 0"
      unreachable
    end
    local.get 5
    i32.const 4
    i32.shr_u
    local.get 2
    i32.const 4
    i32.shr_u
    i32.ne
    if ;; label = @1
      local.get 3
      i32.const 50
      local.get 1
      i64.extend_i32_u
      local.get 2
      i64.extend_i32_u
      local.get 5
      i64.extend_i32_u
      i64.const 32
      i64.shl
      i64.or
      call $"trap 0"
      unreachable
    end
    local.get 4
    i32.load offset=8
    if ;; label = @1
      local.get 3
      i32.const 51
      local.get 1
      i64.extend_i32_u
      local.get 4
      i32.load offset=8
      i64.extend_i32_u
      call $"trap 0"
      unreachable
    end
    local.get 3
    i32.const 52
    local.get 1
    i64.extend_i32_u
    i64.const 0
    call $"trap 0"
    unreachable
  )
  (func $"handle add borrow" (;7;) (type 5) (param i32 i32 i32 i32) (result i32)
    (local i32 i32)
    local.get 3
    local.get 3
    i32.load
    i32.const 1
    i32.add
    i32.store
    local.get 1
    i32.load offset=16
    local.tee 4
    if ;; label = @1
      local.get 4
      i32.const 4
      i32.shl
      local.get 1
      i32.load offset=4
      i32.add
      local.set 5
      local.get 1
      local.get 5
      i32.load offset=4
      i32.store offset=16
    else
      local.get 1
      i32.load offset=8
      local.get 1
      i32.load offset=12
      i32.eq
      if ;; label = @2
        local.get 1
        call $"handle table grow"
        i32.eqz
        if ;; label = @3
          i32.const 0
          return
        end
      end
      local.get 1
      i32.load offset=8
      local.tee 4
      i32.const 4
      i32.shl
      local.get 1
      i32.load offset=4
      i32.add
      local.set 5
      local.get 1
      local.get 4
      i32.const 1
      i32.add
      i32.store offset=8
    end
    local.get 5
    local.get 2
    i32.store
    local.get 5
    local.get 0
    i32.store offset=4
    local.get 5
    local.get 3
    i32.store offset=12
    local.get 4
  )
  (func $"handle end lend" (;8;) (type 7) (param i32 i32)
    (local i32)
    local.get 1
    if ;; label = @1
      local.get 1
      i32.const 4
      i32.shl
      local.get 0
      i32.load offset=4
      i32.add
      local.set 2
      local.get 2
      local.get 2
      i32.load offset=8
      i32.const -1
      i32.add
      i32.store offset=8
    end
  )
  (func $"borrow scope end" (;9;) (type 7) (param i32 i32)
    (local i32 i32)
    local.get 1
    i32.load offset=4
    local.set 2
    block ;; label = @1
      loop ;; label = @2
        local.get 2
        i32.eqz
        br_if 1 (;@1;)
        local.get 0
        local.get 2
        i32.load offset=4
        call $"handle end lend"
        local.get 2
        i32.load
        local.set 3
        local.get 2
        i32.const 0
        i32.load offset=4
        i32.store offset=12
        i32.const 0
        local.get 2
        i32.store offset=4
        local.get 3
        local.set 2
        br 0 (;@2;)
      end
    end
    local.get 1
    i32.const 0
    i32.load offset=4
    i32.store offset=12
    i32.const 0
    local.get 1
    i32.store offset=4
  )
  (func $"state allocate" (;10;) (type 0) (param i32) (result i32)
    (local i32 i64 i64)
    i32.const 0
    i32.load
    local.tee 1
    i64.extend_i32_u
    local.get 0
    i64.extend_i32_u
    i64.add
    local.tee 2
    i64.const 4294967295
    i64.gt_u
    if ;; label = @1
      i32.const 0
      return
    end
    local.get 2
    memory.size
    i64.extend_i32_u
    i64.const 16
    i64.shl
    local.tee 3
    i64.gt_u
    if ;; label = @1
      local.get 2
      local.get 3
      i64.sub
      i64.const 65535
      i64.add
      i64.const 16
      i64.shr_u
      i32.wrap_i64
      memory.grow
      i32.const -1
      i32.eq
      if ;; label = @2
        i32.const 0
        return
      end
    end
    i32.const 0
    local.get 2
    i32.wrap_i64
    i32.store
    local.get 1
  )
  (func $"handle table grow" (;11;) (type 0) (param i32) (result i32)
    (local i32 i32)
    local.get 0
    i32.load offset=12
    i32.const 1
    i32.shl
    local.tee 1
    i32.const 16
    local.get 1
    select
    local.tee 1
    i32.const 67108864
    i32.gt_u
    if ;; label = @1
      i32.const 0
      return
    end
    local.get 1
    i32.const 4
    i32.shl
    call $"state allocate"
    local.set 2
    local.get 2
    i32.eqz
    if ;; label = @1
      i32.const 0
      return
    end
    local.get 2
    local.get 0
    i32.load offset=4
    local.get 0
    i32.load offset=8
    i32.const 4
    i32.shl
    memory.copy
    local.get 0
    local.get 2
    i32.store offset=4
    local.get 0
    local.get 1
    i32.store offset=12
    local.get 0
    local.get 0
    i32.load offset=8
    i32.const 1
    local.get 0
    i32.load offset=8
    select
    i32.store offset=8
    i32.const 1
  )
)
