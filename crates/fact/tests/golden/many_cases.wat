;; app -> lib ns:pkg/iface#func
;; func(v: variant { c0(char), c1, c2(tuple<u8, char>), c3(char), c4, c5(tuple<u8, char>), c6(char), c7, c8(tuple<u8, char>), c9(char), c10, c11(tuple<u8, char>), c12(char), c13, c14(tuple<u8, char>), c15(char), c16(bool) })
;; Utf8 to Utf8
;; 433 bytes
;; site 0: `param "v"`
;; site 1: `param "v".c0`
;; site 2: ``
;; site 3: `param "v".c2.1`
;; site 4: `param "v".c3`
;; site 5: ``
;; site 6: `param "v".c5.1`
;; site 7: `param "v".c6`
;; site 8: ``
;; site 9: `param "v".c8.1`
;; site 10: `param "v".c9`
;; site 11: ``
;; site 12: `param "v".c11.1`
;; site 13: `param "v".c12`
;; site 14: ``
;; site 15: `param "v".c14.1`
;; site 16: `param "v".c15`
;; site 17: ``
;; trap of function 0 at site 0: invalid variant discriminant
;; trap of function 0 at a case's site from 1 on: invalid `char` bit pattern
;; trap of function 0 at a case's site from 1 on: invalid `char` bit pattern
(module $adapters
  (type (;0;) (func (param i32 i32 i32)))
  (type (;1;) (func (param i32 i32 i64 i64)))
  (type (;2;) (func (result i32 i32)))
  (type (;3;) (func))
  (import "trap" "0" (func $"trap 0" (;0;) (type 1) (param i32 i32 i64 i64)))
  (import "callee" "f1" (func $"ns:pkg/iface#func of lib" (;1;) (type 0) (param i32 i32 i32)))
  (import "post-return" "f2" (func $"post-return of ns:pkg/iface#func of lib" (;2;) (type 3)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;3;) (type 0) (param i32 i32 i32)
    (local i32 i32)
    local.get 0
    local.tee 3
    i32.const 17
    i32.ge_u
    if ;; label = @1
      i32.const 0
      i32.const 41
      local.get 3
      i64.extend_i32_u
      i64.const 17
      call $"trap 0"
      unreachable
    end
    local.get 3
    block (type 2) (result i32 i32) ;; label = @1
      block ;; label = @2
        block ;; label = @3
          block ;; label = @4
            block ;; label = @5
              local.get 3
              br_table 0 (;@5;) 3 (;@2;) 1 (;@4;) 0 (;@5;) 3 (;@2;) 1 (;@4;) 0 (;@5;) 3 (;@2;) 1 (;@4;) 0 (;@5;) 3 (;@2;) 1 (;@4;) 0 (;@5;) 3 (;@2;) 1 (;@4;) 0 (;@5;) 2 (;@3;) 3 (;@2;)
            end
            local.get 1
            local.tee 4
            i32.const 55296
            i32.xor
            i32.const 2048
            i32.sub
            i32.const 1112064
            i32.ge_u
            if ;; label = @5
              i32.const 1
              local.get 3
              i32.add
              i32.const 40
              local.get 4
              i64.extend_i32_u
              i64.const 0
              call $"trap 0"
              unreachable
            end
            local.get 4
            i32.const 0
            br 3 (;@1;)
          end
          local.get 1
          i32.const 255
          i32.and
          local.get 2
          local.tee 4
          i32.const 55296
          i32.xor
          i32.const 2048
          i32.sub
          i32.const 1112064
          i32.ge_u
          if ;; label = @4
            i32.const 1
            local.get 3
            i32.add
            i32.const 40
            local.get 4
            i64.extend_i32_u
            i64.const 0
            call $"trap 0"
            unreachable
          end
          local.get 4
          br 2 (;@1;)
        end
        local.get 1
        i32.const 0
        i32.ne
        i32.const 0
        br 1 (;@1;)
      end
      i32.const 0
      i32.const 0
    end
    call $"ns:pkg/iface#func of lib"
    call $"post-return of ns:pkg/iface#func of lib"
  )
)
