;; A component that lowers a function that it lifts: a call that enters nothing.
(component
  (core module $m (func (export "f") (result i32) (i32.const 1)))
  (core instance $i (instantiate $m))
  (func $f (result u32) (canon lift (core func $i "f")))
  (core func $lowered (canon lower (func $f)))
  (func (export "f") (result u32) (canon lift (core func $lowered))))
