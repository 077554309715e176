"""The network on one machine: Postgres, Kafka, the services and one front port, without Docker.

`LocalPostgres` and `LocalKafka` stand on their own, so tests, fault runs and benchmarks use the same two
classes as `./throughcare up`.
"""
