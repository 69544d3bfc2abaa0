"""What is stored of meaning: encoder models, vectors, judgements, heads and proposals. Vectors are bytes here."""
