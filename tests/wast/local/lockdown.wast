;; After a trap the whole composition is locked: no export can be called again, of whichever component. A fresh instance of
;; the same definition is not affected.
(component definition $C
  (component $A
    (core module $M
      (func (export "fail") (unreachable))
      (func (export "fine") (result i32) (i32.const 1)))
    (core instance $m (instantiate $M))
    (func (export "fail") (canon lift (core func $m "fail")))
    (func (export "fine") (result u32) (canon lift (core func $m "fine"))))
  (instance $a (instantiate $A))
  (instance $b (instantiate $A))
  (func (export "fail") (alias export $a "fail"))
  (func (export "fine") (alias export $a "fine"))
  (func (export "other") (alias export $b "fine")))

(component instance $first $C)
(component instance $second $C)
(assert_return (invoke $first "fine") (u32.const 1))
(assert_trap (invoke $first "fail") "unreachable")
(assert_trap (invoke $first "fine") "cannot enter component instance")
(assert_trap (invoke $first "other") "cannot enter component instance")
(assert_trap (invoke $first "fail") "cannot enter component instance")
(assert_return (invoke $second "fine") (u32.const 1))
(assert_return (invoke $second "other") (u32.const 1))

;; A trap while the component is instantiated.
(assert_trap
  (component
    (core module $M (func $start (unreachable)) (start $start))
    (core instance (instantiate $M)))
  "unreachable")
