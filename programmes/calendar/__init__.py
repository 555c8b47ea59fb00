"""Calendar feeds that tell the truth and give nothing away."""
