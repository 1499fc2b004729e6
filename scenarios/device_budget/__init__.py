"""Runs a script written for a GPU on the CPU while counting every tensor as a CUDA device of a stated size would.

The folder is put first on PYTHONPATH and `DEVICE_BUDGET_MIB` states the size; `sitecustomize` does the rest. See
`device` for what is counted and `caching_allocator` for the rules that turn it into reserved and allocated bytes.
"""
