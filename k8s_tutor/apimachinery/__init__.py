"""What the practice cluster, kubectl and the checks share: quantities, selectors, schemas, patches."""
