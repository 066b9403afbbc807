(component
  (core module $m (func (export "parse") (result i32) (i32.const 1)))
  (core instance $m (instantiate $m))
  (func $parse (result u32) (canon lift (core func $m "parse")))
  (instance $first (export "parse" (func $parse)))
  (instance $second (export "parse" (func $parse)) (export "parse-all" (func $parse)))
  (export "docs:text/first@1.2.0" (instance $first))
  (export "docs:text/second@0.3.0" (instance $second)))
