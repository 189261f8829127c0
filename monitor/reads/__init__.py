"""Final reads in: HL7 v2 over MLLP. What leaves is finding labels, a status and pseudonyms."""
