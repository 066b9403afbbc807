;; The parent passes a function of its own to a child, lowers the child's function, and hands it back into its own core module
;; through a table. The child can be re-entered (parent -> child -> parent -> child), which is allowed: no adapter asks.
;; `bystander` was given the child's function only, and can be re-entered through it.
(component $parent
  (core module $m
    (type $f (func (result i32)))
    (table (export "table") 1 funcref)
    (func (export "f") (result i32) (call_indirect (type $f) (i32.const 0))))
  (core instance $i (instantiate $m))
  (func $f (result u32) (canon lift (core func $i "f")))
  (component $child
    (import "up" (func $up (result u32)))
    (core func $up (canon lower (func $up)))
    (core module $m
      (import "" "up" (func $up (result i32)))
      (func (export "g") (result i32) (call $up)))
    (core instance $i (instantiate $m (with "" (instance (export "up" (func $up))))))
    (func (export "g") (result u32) (canon lift (core func $i "g"))))
  (instance $child (instantiate $child (with "up" (func $f))))
  (instance $bystander (instantiate $child (with "up" (func $child "g"))))
  (core func $g (canon lower (func $child "g")))
  (core func $h (canon lower (func $bystander "g")))
  (core module $fix-up
    (import "" "table" (table 1 funcref))
    (import "" "g" (func $g (result i32)))
    (import "" "h" (func $h (result i32)))
    (elem (i32.const 0) func $g))
  (core instance (instantiate $fix-up (with "" (instance
    (export "table" (table $i "table"))
    (export "g" (func $g))
    (export "h" (func $h))))))
  (export "f" (func $f))
  (export "g" (func $child "g")))
