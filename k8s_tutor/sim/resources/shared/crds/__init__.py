"""Rules of CustomResourceDefinitions: versions, structural schemas, CEL rules."""
