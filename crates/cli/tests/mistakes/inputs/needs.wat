(component
  (import "docs:shop/log@1.0.0" (instance $log (export "line" (func (param "text" string)))))
  (import "now" (func (result u64)))
  (core module $m (func (export "f")))
  (core instance $m (instantiate $m))
  (func (export "f") (canon lift (core func $m "f"))))
