"""What the credentials of `nightlatch` and of `nightlatch.aio` have in common: their options, written once.

* `base`: a credential, its description for the engine, and its engines
* `chains`, `machines`, `applications`, `tools`, `people`: the credentials, by who it is that signs in
"""
