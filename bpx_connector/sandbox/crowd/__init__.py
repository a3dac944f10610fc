"""What makes the exchange look alive: listings, traders, a past."""
