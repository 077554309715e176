"""What is generated from the contracts: schemas, samples, AsyncAPI documents, the catalogue; and what holds them."""
