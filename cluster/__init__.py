"""The only importer of the kubernetes client. Knows no Django: specs in, frozen outcomes out."""
