"""The features of Lyceum, one package each, all built alike. None of them imports another."""
