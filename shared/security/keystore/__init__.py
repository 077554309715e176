"""What is done to the whole key store: moving it here, wrapping it anew, forgetting again after a restore."""
