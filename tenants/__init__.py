"""The domain: teams and what they have on a cluster. Intent in the database, truth in the cluster."""
