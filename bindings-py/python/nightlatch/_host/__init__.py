"""The host: everything that the engine asks for and does not do itself.

* `environment`: what a host consists of (variables, clock, transport, files, commands), replaceable in one
  piece
* `transport`, `sessions`: one HTTP exchange, and the sessions of other libraries as transports
* `http_transport`, `proxies`: the transport used unless another one is given
* `faults`: how a host says that it could not do what was asked
* `files`, `commands`: whole files; programs without a shell
* `effects`: performs one effect by the means of the host
* `driver`: an engine with its host; `blocking`: callers are the workers; the library owns no thread
* `asyncio`, `workers`: waiters on any number of event loops
* `fork`: what happens to all of it in a forked child

Nothing here knows about Azure.
"""
