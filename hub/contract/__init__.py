"""The contract: models, topics, ids and the codec of everything on the bus."""
