"""An orchard block over one dry season: soil water, weather, a tank that may run low. Everything in millimetres."""
import numpy as np

DAYS = 40
ACTIONS = (0.0, 4.0, 10.0)      # irrigation per day
FIELD_CAPACITY, WILTING = 60.0, 20.0


class Orchard:
    """`count` blocks side by side, each with its own weather."""

    def __init__(self, count, rng):
        self.count, self.rng = count, rng

    def reset(self):
        self.day = 0
        self.soil = self.rng.uniform(25, 55, self.count)
        self.heat = self.rng.uniform(3, 6, self.count)
        self.forecast = self._rain()
        return self._observe()

    def _rain(self):
        wet = self.rng.random(self.count) < 0.1
        return np.where(wet, self.rng.exponential(15.0, self.count), 0.0)

    def _observe(self):
        told = self.forecast * self.rng.uniform(0.5, 1.5, self.count)
        return np.stack([self.soil / 30 - 1.3, self.heat / 3 - 1.5, told / 10, np.full(self.count, self.day / DAYS)],
                        axis=1).astype(np.float32)

    def step(self, action):
        water = np.asarray(ACTIONS)[action]
        self.soil = self.soil + water + self.forecast
        runoff = np.maximum(self.soil - FIELD_CAPACITY, 0)
        self.soil = np.maximum(self.soil - runoff - self.heat, 5.0)
        stress = np.maximum(35 - self.soil, 0) / 15 + 2.0 * (self.soil < WILTING)
        growth = np.where(self.soil > 52, 0.4, 1.0)
        reward = growth - stress - 0.07 * water - 0.05 * runoff
        hail = self.rng.random(self.count) < 0.01
        reward = reward - 20.0 * hail
        self.heat = np.clip(self.heat + self.rng.normal(0, 0.8, self.count), 2, 8)
        self.forecast = self._rain()
        self.day += 1
        return self._observe(), reward, self.day >= DAYS
