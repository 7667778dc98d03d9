"""Language models behind one interface: in this process, in vLLM, or on a server."""
