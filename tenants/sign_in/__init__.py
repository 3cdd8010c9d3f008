"""How people come in: the organization, passwords, second factors, sessions, and what follows from them."""
