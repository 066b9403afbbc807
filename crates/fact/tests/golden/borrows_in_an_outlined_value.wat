;; app -> lib ns:pkg/iface#func
;; func(one: tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<..>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>, many: list<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<tuple<..>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>)
;; Utf8 to Utf8
;; 2086 bytes
;; site 0: `params`
;; site 1: `param "one"`
;; site 2: `param "many"`
;; site 3: `param "many"[]`
;; site 4: ``
;; trap of function 0 at site 0: handle table is full
;; trap of function 0 at site 2: list byte length exceeds the maximum of 2^28-1
;; trap of function 0 at site 2: unaligned pointer
;; trap of function 0 at site 2: list content out-of-bounds
;; trap of function 0 at site 2: unaligned pointer
;; trap of function 0 at site 2: list content out-of-bounds
;; trap of function 0 at site 4: borrow handles still remain at the end of the call
;; trap of function 2 at its caller's site: handle table is full
;; trap of function 2 at its caller's site: handle table is full
;; trap of function 3 at its caller's site: handle table is full
;; trap of function 3 at its caller's site: handle table is full
;; trap of function 6 at its caller's site: unknown handle index
;; trap of function 6 at its caller's site: handle index used with the wrong type
;; trap of function 6 at its caller's site: cannot remove owned resource while borrowed
;; trap of function 6 at its caller's site: cannot lift own resource from a borrow
;; trap of function 9 at its caller's site: unknown handle index
;; trap of function 9 at its caller's site: handle index used with the wrong type
;; trap of function 9 at its caller's site: cannot remove owned resource while borrowed
;; trap of function 9 at its caller's site: cannot lift own resource from a borrow
(module $adapters
  (type (;0;) (func (param i32 i32 i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func (param i32 i32 i64 i64)))
  (type (;3;) (func (param i32 i32 i32) (result i32)))
  (type (;4;) (func (param i32 i32 i32 i32) (result i32)))
  (type (;5;) (func (param i32 i32 i32 i32 i64)))
  (type (;6;) (func))
  (type (;7;) (func (param i32 i32)))
  (type (;8;) (func (param i32 i32 i32) (result i32 i32)))
  (type (;9;) (func (param i32 i32 i32 i32)))
  (type (;10;) (func (param i32 i32) (result i32)))
  (type (;11;) (func (param i32 i32 i64 i64 i64)))
  (type (;12;) (func (param i32) (result i32)))
  (import "state" "state" (memory $state (;0;) 0))
  (import "trap" "0" (func $"trap 0" (;0;) (type 2) (param i32 i32 i64 i64)))
  (import "memory" "m1" (memory $"memory of app" (;1;) 0))
  (import "realloc" "f1" (func $"realloc of lib" (;1;) (type 4) (param i32 i32 i32 i32) (result i32)))
  (import "memory" "m2" (memory $"memory of lib" (;2;) 0))
  (import "callee" "f2" (func $"ns:pkg/iface#func of lib" (;2;) (type 0) (param i32 i32 i32)))
  (import "post-return" "f3" (func $"post-return of ns:pkg/iface#func of lib" (;3;) (type 6)))
  (import "trap" "1" (func $"trap 1" (;4;) (type 11) (param i32 i32 i64 i64 i64)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;5;) (type 0) (param i32 i32 i32)
    (local i32 i32 i32 i32 i32 i32)
    call $"borrow scope new"
    local.tee 3
    i32.eqz
    if ;; label = @1
      i32.const 0
      i32.load offset=24
      local.set 4
      i32.const 0
      i32.const 54
      local.get 4
      i64.extend_i32_u
      i64.const 0
      call $"trap 0"
      unreachable
    end
    local.get 0
    i32.const 1
    local.get 3
    call $"type 251 app -> lib"
    local.get 1
    local.get 2
    local.set 5
    local.set 4
    local.get 5
    i32.const 67108863
    i32.gt_u
    if ;; label = @1
      i32.const 2
      i32.const 36
      local.get 5
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 4
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 2
      i32.const 34
      local.get 4
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 4
    i64.extend_i32_u
    local.get 5
    i64.extend_i32_u
    i64.const 4
    i64.mul
    i64.add
    memory.size $"memory of app"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 2
      i32.const 35
      local.get 4
      i64.extend_i32_u
      local.get 5
      i64.extend_i32_u
      i64.const 4
      i64.mul
      call $"trap 0"
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 4
    local.get 5
    i32.const 4
    i32.mul
    call $"realloc of lib"
    local.set 6
    local.get 6
    i32.const 3
    i32.and
    if ;; label = @1
      i32.const 2
      i32.const 290
      local.get 6
      i64.extend_i32_u
      i64.const 4
      call $"trap 0"
      unreachable
    end
    local.get 6
    i64.extend_i32_u
    local.get 5
    i64.extend_i32_u
    i64.const 4
    i64.mul
    i64.add
    memory.size $"memory of lib"
    i64.extend_i32_u
    i64.const 16
    i64.shl
    i64.gt_u
    if ;; label = @1
      i32.const 2
      i32.const 291
      local.get 6
      i64.extend_i32_u
      local.get 5
      i64.extend_i32_u
      i64.const 4
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
        local.get 7
        i32.const 3
        local.get 3
        local.get 8
        i64.extend_i32_u
        call $"type 251 app -> lib in 1 lists"
        local.get 4
        i32.const 4
        i32.add
        local.set 4
        local.get 7
        i32.const 4
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
    local.get 3
    i32.load
    local.tee 5
    if ;; label = @1
      i32.const 4
      i32.const 53
      local.get 5
      i64.extend_i32_u
      i64.const 0
      call $"trap 0"
      unreachable
    end
    call $"post-return of ns:pkg/iface#func of lib"
    i32.const 16
    local.get 3
    call $"borrow scope end"
  )
  (func $"borrow scope new" (;6;) (type 1) (result i32)
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
  (func $"type 251 app -> lib" (;7;) (type 3) (param i32 i32 i32) (result i32)
    (local i32 i32)
    local.get 0
    local.set 3
    i32.const 16
    local.get 3
    i32.const 17
    call $"handle lift borrow"
    if ;; label = @1
      i32.const 16
      local.get 3
      i32.const 17
      local.get 1
      call $"handle fail"
      unreachable
    end
    local.get 3
    local.get 2
    call $"borrow scope add lender"
    i32.eqz
    if ;; label = @1
      i32.const 0
      i32.load offset=24
      local.set 4
      local.get 1
      i32.const 54
      local.get 4
      i64.extend_i32_u
      i64.const 0
      call $"trap 0"
      unreachable
    end
    i32.const 48
    i32.const 18
    local.get 2
    call $"handle add borrow"
    local.tee 3
    i32.eqz
    if ;; label = @1
      i32.const 0
      i32.load offset=56
      local.set 4
      local.get 1
      i32.const 54
      local.get 4
      i64.extend_i32_u
      i64.const 0
      call $"trap 0"
      unreachable
    end
    local.get 3
  )
  (func $"type 251 app -> lib in 1 lists" (;8;) (type 5) (param i32 i32 i32 i32 i64)
    (local i32 i32)
    local.get 1
    local.get 0
    i32.load $"memory of app"
    local.set 5
    i32.const 16
    local.get 5
    i32.const 17
    call $"handle lift borrow"
    if ;; label = @1
      i32.const 16
      local.get 5
      i32.const 17
      local.get 2
      local.get 4
      call $"handle fail in 1 lists"
      unreachable
    end
    local.get 5
    local.get 3
    call $"borrow scope add lender"
    i32.eqz
    if ;; label = @1
      i32.const 0
      i32.load offset=24
      local.set 6
      local.get 2
      i32.const 54
      local.get 6
      i64.extend_i32_u
      i64.const 0
      local.get 4
      call $"trap 1"
      unreachable
    end
    i32.const 48
    i32.const 18
    local.get 3
    call $"handle add borrow"
    local.tee 5
    i32.eqz
    if ;; label = @1
      i32.const 0
      i32.load offset=56
      local.set 6
      local.get 2
      i32.const 54
      local.get 6
      i64.extend_i32_u
      i64.const 0
      local.get 4
      call $"trap 1"
      unreachable
    end
    local.get 5
    i32.store $"memory of lib"
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
  (func $"handle lift borrow" (;10;) (type 8) (param i32 i32 i32) (result i32 i32)
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
  (func $"handle fail" (;11;) (type 9) (param i32 i32 i32 i32)
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
  (func $"borrow scope add lender" (;12;) (type 10) (param i32 i32) (result i32)
    (local i32)
    i32.const 0
    i32.load offset=4
    local.tee 2
    if ;; label = @1
      i32.const 0
      local.get 2
      i32.load offset=12
      i32.store offset=4
    else
      i32.const 16
      call $"state allocate"
      local.set 2
      local.get 2
      i32.eqz
      if ;; label = @2
        i32.const 0
        return
      end
    end
    local.get 2
    local.get 1
    i32.load offset=4
    i32.store
    local.get 2
    local.get 0
    i32.store offset=4
    local.get 1
    local.get 2
    i32.store offset=4
    local.get 2
  )
  (func $"handle add borrow" (;13;) (type 4) (param i32 i32 i32 i32) (result i32)
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
  (func $"handle fail in 1 lists" (;14;) (type 5) (param i32 i32 i32 i32 i64)
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
    local.set 5
    local.get 5
    i32.load
    local.tee 6
    i32.const 15
    i32.and
    i32.eqz
    if ;; label = @1
      local.get 3
      i32.const 49
      local.get 1
      i64.extend_i32_u
      i64.const 0
      local.get 4
      call $"trap 1"
      unreachable
    end
    local.get 6
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
      local.get 6
      i64.extend_i32_u
      i64.const 32
      i64.shl
      i64.or
      local.get 4
      call $"trap 1"
      unreachable
    end
    local.get 5
    i32.load offset=8
    if ;; label = @1
      local.get 3
      i32.const 51
      local.get 1
      i64.extend_i32_u
      local.get 5
      i32.load offset=8
      i64.extend_i32_u
      local.get 4
      call $"trap 1"
      unreachable
    end
    local.get 3
    i32.const 52
    local.get 1
    i64.extend_i32_u
    i64.const 0
    local.get 4
    call $"trap 1"
    unreachable
  )
  (func $"state allocate" (;15;) (type 12) (param i32) (result i32)
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
  (func $"handle end lend" (;16;) (type 7) (param i32 i32)
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
  (func $"handle table grow" (;17;) (type 12) (param i32) (result i32)
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
