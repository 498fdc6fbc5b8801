"""The laws, as abstract test classes: one per port."""
