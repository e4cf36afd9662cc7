"""PRR-FL across machines on Flower: sites send amplitudes, stock FedAvg averages them."""
