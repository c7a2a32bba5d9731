"""Native engines. Each native context is owned by one thread; no other room loads native code."""
