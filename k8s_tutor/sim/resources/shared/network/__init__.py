"""Rules of addresses and Services: allocation, what may change, load balancers."""
