;;! multi_memory = false
;;! sign_extension = false
;; What is switched off is refused, alone and within components; what stays on is not, nor is what Gusset itself makes: an
;; adapter between two memories needs several.

(assert_invalid
  (module (memory 1) (memory 1))
  "multiple memories")
(assert_invalid
  (module (func (drop (i32.extend8_s (i32.const 1)))))
  "sign extension")
(assert_invalid
  (component (core module (func (drop (i32.extend8_s (i32.const 1))))))
  "sign extension")
(assert_malformed
  (module binary
    "\00asm" "\01\00\00\00"
    "\01\04\01\60\00\00"                                    ;; one type
    "\03\02\01\00"                                          ;; one function
    "\05\03\01\00\00"                                       ;; one memory
    "\0a\08\01\06\00" "\3f\80\00" "\1a\0b")                ;; memory.size with its index written long
  "zero byte expected")

(module (func (export "f") (result i32 i32) (i32.const 1) (i32.const 2)))
(assert_return (invoke "f") (i32.const 1) (i32.const 2))

(component
  (component $Callee
    (core module $M
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16))
      (func (export "length") (param i32 i32) (result i32) (local.get 1)))
    (core instance $m (instantiate $M))
    (func (export "length") (param "s" string) (result u32)
      (canon lift (core func $m "length") (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))
  (component $Caller
    (import "length" (func $length (param "s" string) (result u32)))
    (core module $Memory (memory (export "memory") 1) (data (i32.const 8) "gusset"))
    (core instance $memory (instantiate $Memory))
    (core func $length (canon lower (func $length) (memory (core memory $memory "memory"))))
    (core module $M
      (import "" "length" (func $length (param i32 i32) (result i32)))
      (func (export "f") (result i32) (call $length (i32.const 8) (i32.const 6))))
    (core instance $m (instantiate $M (with "" (instance (export "length" (func $length))))))
    (func (export "f") (result u32) (canon lift (core func $m "f"))))
  (instance $callee (instantiate $Callee))
  (instance $caller (instantiate $Caller (with "length" (func $callee "length"))))
  (export "f" (func $caller "f")))
(assert_return (invoke "f") (u32.const 6))
