"""The commands of `python -m bpx_connector`, one module each. They print and pass on; they decide nothing."""
