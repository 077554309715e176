"""The smallest pair of services that uses every guarantee: a writer with commands and clocks, and a reader."""
