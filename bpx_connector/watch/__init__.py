"""Between the exchange's callers and the streams: what each kind of watched data is made of."""
