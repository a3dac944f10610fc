"""The life of an order, once: for answers over REST and for events of the stream alike."""
