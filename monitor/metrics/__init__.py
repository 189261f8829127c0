"""What Prometheus sees: a catalogue of every name, and an exporter that reads the store."""
