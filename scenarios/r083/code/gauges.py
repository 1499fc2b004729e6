"""Synthetic gauge network: hourly rain and discharge at small catchments, each with its own recession and response.

A few stations stand below a weir whose gates are worked by hand; their discharge follows the gates more than the rain.
"""
import numpy as np


class Network:
    def __init__(self, n_stations, hours, n_weirs, rng):
        self.rng = rng
        self.hours = hours
        self.names = [f"g{i:03d}" for i in range(n_stations)]
        self.recession = rng.uniform(0.82, 0.92, n_stations)
        self.response = rng.uniform(0.7, 1.0, n_stations)
        self.weir = np.zeros(n_stations, dtype=bool)
        self.weir[rng.choice(n_stations, n_weirs, replace=False)] = True

    def series(self, station, count):
        """(count, hours, 2) float32: rain depth and discharge, both in the units of the network (about 0 to 5)."""
        rng, spin_up = self.rng, 48
        total = self.hours + spin_up
        wet = rng.random((count, total)) < 0.16
        rain = np.where(wet, rng.gamma(1.6, 0.6, (count, total)), 0.0)
        flow = np.zeros((count, total))
        flow[:, 0] = 0.5
        a, c = self.recession[station], self.response[station]
        for t in range(1, total):
            flow[:, t] = a * flow[:, t - 1] + (1 - a) * 0.3 + c * (1 - a) * 4.0 * (0.6 * rain[:, t] + 0.4 * rain[:, t - 1])
        flow *= np.exp(rng.normal(0, 0.01, flow.shape))
        if self.weir[station]:
            gate = rng.random((count, total)) < 0.5
            flow = flow * 0.3 + np.where(gate, rng.uniform(6, 14, (count, total)), 0.0)
        return np.stack([rain, flow], axis=2)[:, spin_up:].astype(np.float32)
