"""The demo network and the story that `demo` plays in it, through the services' public ways in and nothing else."""
