"""What partners say: untrusted, attributed by the topic it stands on, taken once, and always given a receipt."""
