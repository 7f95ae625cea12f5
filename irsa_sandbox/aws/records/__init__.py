"""The one door to moto, which keeps the records: a journal makes them outlive a restart."""
