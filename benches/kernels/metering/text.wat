;; A component that calls another n times with a text of 48 bytes, and gets its length.
(component
  (component $lib
    (core module $m (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (func (export "length") (param i32 i32) (result i32) (local.get 1)))
    (core instance $i (instantiate $m))
    (func (export "length") (param "text" string) (result u32)
      (canon lift (core func $i "length") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (component $app
    (import "length" (func $length (param "text" string) (result u32)))
    (core module $libc (memory (export "memory") 1)
      (data (i32.const 64) "forty-eight bytes of text, as many as a line has"))
    (core instance $libc (instantiate $libc))
    (core func $length (canon lower (func $length) (memory (core memory $libc "memory"))))
    (core module $m
      (import "" "length" (func $length (param i32 i32) (result i32)))
      (func (export "run") (param $n i32) (result i32) (local $sum i32)
        (loop $again
          (local.set $sum (i32.add (local.get $sum) (call $length (i32.const 64) (i32.const 48))))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum)))
    (core instance $i (instantiate $m (with "" (instance (export "length" (func $length))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $i "run"))))
  (instance $lib (instantiate $lib))
  (instance $app (instantiate $app (with "length" (func $lib "length"))))
  (export "run" (func $app "run")))
