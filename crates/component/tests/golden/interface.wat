;; The shape that tools give to an interface: the functions pass through a shim component, and are exported as an instance. The
;; adapter's name comes from that export, and the imports of the core module go through a table that a second module fills.
(component $app
  (component $parser
    (core module $main
      (memory (export "memory") 1)
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16))
      (func (export "parse") (param i32 i32) (result i32) (i32.const 0))
      (func (export "post-parse") (param i32)))
    (core instance $main (instantiate $main))
    (func $parse (param "text" string) (result (list string)) (canon lift (core func $main "parse")
      (memory (core memory $main "memory")) (realloc (core func $main "cabi_realloc"))
      (post-return (core func $main "post-parse"))))
    (component $shim
      (import "import-func-parse" (func $f (param "text" string) (result (list string))))
      (export "parse" (func $f)))
    (instance $shim (instantiate $shim (with "import-func-parse" (func $parse))))
    (export "docs:text/parse" (instance $shim)))
  (component $main
    (import "docs:text/parse" (instance $parse
      (export "parse" (func (param "text" string) (result (list string))))))
    (core module $shim
      (type $f (func (param i32 i32 i32)))
      (table (export "table") 1 funcref)
      (func (export "0") (param i32 i32 i32)
        (call_indirect (type $f) (local.get 0) (local.get 1) (local.get 2) (i32.const 0))))
    (core module $main
      (import "docs:text/parse" "parse" (func $parse (param i32 i32 i32)))
      (memory (export "memory") 1)
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16))
      (func (export "run") (call $parse (i32.const 0) (i32.const 0) (i32.const 8))))
    (core module $fix-up
      (import "" "0" (func $parse (param i32 i32 i32)))
      (import "" "table" (table 1 funcref))
      (elem (i32.const 0) func $parse))
    (core instance $shim (instantiate $shim))
    (core instance $main (instantiate $main
      (with "docs:text/parse" (instance (export "parse" (func $shim "0"))))))
    (core func $parse (canon lower (func $parse "parse") string-encoding=latin1+utf16
      (memory (core memory $main "memory")) (realloc (core func $main "cabi_realloc"))))
    (core instance (instantiate $fix-up (with "" (instance
      (export "0" (func $parse)) (export "table" (table $shim "table"))))))
    (func (export "run") (canon lift (core func $main "run"))))
  (instance $parser (instantiate $parser))
  (instance $main (instantiate $main (with "docs:text/parse" (instance $parser "docs:text/parse"))))
  (export "run" (func $main "run")))
