"""The shell: process, settings, wiring, shared Discord plumbing and the mechanisms every feature stands on."""
