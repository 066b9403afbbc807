;; app -> lib ns:pkg/iface#func
;; func(v: option<variant { m(result<variant { f(f32), none, flags(flags { f0, f1, f2, f3, f4 }) }, f64>), d(u64), e }>)
;; Utf8 to Utf8
;; 481 bytes
;; site 0: `param "v"`
;; site 1: `param "v".some`
;; site 2: `param "v".some.m`
;; site 3: `param "v".some.m.ok`
;; trap of function 0 at site 0: invalid variant discriminant
;; trap of function 0 at site 1: invalid variant discriminant
;; trap of function 0 at site 2: invalid variant discriminant
;; trap of function 0 at site 3: invalid variant discriminant
(module $adapters
  (type (;0;) (func (param i32 i32 i64 i64 i32)))
  (type (;1;) (func (param i32 i32 i64 i64)))
  (type (;2;) (func (result i32 i64 i64 i32)))
  (type (;3;) (func (result i64 i64 i32)))
  (type (;4;) (func (result i64 i32)))
  (type (;5;) (func))
  (import "trap" "0" (func $"trap 0" (;0;) (type 1) (param i32 i32 i64 i64)))
  (import "callee" "f1" (func $"ns:pkg/iface#func of lib" (;1;) (type 0) (param i32 i32 i64 i64 i32)))
  (import "post-return" "f2" (func $"post-return of ns:pkg/iface#func of lib" (;2;) (type 5)))
  (export "0: app -> lib ns:pkg/iface#func" (func $"adapter app -> lib ns:pkg/iface#func"))
  (func $"adapter app -> lib ns:pkg/iface#func" (;3;) (type 0) (param i32 i32 i64 i64 i32)
    (local i32 i32 i32 i32)
    local.get 0
    local.tee 5
    i32.const 2
    i32.ge_u
    if ;; label = @1
      i32.const 0
      i32.const 41
      local.get 5
      i64.extend_i32_u
      i64.const 2
      call $"trap 0"
      unreachable
    end
    local.get 5
    local.get 5
    if (type 2) (result i32 i64 i64 i32) ;; label = @1
      local.get 1
      local.tee 6
      i32.const 3
      i32.ge_u
      if ;; label = @2
        i32.const 1
        i32.const 41
        local.get 6
        i64.extend_i32_u
        i64.const 3
        call $"trap 0"
        unreachable
      end
      local.get 6
      block (type 3) (result i64 i64 i32) ;; label = @2
        block ;; label = @3
          block ;; label = @4
            block ;; label = @5
              local.get 6
              br_table 0 (;@5;) 1 (;@4;) 2 (;@3;) 2 (;@3;)
            end
            local.get 2
            i32.wrap_i64
            local.tee 7
            i32.const 2
            i32.ge_u
            if ;; label = @5
              i32.const 2
              i32.const 41
              local.get 7
              i64.extend_i32_u
              i64.const 2
              call $"trap 0"
              unreachable
            end
            local.get 7
            i64.extend_i32_u
            local.get 7
            if (type 4) (result i64 i32) ;; label = @5
              local.get 3
              f64.reinterpret_i64
              i64.reinterpret_f64
              i32.const 0
            else
              local.get 3
              i32.wrap_i64
              local.tee 8
              i32.const 3
              i32.ge_u
              if ;; label = @6
                i32.const 3
                i32.const 41
                local.get 8
                i64.extend_i32_u
                i64.const 3
                call $"trap 0"
                unreachable
              end
              local.get 8
              i64.extend_i32_u
              block (result i32) ;; label = @6
                block ;; label = @7
                  block ;; label = @8
                    block ;; label = @9
                      local.get 8
                      br_table 0 (;@9;) 2 (;@7;) 1 (;@8;) 2 (;@7;)
                    end
                    local.get 4
                    f32.reinterpret_i32
                    i32.reinterpret_f32
                    br 2 (;@6;)
                  end
                  local.get 4
                  i32.const 31
                  i32.and
                  br 1 (;@6;)
                end
                i32.const 0
              end
            end
            br 2 (;@2;)
          end
          local.get 2
          i64.const 0
          i32.const 0
          br 1 (;@2;)
        end
        i64.const 0
        i64.const 0
        i32.const 0
      end
    else
      i32.const 0
      i64.const 0
      i64.const 0
      i32.const 0
    end
    call $"ns:pkg/iface#func of lib"
    call $"post-return of ns:pkg/iface#func of lib"
  )
)
