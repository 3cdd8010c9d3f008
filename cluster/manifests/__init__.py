"""Pure: specs in, manifests (plain dicts, as they are applied) out. Nothing here speaks to a cluster."""
