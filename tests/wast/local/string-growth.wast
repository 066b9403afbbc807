;; What is stored of a string when `realloc` is called again, and what stands there in the end. Each callee's `realloc` moves without
;; copying and notes the old block's first bytes and its own arguments; so what the specification stores before it grows (ASCII for
;; UTF-8, Latin-1 for `latin1+utf16`) is lost, and all that follows is there.
(component definition $Growth
  (core module $Memory
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (global $seen (mut i64) (i64.const 0))
    (global $sizes (mut i64) (i64.const 0))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $new i32)
      ;; The sizes, one hexadecimal digit each, oldest first.
      (global.set $sizes (i64.or (i64.shl (global.get $sizes) (i64.const 4)) (i64.extend_i32_u (local.get $size))))
      (if (local.get $old)
        (then
          (if (i32.le_u (local.get $size) (local.get $old-size)) (then (return (local.get $old))))
          (global.set $seen (i64.load (local.get $old)))))
      (local.set $new (global.get $next))
      (global.set $next (i32.add (local.get $new) (i32.const 64)))
      (local.get $new))
    (func (export "seen") (result i64) (global.get $seen))
    (func (export "sizes") (result i64) (global.get $sizes)))
  (core module $Take
    (import "" "memory" (memory 1))
    (func (export "take") (param i32 i32) (result i64) (i64.load (local.get 0))))
  (component $Utf8
    (core instance $l (instantiate $Memory))
    (core instance $m (instantiate $Take (with "" (instance $l))))
    (func (export "take") (param "s" string) (result u64) (canon lift (core func $m "take")
      (memory (core memory $l "memory")) (realloc (core func $l "realloc")) string-encoding=utf8))
    (func (export "seen") (result u64) (canon lift (core func $l "seen")))
    (func (export "sizes") (result u64) (canon lift (core func $l "sizes"))))
  (component $Latin1
    (core instance $l (instantiate $Memory))
    (core instance $m (instantiate $Take (with "" (instance $l))))
    (func (export "take") (param "s" string) (result u64) (canon lift (core func $m "take")
      (memory (core memory $l "memory")) (realloc (core func $l "realloc")) string-encoding=latin1+utf16))
    (func (export "seen") (result u64) (canon lift (core func $l "seen")))
    (func (export "sizes") (result u64) (canon lift (core func $l "sizes"))))

  (component $Caller
    (import "take" (func $take (param "s" string) (result u64)))
    (core module $Text
      (memory (export "memory") 1)
      (data (i32.const 0) "o\00\eb\00k\00")  ;; oëk in UTF-16
      (data (i32.const 16) "o\ebk")          ;; oëk in Latin-1
      (data (i32.const 32) "\eb\00\03\26"))  ;; ë☃ in UTF-16
    (core instance $l (instantiate $Text))
    (core func $take16 (canon lower (func $take) (memory (core memory $l "memory")) string-encoding=utf16))
    (core func $take1 (canon lower (func $take) (memory (core memory $l "memory")) string-encoding=latin1+utf16))
    (core module $M
      (import "" "take16" (func $take16 (param i32 i32) (result i64)))
      (import "" "take1" (func $take1 (param i32 i32) (result i64)))
      (func (export "utf16") (result i64) (call $take16 (i32.const 0) (i32.const 3)))
      (func (export "latin1") (result i64) (call $take1 (i32.const 16) (i32.const 3)))
      (func (export "snow") (result i64) (call $take16 (i32.const 32) (i32.const 2))))
    (core instance $m (instantiate $M
      (with "" (instance (export "take16" (func $take16)) (export "take1" (func $take1))))))
    (func (export "utf16") (result u64) (canon lift (core func $m "utf16")))
    (func (export "latin1") (result u64) (canon lift (core func $m "latin1")))
    (func (export "snow") (result u64) (canon lift (core func $m "snow"))))

  (instance $utf8 (instantiate $Utf8))
  (instance $to-utf8 (instantiate $Caller (with "take" (func $utf8 "take"))))
  (instance $latin1 (instantiate $Latin1))
  (instance $to-latin1 (instantiate $Caller (with "take" (func $latin1 "take"))))
  (func (export "utf16-to-utf8") (alias export $to-utf8 "utf16"))
  (func (export "latin1-to-utf8") (alias export $to-utf8 "latin1"))
  (func (export "seen-by-utf8") (alias export $utf8 "seen"))
  (func (export "sizes-of-utf8") (alias export $utf8 "sizes"))
  (func (export "utf16-to-latin1") (alias export $to-latin1 "snow"))
  (func (export "host-to-latin1") (alias export $latin1 "take"))
  (func (export "seen-by-latin1") (alias export $latin1 "seen"))
  (func (export "sizes-of-latin1") (alias export $latin1 "sizes")))

;; Three code units, nine bytes at worst, four in the end: c3 ab 6b behind what is lost.
(component instance $i $Growth)
(assert_return (invoke "utf16-to-utf8") (u64.const 0x6b_ab_c3_00))
(assert_return (invoke "seen-by-utf8") (u64.const 0x6f))
(assert_return (invoke "sizes-of-utf8") (u64.const 0x394))
(component instance $i $Growth)
(assert_return (invoke "latin1-to-utf8") (u64.const 0x6b_ab_c3_00))
(assert_return (invoke "seen-by-utf8") (u64.const 0x6f))
(assert_return (invoke "sizes-of-utf8") (u64.const 0x364))
;; Two code units, both two bytes in the end.
(component instance $i $Growth)
(assert_return (invoke "utf16-to-latin1") (u64.const 0x2603_0000))
(assert_return (invoke "seen-by-latin1") (u64.const 0xeb))
(assert_return (invoke "sizes-of-latin1") (u64.const 0x24))
;; Five bytes of UTF-8, ten at worst, four in the end.
(component instance $i $Growth)
(assert_return (invoke "host-to-latin1" (str.const "ë☃")) (u64.const 0x2603_0000))
(assert_return (invoke "seen-by-latin1") (u64.const 0xeb))
(assert_return (invoke "sizes-of-latin1") (u64.const 0x5a4))
