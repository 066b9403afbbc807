;; Resource types that the host gives: two instances may have the same one, and a nested component drops handles of both.
(component
  (import "files" (instance $files
    (export "file" (type $file (sub resource)))
    (export "open" (func (param "name" string) (result (own $file))))))
  (alias export $files "file" (type $file))
  (import "sockets" (instance $sockets
    (alias outer 1 $file (type $outer))
    (export "file" (type $file (eq $outer)))
    (export "socket" (type $socket (sub resource)))
    (export "as-file" (func (param "socket" (borrow $socket)) (result (own $file))))))
  (alias export $sockets "socket" (type $socket))
  (component $c
    (import "file" (type $file (sub resource)))
    (import "socket" (type $socket (sub resource)))
    (import "as-file" (func $as-file (param "socket" (borrow $socket)) (result (own $file))))
    (core func $as-file (canon lower (func $as-file)))
    (core func $drop-file (canon resource.drop $file))
    (core func $drop-socket (canon resource.drop $socket))
    (core module $m
      (import "" "as-file" (func (param i32) (result i32)))
      (import "" "drop-file" (func (param i32)))
      (import "" "drop-socket" (func (param i32))))
    (core instance (instantiate $m (with "" (instance
      (export "as-file" (func $as-file))
      (export "drop-file" (func $drop-file))
      (export "drop-socket" (func $drop-socket)))))))
  (instance (instantiate $c
    (with "file" (type $file))
    (with "socket" (type $socket))
    (with "as-file" (func $sockets "as-file")))))
